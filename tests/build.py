"""Elements for tests, with all that a test does not care about filled in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from transforms.elements import Article, Page, Record
from transforms.write.record import make_record

DAY = datetime(2026, 3, 4, 8, 0, tzinfo=UTC)


def page(body: str | bytes, **fields: Any) -> Page:
    data = body.encode() if isinstance(body, str) else body
    known: dict[str, Any] = {
        "url": None,
        "markup": "text",
        "content_type": "text/plain",
        "source": "a.txt",
        "origin": "a.txt",
    }
    return Page(body=data, **(known | fields))


def article(*paragraphs: str, **fields: Any) -> Article:
    known: dict[str, Any] = {"url": None, "canonical_url": None, "source": "a.txt", "origin": "a.txt", "kind": "text"}
    known |= {"title": None, "paragraphs": paragraphs}
    return Article(**(known | fields))


def record(text: str, url: str | None = None, **fields: Any) -> Record:
    return make_record(article(*text.split("\n"), url=url, canonical_url=url, **fields))
