"""State: its size, and what it adds to the next run.

    python benchmarks/state.py [--standing 10000] [--addresses 1000000]

``--standing``: a run over so many invented articles makes a state; then the same 100 new documents are run on it and
without it, in turns, as whole commands. ``--addresses``: a ledger of so many invented addresses is written in one go
and looked up, in this process.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.copies import DAY, Writer
from transforms.elements import Visit
from transforms.fetch.freshness import ask_again_at
from transforms.generation import ROWS_IN_RANGE, StatePlan, commit, load, read_rows, write_rows
from transforms.hash_ranges import bits_for, range_of
from transforms.ledger.addresses import ADDRESSES, SCHEMA, address_key, address_rows, visited_among

AT = datetime(2026, 3, 10, tzinfo=UTC)
TURNS = 3


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--standing", type=int, default=10_000)
    parser.add_argument("--addresses", type=int, default=1_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.standing:
            standing(Path(folder), options.standing)
        if options.addresses:
            addresses(Path(folder) / "ledger", options.addresses)


def standing(folder: Path, count: int) -> None:
    """Size of the sketches' tables, and the wall and CPU time that they add to a run over 100 documents."""
    state = folder / "state"
    _run(folder, documents(folder / "many.jsonl", 1, count), "many", "--state", state)
    generation = json.loads((state / "generation-000001.json").read_text())
    for table in ("sketches", "anchors", "days", "known"):
        size = sum((state / file["path"]).stat().st_size for file in generation["files"] if file["table"] == table)
        print(f"{table:9} {size / count:7.0f} bytes an article")
    few = documents(folder / "few.jsonl", 2, 100)
    took: dict[str, list[tuple[float, float]]] = {"without": [], "with": []}
    for turn in range(TURNS):
        took["without"].append(_run(folder, few, f"without{turn}"))
        copy = folder / f"state{turn}"
        subprocess.run(["cp", "-r", state, copy], check=True)  # noqa: S607
        took["with"].append(_run(folder, few, f"with{turn}", "--state", copy))
    wall = {name: statistics.median(one[0] for one in some) for name, some in took.items()}
    cpu = {name: statistics.median(one[1] for one in some) for name, some in took.items()}
    print(f"a run over 100 documents without state {wall['without']:.1f} s ({cpu['without']:.1f} s CPU)")
    print(
        f"on {count:,} standing articles {wall['with']:.1f} s ({cpu['with']:.1f} s CPU): "
        f"{wall['with'] - wall['without']:+.1f} s ({cpu['with'] - cpu['without']:+.1f} s CPU)"
    )


def documents(path: Path, seed: int, count: int) -> Path:
    """Invented articles, each with a text of its own."""
    writer, dice = Writer(seed), random.Random(seed)  # noqa: S311
    with path.open("w", encoding="utf-8") as stream:
        for number in range(count):
            text = " ".join(writer.paragraph(dice.randrange(150, 550)))
            at = (DAY + timedelta(minutes=number)).isoformat()
            row = {"url": f"https://o{number % 97}.example/{seed}/{number}", "text": text, "published_at": at}
            stream.write(json.dumps(row) + "\n")
    return path


def _run(folder: Path, documents: Path, name: str, *arguments: str | Path) -> tuple[float, float]:
    command = [sys.executable, "-m", "pipeline", "ingest", "--input", documents, "--output", folder / "out"]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [*map(str, command), "--run-id", name, *map(str, arguments)],
        check=True,
        stdout=subprocess.DEVNULL,
        env=os.environ,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - start, cpu


def addresses(root: Path, count: int) -> None:
    """Size of a ledger, and the time to write it and to look a thousand addresses up."""
    plan = StatePlan(str(root), None, 1, "run", "a", AT, AT)
    bits = bits_for(count, ROWS_IN_RANGE)
    parts: dict[int, list[Visit]] = {}
    for visit in _visits(count):
        parts.setdefault(range_of(address_key(visit.url), bits), []).append(visit)
    start, empty = time.process_time(), SCHEMA.empty_table()
    files = [
        write_rows(plan, ADDRESSES, part, bits, address_rows(visits, empty, AT, ask_again_at))
        for part, visits in parts.items()
    ]
    wrote = time.process_time() - start
    commit(plan, files)
    size = sum((root / file.path).stat().st_size for file in files)
    print(f"{count:,} addresses: {size / 1e6:.0f} MB, {size / count:.0f} bytes each; written in {wrote:.1f} s CPU")
    again = StatePlan(str(root), load(str(root), 1), 2, "run", "b", AT, AT)
    wanted: dict[int, list[str]] = {}
    for number in random.Random(3).sample(range(count), min(1000, count)):  # noqa: S311
        url = _url(number)
        wanted.setdefault(range_of(address_key(url), bits), []).append(url)
    start, found = time.process_time(), 0
    for part, urls in wanted.items():
        found += sum(1 for _ in visited_among(urls, read_rows(again, ADDRESSES, part, bits, SCHEMA)))
    print(f"{found:,} looked up in {time.process_time() - start:.2f} s CPU")
    start = time.process_time()
    for part, visits in parts.items():
        kept = read_rows(again, ADDRESSES, part, bits, SCHEMA)
        write_rows(again, ADDRESSES, part, bits, address_rows(visits[:100], kept, AT, ask_again_at))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"written anew with few changes in {time.process_time() - start:.1f} s CPU; peak of the process {peak:.0f} MB"
    )


def _url(number: int) -> str:
    section = "politik" if number % 3 else "wirtschaft"
    return f"https://www.blatt-{number % 997}.example/{section}/2026/meldung-aus-der-stadt-{number}.html"


def _visits(count: int) -> Iterator[Visit]:
    dice = random.Random(1)  # noqa: S311
    for number in range(count):
        headers = (("etag", f'W/"{dice.getrandbits(64):x}"'), ("last-modified", "Wed, 04 Mar 2026 08:00:00 GMT"))
        at = AT - timedelta(minutes=dice.randrange(40_000))
        yield Visit(_url(number), f"quelle-{number % 300}", "page", 200, headers, dice.randbytes(8), at, at)


if __name__ == "__main__":
    main()
