"""CPU and memory per page: the pipeline beside a plain trafilatura loop, on the same pages in the same run.

    python benchmarks/pages.py [PAGES.jsonl.gz] [--runs 3] [--limit N]

PAGES holds one JSON object a line with ``html`` and, if known, ``url``. Without it the demo's pages are repeated. Each
measurement is a process of its own; the table shows the median of its runs, and ratios to the loop. `functions` are
the pipeline's own without Beam, `pipeline` is the whole command on one worker, start included.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent
DEMO_REPEATS = 40


class Cost(NamedTuple):
    """Of one process: seconds of CPU (user and system), seconds of wall time, peak resident bytes."""

    cpu_s: float
    wall_s: float
    peak_bytes: int


def main() -> None:
    """Measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="?", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--limit", type=int, default=400)
    parser.add_argument("--loop", choices=LOOPS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.loop:
        LOOPS[options.loop](read_rows(options.pages))
        return
    with tempfile.TemporaryDirectory() as folder:
        pages = Path(folder) / "pages.jsonl"
        rows = list(read_rows(options.pages) if options.pages else demo_rows())[: options.limit]
        pages.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        kilobytes = sum(len(row["html"]) for row in rows) / len(rows) / 1000
        print(f"{len(rows)} pages, {kilobytes:.0f} KB on average, median of {options.runs} runs\n")
        measure(pages, len(rows), options.runs, Path(folder))


def measure(pages: Path, count: int, runs: int, folder: Path) -> None:
    """Run every command ``runs`` times, in turn, so that a change of the machine's speed meets all of them."""
    loop = [sys.executable, __file__, str(pages), "--loop"]
    ingest = [sys.executable, "-m", "pipeline", "ingest", "--input", str(pages), "--output", str(folder / "out")]
    commands = {
        "trafilatura, with metadata": [*loop, "trafilatura"],
        "trafilatura, fast": [*loop, "fast"],
        "functions": [*loop, "functions"],
        "pipeline": [*ingest, "--run-id", "r", "--overwrite"],
    }
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            costs[name].append(cost_of(command))
    base = statistics.median(cost.cpu_s for cost in costs["trafilatura, with metadata"])
    print(f"{'':<28}{'CPU ms/page':>12}{'ratio':>8}{'wall s':>9}{'peak MB':>9}")
    for name, measured in costs.items():
        cpu, wall, peak = (statistics.median(values) for values in zip(*measured, strict=True))
        print(f"{name:<28}{cpu / count * 1000:>12.1f}{cpu / base:>8.2f}{wall:>9.1f}{peak / 1e6:>9.0f}")


def cost_of(command: list[str]) -> Cost:
    """Run a command to its end; what the kernel counted for it."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    start = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} ended with {status}")
    return Cost(usage.ru_utime + usage.ru_stime, time.monotonic() - start, usage.ru_maxrss * 1024)


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The pages of a JSONL file, compressed or not."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row.get("html"):
                yield {"html": row["html"], "url": row.get("url") if "://" in str(row.get("url")) else None}


def demo_rows() -> Iterator[dict[str, Any]]:
    """The demo's pages, each many times at another address."""
    for number in range(DEMO_REPEATS):
        for page in sorted((ROOT / "seeds" / "demo" / "pages").glob("*.html")):
            yield {"html": page.read_text("utf-8", "replace"), "url": f"https://o{number}.example/{page.name}"}


def run_trafilatura(rows: Iterator[dict[str, Any]], fast: bool = False) -> None:
    """What everyone runs: body and metadata, comments off."""
    from trafilatura import bare_extraction

    for row in rows:
        bare_extraction(row["html"], url=row["url"], include_comments=False, with_metadata=True, fast=fast)


def run_functions(rows: Iterator[dict[str, Any]]) -> None:
    """The pipeline's functions, in its order, without Beam."""
    from transforms.clean.article import clean_article
    from transforms.elements import Page, Reject
    from transforms.extract.article import extract_article
    from transforms.language.label import label_language
    from transforms.wire.marks import mark_wire
    from transforms.write.jsonl import record_line
    from transforms.write.record import make_record

    for row in rows:
        page = Page(row["url"], "html", "text/html; charset=utf-8", row["html"].encode("utf-8", "replace"), "p", "p")
        extracted = extract_article(page)
        if not isinstance(extracted, Reject):
            record_line(make_record(label_language(mark_wire(clean_article(extracted).article))))


LOOPS: dict[str, Callable[[Iterator[dict[str, Any]]], None]] = {
    "trafilatura": run_trafilatura,
    "fast": lambda rows: run_trafilatura(rows, fast=True),
    "functions": run_functions,
}

if __name__ == "__main__":
    main()
