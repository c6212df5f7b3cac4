"""What a second worker process brings on the DirectRunner: a run over large pages, its start included.

    python -m benchmarks.workers [--pages 4000] [--kilobytes 200]

Prints the wall time of each, the ratio, and the CPU time that both took.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.e2e.commands import ROOT, environment
from tests.e2e.press import article_html, story

_FILES = 8


def write_pages(folder: Path, pages: int, kilobytes: int) -> None:
    """Invented pages as outlets serve them: an article of 500 words, and all the rest of a page."""
    dice = random.Random(1)  # noqa: S311
    streams = [(folder / f"pages-{number}.jsonl").open("w", encoding="utf-8") for number in range(_FILES)]
    for number in range(pages):
        page = article_html(f"Meldung {number}", story(number, 12))
        items = "".join(
            f'<li class="teaser teaser--{n % 7}"><a href="/r/{dice.randrange(10**6)}"><span>Kurz {n}</span></a></li>'
            for n in range(kilobytes)
        )
        script = "var config = " + json.dumps({f"k{n}": dice.random() for n in range(kilobytes * 25)}) + ";"
        html = page.replace("</body>", f"<nav><ul>{items}</ul></nav><script>{script}</script></body>")
        row = {"url": f"https://o{number % 40}.example/{number}", "html": html}
        streams[number % _FILES].write(json.dumps(row) + "\n")
    for stream in streams:
        stream.close()
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{pages} pages of {size / pages / 1000:.0f} KB in {_FILES} files")


def measure(folder: Path, out: Path, options: list[str]) -> float:
    """The wall time of one run."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "pipeline", "ingest", "--input", folder, "--output", out, "--run-id", "r", *options],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.DEVNULL,
        check=True,
    )
    took = time.monotonic() - began
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
    print(f"{' '.join(options) or 'one worker'}: {took:.1f} s, of CPU {cpu:.1f} s")
    return took


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=4000)
    parser.add_argument("--kilobytes", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "in"
        folder.mkdir()
        write_pages(folder, options.pages, options.kilobytes)
        one = measure(folder, Path(place) / "one", [])
        two = measure(folder, Path(place) / "two", ["--direct_num_workers=2", "--direct_running_mode=multi_processing"])
    print(f"two are {one / two:.2f} times as fast as one")


if __name__ == "__main__":
    main()
