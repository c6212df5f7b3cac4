"""Saved feeds to the documents that their entries carry."""

from __future__ import annotations

from collections.abc import Iterator

from transforms.elements import Page, Reject
from transforms.entries import Fault, read_entries
from transforms.reasons import Reason, Stage


def read_feed(body: bytes, source: str) -> Iterator[Page | Reject]:
    """Each entry of a saved feed as a document, in the feed's order; what cannot be read of it is one `Reject`."""
    for number, entry in enumerate(read_entries(body), 1):
        if isinstance(entry, Fault):
            yield Reject(Stage.READ, entry.reason, source, entry.detail, source)
            continue
        origin = f"{source}#{number}"
        if not entry.content.strip():
            detail = "the entry has no content of its own"
            yield Reject(Stage.READ, Reason.MISSING_FIELD, entry.url or origin, detail, source)
            continue
        yield Page(
            url=entry.url,
            markup="fragment" if entry.is_html else "text",
            content_type="text/html; charset=utf-8" if entry.is_html else "text/plain; charset=utf-8",
            body=entry.content.encode("utf-8", "replace"),
            source=source,
            origin=origin,
            hints=entry.hints,
        )
