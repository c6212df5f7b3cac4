"""CPU and memory per page: the pipeline beside a plain trafilatura loop, on the same pages in the same run.

    python benchmarks/pages.py [PAGES.jsonl.gz] [--runs 3] [--limit N]

PAGES holds one JSON object a line with ``html`` and, if known, ``url``. Without it the demo's pages are repeated. Each
measurement is a process of its own; the table shows the median of its runs, and ratios to the loop. `functions` are
the pipeline's own without Beam, `pipeline` is the whole command on one worker.

A process starts once, however many pages it reads: imports, models, rules and the graph. The start is measured by runs
over a few of the pages, and `a page` is what each page beyond these has cost. `with start` shares the start among
all pages.
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
FEW = 10
"""Pages, from all over the file: rules of a language are made ready when the first page of it comes."""


class Cost(NamedTuple):
    """Of one process: seconds of CPU (user and system), seconds of wall time, peak resident bytes."""

    cpu_s: float
    wall_s: float
    peak_bytes: float


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
        rows = list(read_rows(options.pages) if options.pages else demo_rows())[: options.limit]
        if len(rows) <= FEW:
            raise SystemExit(f"more than {FEW} pages are needed")
        kilobytes = sum(len(row["html"]) for row in rows) / len(rows) / 1000
        print(f"{len(rows)} pages, {kilobytes:.0f} KB on average, median of {options.runs} runs\n")
        measure(rows, options.runs, Path(folder))


def measure(rows: list[dict[str, Any]], runs: int, folder: Path) -> None:
    """Run every command ``runs`` times, in turn, so that a change of the machine's speed meets all of them."""
    few, pages = folder / "few.jsonl", folder / "pages.jsonl"
    for path, some in ((few, rows[:: len(rows) // FEW][:FEW]), (pages, rows)):
        path.write_text("".join(json.dumps(row) + "\n" for row in some), "utf-8")
    costs: dict[tuple[str, Path], list[Cost]] = {}
    for _ in range(runs):
        for path in (few, pages):
            for name, command in commands(path, folder).items():
                costs.setdefault((name, path), []).append(cost_of(command))
    whole = {name: median(costs[name, pages]) for name in commands(pages, folder)}
    cpu = {name: cost.cpu_s / len(rows) * 1000 for name, cost in whole.items()}
    beyond = {
        name: (cost.cpu_s - median(costs[name, few]).cpu_s) / (len(rows) - FEW) * 1000 for name, cost in whole.items()
    }
    print(f"{'CPU ms':<28}{'a page':>9}{'ratio':>7}{'with start':>12}{'ratio':>7}{'wall s':>9}{'peak MB':>9}")
    base = "trafilatura, with metadata"
    for name, cost in whole.items():
        shares = (
            f"{beyond[name]:>9.1f}{beyond[name] / beyond[base]:>7.2f}{cpu[name]:>12.1f}{cpu[name] / cpu[base]:>7.2f}"
        )
        print(f"{name:<28}{shares}{cost.wall_s:>9.1f}{cost.peak_bytes / 1e6:>9.0f}")


def commands(pages: Path, folder: Path) -> dict[str, list[str]]:
    """What is measured, by name."""
    loop = [sys.executable, __file__, str(pages), "--loop"]
    ingest = [sys.executable, "-m", "pipeline", "ingest", "--input", str(pages), "--output", str(folder / "out")]
    return {
        "trafilatura, with metadata": [*loop, "trafilatura"],
        "trafilatura, fast": [*loop, "fast"],
        "functions": [*loop, "functions"],
        "pipeline": [*ingest, "--run-id", "r", "--overwrite"],
    }


def median(costs: list[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(*(statistics.median(values) for values in zip(*costs, strict=True)))


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
