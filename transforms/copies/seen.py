"""On how many days each word triple was seen, document by document: `transforms.copies.days` for a stream.

A triple's first day is kept apart from its further ones: nearly all triples have no other, and only those with a second
day weigh less, so that what is looked up for every candidate is small.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from transforms.copies.days import MAX_DAYS
from transforms.copies.shingles import Hashes, Positions, Shingles, within
from transforms.copies.sorted_runs import SortedRuns

_DAY = 0x7F
"""A day is kept in 7 bits: two days of 128 are taken for one."""

_COPY = 0x80
_ADDED = 0xFF
MAX_AGE = 250
"""Days that are kept no longer than so many days can be told apart by 8 bits."""

_WEIGHTS = np.concatenate(([1], 1 / np.arange(1, MAX_DAYS + 1).astype(np.uint8))).astype(np.float32)
_Values = NDArray[np.uint16]


class DaySeen(NamedTuple):
    """Shingles that were seen on one day.

    Args:
        day: of the document or documents, counted from a fixed one.
        shingles: theirs, each once, sorted.
        added: on which day of the stream they came, counted from 1970.
        is_copy: whether nothing else tells of them: their documents do not stand.
    """

    day: int
    shingles: Shingles
    added: int
    is_copy: bool


class Met(NamedTuple):
    """Which of a document's shingles were seen before, on any day, and which on its own."""

    is_known: NDArray[np.bool_]
    is_same: NDArray[np.bool_]

    @property
    def is_further(self) -> NDArray[np.bool_]:
        """Which are seen on one more day."""
        return self.is_known & ~self.is_same


class SeenDays:
    """The days of every shingle.

    Args:
        found: what was seen, in any order and as often as it was seen.
    """

    def __init__(self, found: Iterable[DaySeen] = ()) -> None:
        parts = list(found)
        self._latest = max((part.added for part in parts), default=0)
        pairs = np.sort(np.concatenate([np.zeros(0, np.uint64), *(_packed(part, self._latest) for part in parts)]))
        days = pairs >> np.uint64(16)
        pairs = pairs[np.concatenate((days[:1] == days[:1], days[1:] != days[:-1]))]  # each with its least value
        shingles, values = (pairs >> np.uint64(24)).astype(np.uint32), _unpacked(pairs, self._latest)
        is_first = np.concatenate((shingles[:1] == shingles[:1], shingles[1:] != shingles[:-1]))
        self._first = SortedRuns(np.uint16, shingles[is_first], values[is_first])
        self._further = SortedRuns(np.uint16, shingles[~is_first], values[~is_first])

    def met(self, day: int, shingles: Shingles) -> Met:
        """What is known of a document's shingles (each once, sorted)."""
        is_known, is_same = _met(self._first, shingles, day)
        again = np.flatnonzero(is_known & ~is_same)
        is_same[again] = _met(self._further, shingles[again], day)[1]
        return Met(is_known, is_same)

    def add(self, seen: DaySeen, met: Met) -> None:
        """Add a document's shingles, of which ``met`` says what was known."""
        self._latest = max(self._latest, seen.added)
        value = np.uint16((seen.added & _ADDED) << 8 | (seen.is_copy * _COPY) | (seen.day & _DAY))
        for runs, is_new in ((self._first, ~met.is_known), (self._further, met.is_further)):
            runs.add(seen.shingles[is_new], np.full(int(is_new.sum()), value))

    def weights(self, documents: list[Shingles], further: Shingles) -> list[NDArray[np.float32]]:
        """One over the number of days of each shingle of some documents, as `transforms.copies.days.weights`.

        Args:
            documents: the shingles of each.
            further: sorted shingles that are seen on one more day than is known.
        """
        together = np.concatenate(documents)
        counts = self._further.counts(together) + 1
        if len(further):
            counts += further[np.minimum(np.searchsorted(further, together), len(further) - 1)] == together
        return np.split(_WEIGHTS[np.minimum(counts, MAX_DAYS)], np.cumsum([len(one) for one in documents])[:-1])

    def are_of_one_day(self, shingles: Shingles) -> NDArray[np.bool_]:
        """True for most shingles that were seen on one day at most, and for no other."""
        return ~self._further.may_have(shingles)

    def told_by_copies(self, added_after: int) -> Iterator[DaySeen]:
        """What no standing article tells, without what was added before a day."""
        keys, values = (np.concatenate(both) for both in zip(*self._first.runs(), *self._further.runs(), strict=True))
        added = self._latest - ((self._latest - (values >> 8).astype(np.int64)) & _ADDED)
        is_kept = (values & _COPY > 0) & (added >= max(added_after, self._latest - MAX_AGE))
        keys, days, added = keys[is_kept], values[is_kept] & _DAY, added[is_kept]
        order = np.lexsort((keys, days, added))
        keys, days, added = keys[order], days[order], added[order]
        starts = np.flatnonzero(
            np.concatenate((days[:1] == days[:1], np.diff(days.astype(np.int64) + (added << 8)) != 0))
        )
        for start, shingles in zip(starts, np.split(keys, starts[1:]), strict=False):
            yield DaySeen(int(days[start]), shingles, int(added[start]), is_copy=True)


def _packed(seen: DaySeen, latest: int) -> Hashes:
    """Shingle, day, age and origin in one number; of one day's the oldest sorts first."""
    age = min(latest - seen.added, _ADDED)
    low = (seen.day & _DAY) << 16 | (_ADDED - age) << 8 | seen.is_copy
    return (seen.shingles.astype(np.uint64) << np.uint64(24)) | np.uint64(low)


def _unpacked(pairs: Hashes, latest: int) -> _Values:
    day, is_copy = (pairs >> np.uint64(16)).astype(np.int64) & _DAY, pairs.astype(np.int64) & 1
    age = _ADDED - ((pairs >> np.uint64(8)).astype(np.int64) & _ADDED)
    return (((latest - age) & _ADDED) << 8 | is_copy * _COPY | day).astype(np.uint16)


def _met(runs: SortedRuns, shingles: Shingles, day: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which of some shingles have a day, and which have this one."""
    is_known, is_same = np.zeros(len(shingles), np.bool_), np.zeros(len(shingles), np.bool_)
    for span in runs.spans(shingles):
        is_known |= span.amounts > 0
        owners: Positions = np.repeat(np.arange(len(shingles)), span.amounts)
        places = np.repeat(span.first, span.amounts) + within(span.amounts)
        is_same[owners[span.values[places] & _DAY == day & _DAY]] = True
    return is_known, is_same
