"""Which documents are worth comparing: those that share anchors, in bounded number.

Anchors meet by range: all anchors of one range (a *partition*) are looked at in one place, as arrays. There are as many
partitions as keep each at some 100,000 anchors, whatever the size of the corpus.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from transforms.copies.shingles import Hashes, anchors, as_shingles, within
from transforms.copies.sketch import is_known
from transforms.elements import Sketch

ALL_PAIRS = 60
FIRST = 5
PREVIOUS = 3
ENOUGH_VOTES = 2
FEW_ANCHORS = 8
_PAIRS_AT_ONCE = 1 << 21
_ANCHOR_BITS = 64

Numbers = NDArray[np.int64]


class Member(NamedTuple):
    """A document in a partition: its rank, how many anchors it has in all, and those of the partition (packed)."""

    rank: bytes
    anchors: int
    keys: bytes


class Pair(NamedTuple):
    """The ranks of two documents that may be copies."""

    earlier: bytes
    later: bytes


class Voted(NamedTuple):
    """What one partition says of a document: earlier ones that it shares anchors with, and a vote or more for each.

    Args:
        later: the rank of the document.
        earlier: the ranks of the others, joined.
        votes: one byte each.
    """

    later: bytes
    earlier: bytes
    votes: bytes


def members(found: Sketch, bits: int) -> Iterator[tuple[int, Member]]:
    """A sketch's anchors, keyed by partition: the highest ``bits`` of each."""
    keys = anchors(as_shingles(found.shingles)).keys  # sorted
    places = keys >> np.uint64(_ANCHOR_BITS - bits) if bits else np.zeros(len(keys), np.uint64)
    chosen, starts = np.unique(places, return_index=True)
    for partition, some in zip(chosen.tolist(), np.split(keys, starts[1:]), strict=False):
        yield partition, Member(found.rank, len(keys), some.astype("<u8").tobytes())


def partition_votes(group: Iterable[Member]) -> Iterator[Voted]:
    """The pairs of one partition with their votes.

    Documents that have an anchor in common are its bucket. In one of more than `ALL_PAIRS` each document meets only the
    `FIRST` of the bucket and the `PREVIOUS` before it, which is a linear number: the first ones stand, if the bucket is
    one cluster, and what only shares a passage with them has its own copies near in time.

    One common anchor is chance or a borrowed sentence, so a pair needs `ENOUGH_VOTES`, summed over all partitions. One
    of the two with hardly any anchors (a teaser) gives the votes at once. Two documents that stood before this run are
    no pair.
    """
    ordered = sorted(set(group))
    if len(ordered) < 2:
        return
    keys = np.frombuffer(b"".join(member.keys for member in ordered), "<u8")
    sizes = np.array([len(member.keys) // 8 for member in ordered], np.int64)
    size = len(ordered[0].rank)
    ranks = np.frombuffer(b"".join(member.rank for member in ordered), np.uint8).reshape(-1, size)
    is_short = np.array([member.anchors < FEW_ANCHORS for member in ordered])
    known = sum(is_known(member.rank) for member in ordered)
    for later, earlier in _pairs(keys, sizes, known):
        if not len(later):
            continue
        votes = np.where(is_short[later] | is_short[earlier], ENOUGH_VOTES, 1)
        pairs, places = np.unique(later * len(ordered) + earlier, return_inverse=True)
        summed = np.minimum(np.bincount(places, votes), 255).astype(np.uint8)
        later, earlier = np.divmod(pairs, len(ordered))
        chosen, starts = np.unique(later, return_index=True)
        for document, start, end in zip(chosen, starts, np.append(starts[1:], len(later)), strict=True):
            yield Voted(ranks[document].tobytes(), ranks[earlier[start:end]].tobytes(), summed[start:end].tobytes())


def _pairs(keys: Hashes, sizes: Numbers, known: int) -> Iterator[tuple[Numbers, Numbers]]:
    """The numbers of the later and the earlier document of each pair, a bounded amount at once.

    Args:
        keys: the anchors of all documents, one document after the other.
        sizes: how many anchors each document has.
        known: so many of the first documents are no pairs among themselves.
    """
    documents = np.repeat(np.arange(len(sizes)), sizes)
    order = np.argsort(keys, kind="stable")
    begins = np.flatnonzero(np.concatenate(([True], keys[order][1:] != keys[order][:-1])))
    lengths = np.diff(np.append(begins, len(keys)))
    bucket_start, bucket_length = np.empty(len(keys), np.int64), np.empty(len(keys), np.int64)
    place = np.empty(len(keys), np.int64)
    bucket_start[order], bucket_length[order] = np.repeat(begins, lengths), np.repeat(lengths, lengths)
    place[order] = np.arange(len(keys)) - np.repeat(begins, lengths)
    is_all = (bucket_length <= ALL_PAIRS) | (place <= FIRST + PREVIOUS)
    amounts = np.where(is_all, place, FIRST + PREVIOUS)
    amounts[documents < known] = 0
    by_place = documents[order]
    totals = np.cumsum(amounts)
    starts = np.concatenate(([0], np.cumsum(sizes)))  # a document's pairs stay together
    start = 0
    while start < len(sizes):
        before = totals[starts[start] - 1] if starts[start] else 0
        end = max(start + 1, int(np.searchsorted(totals[starts[1:] - 1], before + _PAIRS_AT_ONCE, "right")))
        some = slice(starts[start], starts[end])
        amount = amounts[some]
        number = within(amount)
        skips = np.repeat(np.where(is_all[some], 0, place[some] - FIRST - PREVIOUS), amount)
        number += np.where(number >= FIRST, skips, 0)
        yield np.repeat(documents[some], amount), by_place[np.repeat(bucket_start[some], amount) + number]
        start = end


def candidates(later: bytes, found: Iterable[Voted]) -> Iterator[Pair]:
    """The pairs of a document that have enough votes.

    Args:
        later: its rank.
        found: what each partition says of it.
    """
    size, votes = len(later), dict[bytes, int]()
    for some in found:
        for place, vote in enumerate(some.votes):
            earlier = some.earlier[place * size : (place + 1) * size]
            votes[earlier] = votes.get(earlier, 0) + vote
    yield from (Pair(earlier, later) for earlier, vote in sorted(votes.items()) if vote >= ENOUGH_VOTES)
