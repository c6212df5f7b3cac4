"""Quality and cost of Depesche's extraction beside other extractors, on the same labelled pages in the same run.

    python benchmarks/extraction.py PAGES.jsonl.gz … [--every N] [--picture OUT.svg]

A line of PAGES is a JSON object: ``html``, ``url``, ``body`` (a human's text of the article) and, where the body
begins with the lead, ``summary``. The cost is CPU time of one process for everything that an extractor does from the
page's characters on: parse, text, and metadata where it is named. Needs readability-lxml, resiliparse, newspaper4k
and lxml-html-clean beside the project; those that are missing are left out.
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import math
import time
from collections.abc import Callable
from html import escape
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.text_scores import f1, prf
from transforms.clean.article import clean_article
from transforms.elements import Article, Page, Reject
from transforms.extract.article import extract_article
from transforms.wire.marks import mark_wire

Row = dict[str, Any]
WARM_UP = 5


class Result(NamedTuple):
    """Of one extractor: F1, precision and recall by set, and milliseconds of CPU a page."""

    scores: dict[str, tuple[float, float, float]]
    cost_ms: float


def main() -> None:
    """Measure, print a table, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--every", type=int, default=1, help="take each N-th page")
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    sets = {path.name.split(".")[0]: read(path)[:: options.every] for path in options.pages}
    results = {name: measured(extract, sets) for name, extract in EXTRACTORS.items() if is_present(name)}
    print(table(results, list(sets)))
    if options.picture:
        options.picture.write_text(picture(results), "utf-8")


def read(path: Path) -> list[Row]:
    """The labelled pages of a file; an address may be without its scheme."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        row | {"url": row["url"] if "://" in (row["url"] or "") else f"https://{row['url'] or 'x'}/"} for row in rows
    ]


def measured(extract: Callable[[Row], str], sets: dict[str, list[Row]]) -> Result:
    """Run an extractor over all pages; an exception is an empty text."""
    scores: dict[str, tuple[float, float, float]] = {}
    spent, count = 0.0, 0
    for row in next(iter(sets.values()))[:WARM_UP]:
        attempted(extract, row)
    for name, rows in sets.items():
        found: list[tuple[float, float, float]] = []
        for row in rows:
            started = time.process_time()
            text = attempted(extract, row)
            spent += time.process_time() - started
            count += 1
            found.append(prf(text, row["body"]))
        scores[name] = f1(found)
    return Result(scores, spent / count * 1000)


def attempted(extract: Callable[[Row], str], row: Row) -> str:
    """The text, or nothing where the extractor fails."""
    try:
        return extract(row)
    except Exception:  # noqa: BLE001  # an extractor that fails on a page has found nothing there
        return ""


# --- the extractors


def trafilatura(row: Row, **options: Any) -> str:
    """Trafilatura without comments."""
    found = import_module("trafilatura").bare_extraction(row["html"], url=row["url"], include_comments=False, **options)
    return (found.text if found else "") or ""


def readability(row: Row) -> str:
    """Readability-lxml: the text of its summary."""
    summary = import_module("readability").Document(row["html"]).summary()
    return "\n".join(import_module("lxml.html").fromstring(summary).itertext())


def resiliparse(row: Row) -> str:
    """Resiliparse's main content, without comments."""
    extract = import_module("resiliparse.extract.html2text").extract_plain_text
    return str(extract(row["html"], main_content=True, alt_texts=False, comments=False))


def newspaper(row: Row) -> str:
    """Newspaper4k: its text, parsed from the given page."""
    article = import_module("newspaper").Article(row["url"], fetch_images=False)
    article.download(input_html=row["html"])
    article.parse()
    return str(article.text)


