"""On how many days each word triple was seen: what comes back day after day is furniture, background or a template.

Counting runs by partition of the hashes, so that a document sends a few arrays through the grouping and not one element
for each shingle. There are as many partitions as keep each at some 6 million hashes, whatever the size of the corpus.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from transforms.copies.shingles import Hashes, Shingles, as_shingles, within
from transforms.copies.sketch import day_of
from transforms.elements import Sketch

MAX_DAYS = 255
_SHINGLE_BITS = 32
_DAY_BITS = np.uint64(24)
_DAY = np.uint64((1 << 24) - 1)


class Part(NamedTuple):
    """A document's shingles of one partition, each once, sorted."""

    rank: bytes
    shingles: bytes


class Recurring(NamedTuple):
    """A document's shingles that were seen on two days or more, and on how many (one byte each)."""

    rank: bytes
    shingles: bytes
    days: bytes


class Sightings(NamedTuple):
    """On which days shingles were seen: each pair once, sorted."""

    shingles: Shingles
    days: NDArray[np.uint32]


def parts(sketch: Sketch, bits: int) -> Iterator[tuple[int, Part]]:
    """A sketch's shingles, keyed by partition: the highest ``bits`` of each."""
    values = np.unique(as_shingles(sketch.shingles))
    places = values >> np.uint32(_SHINGLE_BITS - bits) if bits else np.zeros(len(values), np.uint32)
    keys, starts = np.unique(places, return_index=True)
    for key, some in zip(keys.tolist(), np.split(values, starts[1:]), strict=False):
        yield key, Part(sketch.rank, some.tobytes())


def sightings(group: Iterable[Part]) -> Sightings:
    """What the documents of one partition say of its shingles."""
    found = list(group)
    values = as_shingles(b"".join(part.shingles for part in found))
    return unpacked(distinct(packed(values, _days_of(found))))


def merged(one: Sightings, other: Sightings) -> Sightings:
    """The pairs of one, and what the other one, which may be much longer, has of its shingles."""
    values = np.unique(one.shingles)
    first, end = np.searchsorted(other.shingles, values), np.searchsorted(other.shingles, values, "right")
    amounts = end - first
    places = np.repeat(first, amounts) + within(amounts)
    pairs = np.concatenate((packed(*one), packed(other.shingles[places], other.days[places])))
    return unpacked(distinct(pairs))


def recurring(group: Iterable[Part], seen: Sightings) -> Iterator[Recurring]:
    """What of one partition was seen on two days or more, by document.

    Args:
        group: all parts of the partition; it holds as many hashes in memory as they have, in arrays.
        seen: of the partition's shingles, in these documents and others.
    """
    found = sorted(group)
    known, counts = _on_several_days(seen)
    if not found or not len(known):
        return
    values = as_shingles(b"".join(part.shingles for part in found))
    sizes = np.array([len(part.shingles) // values.itemsize for part in found])
    places = np.minimum(np.searchsorted(known, values), len(known) - 1)
    is_known = known[places] == values
    ends = np.cumsum(sizes, dtype=np.int64)
    amounts = np.add.reduceat(is_known, ends - sizes, dtype=np.int64).tolist()
    kept, counted = values[is_known].tobytes(), counts[places[is_known]].tobytes()
    done = 0
    for part, amount in zip(found, amounts, strict=True):
        if amount:
            end = done + amount
            yield Recurring(part.rank, kept[done * values.itemsize : end * values.itemsize], counted[done:end])
            done = end


def _days_of(found: list[Part]) -> NDArray[np.uint32]:
    sizes = [len(part.shingles) // 4 for part in found]
    return np.repeat(np.array([day_of(part.rank) for part in found], np.uint32), sizes)


def distinct(pairs: Hashes) -> Hashes:
    """The same, sorted, each once."""
    pairs = np.sort(pairs)  # faster here than numpy's `unique`, which hashes
    found: Hashes = pairs[np.concatenate((pairs[:1] == pairs[:1], pairs[1:] != pairs[:-1]))]
    return found


def packed(values: Shingles, days: NDArray[np.uint32]) -> Hashes:
    """Shingle and day in one number, which sorts as they do."""
    return (values.astype(np.uint64) << _DAY_BITS) | days


def unpacked(pairs: Hashes) -> Sightings:
    """Of sorted numbers as `packed` makes them."""
    return Sightings((pairs >> _DAY_BITS).astype(np.uint32), (pairs & _DAY).astype(np.uint32))


def _on_several_days(seen: Sightings) -> tuple[Shingles, NDArray[np.uint8]]:
    """The shingles, sorted, that come with two different days or more, and with how many."""
    values = seen.shingles
    starts = np.flatnonzero(np.concatenate((values[:1] == values[:1], values[1:] != values[:-1])))
    counts = np.diff(np.append(starts, len(values)))
    is_several = counts > 1
    return values[starts[is_several]], np.minimum(counts[is_several], MAX_DAYS).astype(np.uint8)


def weights(values: Shingles, seen: Iterable[Recurring]) -> NDArray[np.float32]:
    """One over the number of days for each of a document's sorted distinct shingles.

    Args:
        values: the distinct shingles of the document, sorted.
        seen: what `recurring` gave for it, of every partition.
    """
    known = list(seen)
    places = np.searchsorted(values, as_shingles(b"".join(some.shingles for some in known)))
    found = np.ones(len(values), np.float32)
    found[places] = 1 / np.frombuffer(b"".join(some.days for some in known), np.uint8)
    return found
