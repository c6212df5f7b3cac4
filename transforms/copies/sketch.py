"""A record's sketch: the little that copies are found by."""

from __future__ import annotations

import hashlib

from transforms.copies.fold import text_hash
from transforms.elements import Record, Sketch
from transforms.instants import iso

_UNKNOWN = "~"  # sorts behind every time


def sketch(record: Record) -> Sketch:
    """What travels through the groupings in place of the record."""
    return Sketch(
        id=record.id,
        rank=rank(record),
        text_hash=text_hash(record.text),
        url=record.url,
        source=record.source,
        published_at=record.published_at,
    )


def rank(record: Record) -> tuple[str, ...]:
    """Sorts records by who stands: earliest publication, then fetch, then id.

    A record that does not say when it was published counts from its fetch. Records that agree in all of these are
    told apart by their whole content, so that the order does not depend on how they arrive.
    """
    published = iso(record.published_at) or iso(record.fetched_at) or _UNKNOWN
    content = hashlib.blake2b(repr(record).encode("utf-8", "replace"), digest_size=8).hexdigest()
    return published, iso(record.fetched_at) or _UNKNOWN, record.id, record.url or _UNKNOWN, record.source, content
