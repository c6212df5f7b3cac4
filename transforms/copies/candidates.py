"""Which documents are worth comparing: those that share an anchor, in bounded number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

ALL_PAIRS = 60
FIRST = 5
PREVIOUS = 3
ENOUGH_VOTES = 2
FEW_ANCHORS = 8


class Member(NamedTuple):
    """A document in an anchor's bucket: its rank, and how many anchors it has in all."""

    rank: bytes
    anchors: int


class Pair(NamedTuple):
    """The ranks of two documents that may be copies."""

    earlier: bytes
    later: bytes


def bucket_pairs(members: Iterable[Member]) -> Iterator[tuple[Pair, int]]:
    """The pairs of one bucket with their votes; of more than `ALL_PAIRS` members a linear number.

    There each document meets only the `FIRST` of the bucket and the `PREVIOUS` before it: the first ones stand, if
    the bucket is one cluster, and what only shares a passage with them has its own copies near in time.

    One common anchor is chance or a borrowed sentence, so a pair needs `ENOUGH_VOTES`, summed over all buckets. One of
    the two with hardly any anchors (a teaser) gives the votes at once.
    """
    ordered = sorted(set(members))
    for place, later in enumerate(ordered):
        near: Sequence[int] = range(place)
        if len(ordered) > ALL_PAIRS:
            near = sorted({*near[:FIRST], *near[-PREVIOUS:]})
        for earlier in map(ordered.__getitem__, near):
            is_short = min(earlier.anchors, later.anchors) < FEW_ANCHORS
            yield Pair(earlier.rank, later.rank), ENOUGH_VOTES if is_short else 1
