"""Which document stands for which: decisions over sketches, and what they make of records."""

from __future__ import annotations

import bisect
import dataclasses
from collections.abc import Iterable, Iterator

from transforms.copies.score import Edge, differences, shared, side, similarity
from transforms.copies.sketch import rank
from transforms.elements import Copy, CopyRef, Known, Record, Sketch, Verdict

MAX_COPIES = 100
"""Copies that a record names; `copy_count` and the copies files have all."""

HELD = 0.5
"""From this similarity on a copy's text is taken to be in the standing one."""

ID = slice(17, 33)
"""Where a rank holds the id (see `transforms.copies.sketch.rank`)."""

RankedRef = tuple[bytes, CopyRef]


def is_read(content: bytes, known: Known | None) -> bool:
    """Whether an earlier run has read this text at this id (see `transforms.copies.sketch.content_of`)."""
    if known is None:
        return False
    size = len(content)
    return any(known.contents[start : start + size] == content for start in range(0, len(known.contents), size))


def standing(sketches: Iterable[Sketch]) -> Sketch | None:
    """The sketch that stands for all of a group."""
    return min(sketches, key=lambda found: found.rank, default=None)


def followers(sketches: Iterable[Sketch], head: Sketch) -> Iterator[Sketch]:
    """The other sketches of a group; of several that equal the head, one is left out."""
    is_passed = False
    for found in sketches:
        if not is_passed and found == head:
            is_passed = True
        else:
            yield found


def follow(head: Sketch, follower: Sketch, verdict: Verdict | None) -> Verdict:
    """The verdict on a document that another one has absorbed: one of equal text, or of the same address.

    Args:
        head: the first of them.
        follower: another one.
        verdict: on the head, or None where it stands. Followers then point at what stands, never through their head.
    """
    if follower.text_hash == head.text_hash:
        return verdict or Verdict(head.id, 1.0)
    if verdict is not None:
        return Verdict(verdict.copy_of, None)
    left, right = side(head), side(follower)
    both = shared(left, right)
    return Verdict(head.id, similarity(left, right, both), differences(head, follower, left, right, both))


def id_of(rank_bytes: bytes) -> str:
    """The id of the record that a rank belongs to."""
    return rank_bytes[ID].hex()


def verdict_of(edge: Edge) -> Verdict:
    """What an edge to a standing document says of the later one."""
    return Verdict(id_of(edge.earlier), edge.similarity, edge.differs)


def copy_ref(found: Sketch, verdict: Verdict) -> RankedRef:
    """How a standing record names a copy."""
    ref = CopyRef(found.id, found.url, found.source, verdict.similarity, found.published_at, verdict.differs)
    return found.rank, ref


def add_ref(refs: list[RankedRef], ref: RankedRef) -> None:
    """Insert into a sorted list that keeps the `MAX_COPIES` of lowest rank."""
    if len(refs) >= MAX_COPIES and _ref_key(ref) >= _ref_key(refs[-1]):
        return
    bisect.insort(refs, ref, key=_ref_key)
    del refs[MAX_COPIES:]


def _ref_key(ref: RankedRef) -> tuple[bytes, str]:
    return ref[0], ref[1].id


def with_copies(record: Record, refs: Iterable[RankedRef], count: int) -> Record:
    """A standing record that names its copies."""
    return dataclasses.replace(record, copies=tuple(ref for _, ref in refs), copy_count=count)


def as_copy(record: Record, verdict: Verdict) -> Copy:
    """The line that a record becomes when another one stands for it.

    Its text is kept where the standing one does not hold it: it goes on well beyond, or has less than half of it (one
    address, read again with another text), or was not compared.
    """
    is_held = verdict.similarity is not None and verdict.similarity >= HELD and "longer" not in verdict.differs
    return Copy(
        url=record.url,
        id=record.id,
        copy_of=verdict.copy_of,
        similarity=verdict.similarity,
        source=record.source,
        published_at=record.published_at,
        fetched_at=record.fetched_at,
        differs=verdict.differs,
        text=None if is_held else record.text,
    )


def first_record(records: Iterable[Record]) -> Record | None:
    """The record that stands for all that share an address."""
    return min(records, key=rank, default=None)
