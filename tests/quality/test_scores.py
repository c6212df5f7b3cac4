"""Floors under the quality on labelled data, where the data is there; the measures are the data's own.

A floor stands a little under what was reached, so that it falls when something breaks and not with the weather.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from transforms.clean.transform import clean_and_judge
from transforms.copies.reference import find_copies
from transforms.copies.sketch import rank, sketch
from transforms.elements import Hints, Page, Record, Reject
from transforms.extract.article import extract_article
from transforms.instants import parse_instant
from transforms.language.detect import detect_language
from transforms.language.label import label_language
from transforms.wire.verdict import mark_and_judge
from transforms.write.jsonl import record_line
from transforms.write.record import make_record

SHARED = Path(__file__).parents[3] / "shared"

pytestmark = pytest.mark.skipif(not (SHARED / "data").is_dir(), reason="the labelled data is not beside the project")


@pytest.fixture(scope="module")
def scoring() -> Iterator[ModuleType]:
    sys.path.insert(0, str(SHARED / "tools"))
    yield importlib.import_module("scoring")
    sys.path.remove(str(SHARED / "tools"))


def record_of(row: dict[str, Any]) -> Record | None:
    """What the pipeline's functions make of an input line."""
    markup, body = ("html", row["html"]) if "html" in row else ("text", row["text"])
    fetched, published = parse_instant(row.get("fetched_at")), parse_instant(row.get("published_at"))
    page = Page(
        url=row["url"],
        markup="html" if markup == "html" else "text",
        content_type=f"text/{markup}; charset=utf-8",
        body=body.encode("utf-8", "replace"),
        source="labelled",
        origin=row["id"],
        fetched_at=fetched[0] if fetched else None,
        hints=Hints(source_id=row["id"], published_at=published[0] if published else None),
    )
    extracted = extract_article(page)
    judged = extracted if isinstance(extracted, Reject) else clean_and_judge(extracted)
    marked = judged if isinstance(judged, Reject) else mark_and_judge(judged)
    return None if isinstance(marked, Reject) else make_record(label_language(marked))


def rows_by_id(scoring: ModuleType, rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found = ((row["id"], record_of(scoring.page_row(row))) for row in rows)
    return {row_id: scoring.json.loads(record_line(record)) for row_id, record in found if record}


@pytest.mark.parametrize(("language", "floor", "recall"), [("de", 0.950, 0.970), ("en", 0.960, 0.975)])
def test_plain_text_with_its_mess(scoring: ModuleType, language: str, floor: float, recall: float) -> None:
    rows = [row for row in scoring.read_gz(SHARED / "data" / "texts-dev.jsonl.gz") if row["lang"] == language]
    f1, _, reached_recall = scoring.f1(scoring.text_scores(rows, rows_by_id(scoring, rows), True).values())
    assert f1 >= floor and reached_recall >= recall, (f1, reached_recall)


@pytest.mark.parametrize(
    ("name", "with_lead", "every", "floor"),
    [
        ("web", False, 1, 0.965),
        ("news", True, 1, 0.975),
        ("aed", False, 2, 0.960),
        ("blogs", False, 6, 0.945),
        ("old", False, 2, 0.970),
    ],
)
def test_pages(scoring: ModuleType, name: str, with_lead: bool, every: int, floor: float) -> None:
    rows = scoring.read_gz(SHARED / "data" / f"pages-{name}-dev.jsonl.gz")[::every]
    by_id = rows_by_id(scoring, rows)
    assert len(by_id) >= len(rows) * 0.99, "labelled pages were rejected"
    f1, _, _ = scoring.f1(scoring.text_scores(rows, by_id, with_lead).values())
    assert f1 >= floor, f1
    if name == "news":
        metadata = scoring.metadata_scores(rows, by_id)
        assert metadata["title"] >= 0.815 and metadata["instant"] >= 0.94 and metadata["day"] >= 0.96, metadata


@pytest.mark.parametrize(
    ("name", "wrong", "undecided"),
    [("language-dev", {"body": 0, "title": 0.005, "line": 0.008}, 0.02), ("language-confusable", {"line": 0.06}, 0.06)],
)
def test_language(scoring: ModuleType, name: str, wrong: dict[str, float], undecided: float) -> None:
    rows = [row for row in scoring.read_gz(SHARED / "data" / f"{name}.jsonl.gz") if not row.get("ambiguous")]
    counts = scoring.language_scores(rows, [detect_language(row["text"])[:2] for row in rows])
    for kind, share in wrong.items():
        assert counts["wrong"][kind] <= share * counts["n"][kind], (kind, counts)
        assert counts["und"][kind] <= undecided * counts["n"][kind], (kind, counts)


def test_copies(scoring: ModuleType) -> None:
    documents = scoring.read_gz(SHARED / "data" / "copies-dev.jsonl.gz")
    rows = scoring.copy_rows(documents)
    records = {row["url"]: record for row in rows if (record := record_of(row))}
    assert len(records) >= len(rows) * 0.98, "wire texts were rejected"
    heads = {edge.later: edge.earlier for edge in find_copies(map(sketch, records.values())).values()}
    ranks = {url: rank(record) for url, record in records.items()}
    truth = {row["url"]: doc["cluster"] for row, doc in zip(rows, documents, strict=True) if not doc.get("cluster2")}
    scores = scoring.pair_scores(truth, {url: heads.get(ranks[url], ranks[url]) for url in truth if url in ranks})
    assert scores["f1"] >= 0.97 and scores["ari"] >= 0.97, scores