def depesche(row: Row, is_cleaned: bool = True) -> str:
    """The extraction room; with the rules of the cleaning and wire rooms after it."""
    body = row["html"].encode("utf-8", "replace")
    found = extract_article(Page(row["url"], "html", "text/html; charset=utf-8", body, "benchmark", "benchmark"))
    if isinstance(found, Reject):
        return ""
    article: Article = mark_wire(clean_article(found).article) if is_cleaned else found
    lead = article.lead if row.get("summary") else None
    return "\n".join([*([lead] if lead else []), *article.paragraphs])


EXTRACTORS: dict[str, Callable[[Row], str]] = {
    "trafilatura, with metadata": lambda row: trafilatura(row, with_metadata=True),
    "trafilatura": trafilatura,
    "trafilatura, fast": lambda row: trafilatura(row, fast=True),
    "readability": readability,
    "resiliparse": resiliparse,
    "newspaper": newspaper,
    "Depesche, extraction with metadata": lambda row: depesche(row, is_cleaned=False),
    "Depesche, cleaned": depesche,
}


def is_present(name: str) -> bool:
    """Whether the package of an extractor is installed."""
    package = name.split(",")[0]
    try:
        import_module("transforms" if package == "Depesche" else package)
    except ImportError:
        return False
    return True


# --- what is shown


def table(results: dict[str, Result], sets: list[str]) -> str:
    """F1 by set, and CPU a page, also as a ratio to trafilatura with metadata."""
    base = results["trafilatura, with metadata"].cost_ms
    names = [name.removeprefix("pages-").removesuffix("-dev") for name in sets]
    lines = [f"| F1 | {' | '.join(names)} | CPU ms a page | ratio |", "|---" * (len(sets) + 3) + "|"]
    for name, result in results.items():
        scores = " | ".join(f"{result.scores[it][0]:.4f}" for it in sets)
        lines.append(f"| {name} | {scores} | {result.cost_ms:.1f} | {result.cost_ms / base:.2f} |")
    return "\n".join(lines)


def picture(results: dict[str, Result], width: int = 720, height: int = 420) -> str:
    """Mean F1 over CPU a page (logarithmic), as an SVG file: up and to the left is better."""
    points = {
        name: (result.cost_ms, sum(score[0] for score in result.scores.values()) / len(result.scores))
        for name, result in results.items()
    }
    low = math.floor(min(f for _, f in points.values()) * 50) / 50
    most = max(cost for cost, _ in points.values()) * 2

    def place(cost: float, score: float) -> tuple[float, float]:
        x = 70 + (width - 100) * math.log(max(cost, 0.5) / 0.5) / math.log(most / 0.5)
        return x, height - 50 - (height - 90) * (score - low) / (1 - low)

    def text(x: float, y: float, content: str, anchor: str = "start") -> str:
        return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{escape(content)}</text>'

    marks = []
    for name, (cost, score) in points.items():
        x, y = place(cost, score)
        color = "#b3261e" if name.startswith("Depesche") else "#3b5b7a"
        anchor, shift = ("end", -9) if x > width * 0.6 else ("start", 9)
        marks.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{color}"/>')
        marks.append(text(x + shift, y + 4, f"{name} {score:.3f}", anchor))
    ticks = [text(place(ms, low)[0], height - 30, f"{ms}", "middle") for ms in (1, 2, 5, 10, 20, 50, 100) if ms < most]
    steps = [low + step * (1 - low) / 4 for step in range(5)]
    ticks += [text(60, place(1, step)[1] + 4, f"{step:.3f}", "end") for step in steps]
    ticks += [text(width / 2, height - 10, "CPU milliseconds a page", "middle"), text(10, 20, "mean F1 over the sets")]
    lines = (f'<line x1="70" x2="{width - 30}" y1="{place(1, s)[1]:.1f}" y2="{place(1, s)[1]:.1f}"/>' for s in steps)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        f'font-size="12"><rect width="100%" height="100%" fill="#fff"/><g stroke="#ddd">{"".join(lines)}</g>'
        f"{''.join(ticks)}{''.join(marks)}</svg>\n"
    )


if __name__ == "__main__":
    main()
