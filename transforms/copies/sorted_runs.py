"""Sorted arrays that grow: 32-bit keys with a value each, looked up many at a time.

What is added comes as a short run of its own, and a run is merged into the one before it as soon as that is not much
longer (a log-structured merge tree, O'Neil et al. 1996): an element is moved a few times for each of the few lengths.
Most keys that are asked for are not there: a bitmap of the keys' highest bits says so of most of them at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from transforms.copies.shingles import Positions, Shingles

FACTOR = 16
_SHORT = 1 << 13
_BITS_AN_ELEMENT = 4
_LEAST_BITS = 12
_KEY_BITS = 32
_MASKS = np.left_shift(np.uint8(1), np.arange(8, dtype=np.uint8))
_Values = NDArray[Any]


class Span(NamedTuple):
    """Where keys stand in one run.

    Args:
        first: of each key, the place of its first element.
        amounts: of each key, how many elements it has.
        values: of the whole run.
    """

    first: Positions
    amounts: Positions
    values: _Values


class SortedRuns:
    """Elements of a key and a value; those of one key stay in the order in which they were added.

    Args:
        value_type: of the values.
        keys: of the elements that there are at first, in any order.
        values: of the same.
    """

    def __init__(self, value_type: DTypeLike, keys: Shingles | None = None, values: _Values | None = None) -> None:
        self._type = np.dtype(value_type)
        self._runs: list[tuple[Shingles, _Values]] = []
        self._size = 0
        if keys is not None and values is not None and len(keys):
            order = np.argsort(keys, kind="stable")
            self._runs.append((keys[order], values[order].astype(self._type, copy=False)))
            self._size = len(keys)
        self._draw()

    def __len__(self) -> int:
        return self._size

    def runs(self) -> list[tuple[Shingles, _Values]]:
        """All elements: the sorted keys and the values of each run."""
        return self._runs or [(np.zeros(0, np.uint32), np.zeros(0, self._type))]

    def add(self, keys: Shingles, values: _Values) -> None:
        """Add elements, sorted by key."""
        if not len(keys):
            return
        self._runs.append((keys.astype(np.uint32), values.astype(self._type)))
        self._size += len(keys)
        while len(self._runs) > 1 and len(self._runs[-2][0]) < max(FACTOR * len(self._runs[-1][0]), _SHORT):
            new = self._runs.pop()
            self._runs.append(_merged(self._runs.pop(), new))
        if self._size * _BITS_AN_ELEMENT > 8 * len(self._bitmap):
            self._draw()
        else:
            self._mark(keys)

    def spans(self, keys: Shingles) -> Iterator[Span]:
        """Where some keys stand in each run, the oldest run first."""
        asked = np.flatnonzero(self.may_have(keys))
        for known, values in self._runs:
            first, amounts = np.zeros(len(keys), np.int64), np.zeros(len(keys), np.int64)
            found = np.searchsorted(known, keys[asked])
            is_hit = known[np.minimum(found, len(known) - 1)] == keys[asked]
            hits = asked[is_hit]
            first[hits] = found[is_hit]
            amounts[hits] = np.searchsorted(known, keys[hits], "right") - first[hits]
            yield Span(first, amounts, values)

    def may_have(self, keys: Shingles) -> NDArray[np.bool_]:
        """False for most keys that there are no elements of, and for no other."""
        places = self._places(keys)
        found: NDArray[np.bool_] = (self._bitmap[places >> 3] & _MASKS[places & 7]) > 0
        return found

    def _draw(self) -> None:
        bits = max(_LEAST_BITS, (self._size * _BITS_AN_ELEMENT).bit_length())
        self._shift = np.uint32(_KEY_BITS - bits)
        self._bitmap = np.zeros(1 << (bits - 3), np.uint8)
        for keys, _ in self._runs:
            self._mark(keys)

    def _mark(self, keys: Shingles) -> None:
        places = self._places(keys)
        np.bitwise_or.at(self._bitmap, places >> 3, _MASKS[places & 7])

    def _places(self, keys: Shingles) -> Shingles:
        return keys >> self._shift

    def counts(self, keys: Shingles) -> Positions:
        """How many elements each of some keys has."""
        return sum((span.amounts for span in self.spans(keys)), np.zeros(len(keys), np.int64))


def _merged(old: tuple[Shingles, _Values], new: tuple[Shingles, _Values]) -> tuple[Shingles, _Values]:
    """Two runs as one: of equal keys the old elements first."""
    places = np.searchsorted(old[0], new[0], "right") + np.arange(len(new[0]))
    is_old = np.ones(len(old[0]) + len(new[0]), np.bool_)
    is_old[places] = False
    merged = []
    for before, after in zip(old, new, strict=True):
        both = np.empty(len(is_old), before.dtype)
        both[places], both[is_old] = after, before
        merged.append(both)
    return merged[0], merged[1]
