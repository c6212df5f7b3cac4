"""On how many days each word triple was seen: what comes back day after day is furniture, background or a template.

Counting runs by partition of the hashes, so that a document sends `PARTITIONS` small arrays through the grouping and
not one element for each shingle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from transforms.copies.shingles import Hashes, Shingles, as_shingles
from transforms.copies.sketch import day_of
from transforms.elements import Sketch

PARTITIONS = 32
_SHIFT = np.uint32(27)
_MAX_DAYS = 255


class Part(NamedTuple):
    """A document's shingles of one partition, each once, sorted."""

    rank: bytes
    shingles: bytes


class Recurring(NamedTuple):
    """A document's shingles that were seen on two days or more, and on how many (one byte each)."""

    rank: bytes
    shingles: bytes
    days: bytes


def parts(sketch: Sketch) -> Iterator[tuple[int, Part]]:
    """A sketch's shingles, keyed by partition."""
    values = np.unique(as_shingles(sketch.shingles))
    keys, starts = np.unique(values >> _SHIFT, return_index=True)
    for key, some in zip(keys.tolist(), np.split(values, starts[1:]), strict=False):
        yield key, Part(sketch.rank, some.tobytes())


def recurring(group: Iterable[Part]) -> Iterator[Recurring]:
    """What of one partition was seen on two days or more, by document.

    Args:
        group: all parts of the partition; it holds as many hashes in memory as they have, in arrays.
    """
    found = sorted(group)
    if not found:
        return
    values = as_shingles(b"".join(part.shingles for part in found))
    sizes = [len(part.shingles) // values.itemsize for part in found]
    days = np.repeat(np.array([day_of(part.rank) for part in found], np.uint64), sizes)
    known, counts = _on_several_days(values, days)
    if not len(known):
        return
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


def _on_several_days(values: Shingles, days: Hashes) -> tuple[Shingles, NDArray[np.uint8]]:
    """The shingles, sorted, that come with two different days or more, and with how many."""
    pairs = np.sort((values.astype(np.uint64) << np.uint64(24)) | days)
    pairs = pairs[np.concatenate(([True], pairs[1:] != pairs[:-1]))]
    seen = (pairs >> np.uint64(24)).astype(np.uint32)
    starts = np.flatnonzero(np.concatenate(([True], seen[1:] != seen[:-1])))
    counts = np.diff(np.append(starts, len(seen)))
    is_several = counts > 1
    return seen[starts[is_several]], np.minimum(counts[is_several], _MAX_DAYS).astype(np.uint8)


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
