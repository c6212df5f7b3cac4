"""Which document stands for which: decisions over sketches, and what they make of records."""

from __future__ import annotations

import bisect
import dataclasses
from collections.abc import Iterable, Iterator

from transforms.copies.sketch import rank
from transforms.elements import Copy, CopyRef, Record, Sketch

MAX_COPIES = 100
"""Copies that a record names; `copy_count` and the copies files have all."""

RankedRef = tuple[tuple[str, ...], CopyRef]


def standing(sketches: Iterable[Sketch]) -> Sketch:
    """The sketch that stands for all of a group."""
    return min(sketches, key=lambda found: found.rank)


def followers(sketches: Iterable[Sketch], head: Sketch) -> Iterator[Sketch]:
    """The other sketches of a group; of several that equal the head, one is left out."""
    is_passed = False
    for found in sketches:
        if not is_passed and found == head:
            is_passed = True
        else:
            yield found


def copy_ref(found: Sketch, head_hash: bytes) -> RankedRef:
    """How a standing record names a copy. Texts that differ (one address, read twice) were not compared."""
    similarity = 1.0 if found.text_hash == head_hash else None
    return found.rank, CopyRef(found.id, found.url, found.source, similarity, found.published_at)


def add_ref(refs: list[RankedRef], ref: RankedRef) -> None:
    """Insert into a sorted list that keeps the `MAX_COPIES` of lowest rank."""
    if len(refs) >= MAX_COPIES and _ref_key(ref) >= _ref_key(refs[-1]):
        return
    bisect.insort(refs, ref, key=_ref_key)
    del refs[MAX_COPIES:]


def _ref_key(ref: RankedRef) -> tuple[tuple[str, ...], str]:
    return ref[0], ref[1].id


def with_copies(record: Record, refs: Iterable[RankedRef], count: int) -> Record:
    """A standing record that names its copies."""
    return dataclasses.replace(record, copies=tuple(ref for _, ref in refs), copy_count=count)


def as_copy(record: Record, copy_of: str, similarity: float | None) -> Copy:
    """The line that a record becomes when another one stands for it."""
    return Copy(
        url=record.url,
        id=record.id,
        copy_of=copy_of,
        similarity=similarity,
        source=record.source,
        published_at=record.published_at,
        fetched_at=record.fetched_at,
    )


def first_record(records: Iterable[Record]) -> Record:
    """The record that stands for all that share an address."""
    return min(records, key=rank)
