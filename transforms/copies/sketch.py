"""A record's sketch: the little that copies are found by."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import UTC, datetime, timedelta

import numpy as np

from transforms.copies.shingles import digits_of, shingles, word_hashes
from transforms.elements import Record, Sketch

_EPOCH = datetime(1, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MICROSECONDS_OF_DAY = 86_400_000_000
_UNKNOWN = b"\xff" * 8
"""Sorts behind every time."""

_UNKNOWN_DAY = (1 << 24) - 1

DOCUMENTS_IN_RANGE = 1 << 14
"""So many documents' anchors, or shingles, are looked at in one place: some 100 MB."""

_LEAD_CHARS = 60
_NEW, _KNOWN = b"\x01", b"\x00"
_CONTENT_BYTES = 8


def sketch(record: Record) -> Sketch:
    """What travels through the groupings in place of the record."""
    words = word_hashes(sketched_text(record))
    places = np.flatnonzero(digits_of(words))
    return Sketch(
        id=record.id,
        rank=rank(record),
        content=content_of(record),
        text_hash=hashlib.blake2b(words.tobytes() or _bare(record), digest_size=16).digest(),
        url=record.url,
        source=record.source,
        published_at=record.published_at,
        words=len(words),
        shingles=shingles(words).tobytes(),
        numbers=words[places].astype("<u4").tobytes(),
        number_places=places.astype("<u2").tobytes(),
        language=record.language,
    )


def sketched_text(record: Record) -> str:
    """The text with its headline and lead: teasers and stubs often have nothing else of their own."""
    parts = [record.title or ""]
    if record.lead and record.lead[:_LEAD_CHARS] not in record.text:
        parts.append(record.lead)
    return "\n\n".join((*parts, record.text))


def content_of(record: Record) -> bytes:
    """What two readings of one address are told apart by."""
    return bytes.fromhex(record.content_hash)[:_CONTENT_BYTES]


def as_known(found: Sketch) -> Sketch:
    """The sketch of an article that stood before this run: it comes before all new ones and stands, come what may."""
    return dataclasses.replace(found, rank=_KNOWN + found.rank[1:])


def is_known(rank_bytes: bytes) -> bool:
    """Whether a rank is one of `as_known`."""
    return rank_bytes[:1] == _KNOWN


def rank(record: Record) -> bytes:
    """Sorts records by who stands: earliest publication, then fetch, then id.

    The first byte is for what stood before this run (`as_known`). A record that does not say when it was published
    counts from its fetch. Records that agree in all of these are told apart by their whole content, so that the order
    does not depend on how they arrive.
    """
    published, fetched = _instant(record.published_at), _instant(record.fetched_at)
    content = hashlib.blake2b(repr(record).encode("utf-8", "replace"), digest_size=8).digest()
    return _NEW + (published or fetched or _UNKNOWN) + (fetched or _UNKNOWN) + _id_bytes(record.id) + content


def day_of(rank: bytes) -> int:
    """The day of publication (or fetch) in UTC, counted from a fixed one, in 24 bits; all unknown ones are the last."""
    return min(int.from_bytes(rank[1:9], "big") // _MICROSECONDS_OF_DAY, _UNKNOWN_DAY)


def _instant(at: datetime | None) -> bytes | None:
    return None if at is None else ((at - _EPOCH) // _MICROSECOND).to_bytes(8, "big")


def _id_bytes(identity: str) -> bytes:
    """16 bytes that sort like ids of 32 hexadecimal digits; any other id by its hash."""
    try:
        found = bytes.fromhex(identity)
    except ValueError:
        found = b""
    if len(found) == 16:
        return found
    return hashlib.blake2b(identity.encode("utf-8", "replace"), digest_size=16).digest()


def _bare(record: Record) -> bytes:
    """What texts without a word are told apart by."""
    return b"\0" + sketched_text(record).encode("utf-8", "replace")
