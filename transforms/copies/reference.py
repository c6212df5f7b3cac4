"""The whole search in one process: what the graph has to agree with, and what the benchmarks measure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby

from transforms.copies.candidates import Member, Pair, Voted, candidates, members, partition_votes
from transforms.copies.days import Part, Recurring, parts, recurring, sightings
from transforms.copies.score import Edge, Side, side
from transforms.copies.sketch import DOCUMENTS_IN_RANGE
from transforms.copies.star import assigned, star
from transforms.copies.verify import edges_to
from transforms.elements import Sketch
from transforms.hash_ranges import bits_for

_SIDES = 20_000


def find_copies(sketches: Iterable[Sketch]) -> dict[bytes, Edge]:
    """Every document that is a copy, by rank, with the edge to the one that stands for it.

    Args:
        sketches: of documents with distinct ranks, in any order.
    """
    distinct, equal = collapse(sketches)
    edges = verify(distinct, find_candidates(distinct), recurring_shingles(distinct))
    copies = assigned(star((found.rank for found in distinct), edges), edges)
    for edge in equal:
        head = copies.get(edge.earlier)
        copies[edge.later] = edge if head is None else head._replace(later=edge.later)
    return copies


def collapse(sketches: Iterable[Sketch]) -> tuple[list[Sketch], list[Edge]]:
    """The first sketch of each text, in the order of rank, and an edge to it for every other one."""
    heads = dict[bytes, Sketch]()
    equal = []
    for found in sorted(sketches, key=lambda one: one.rank):
        head = heads.setdefault(found.text_hash, found)
        if head is not found:
            equal.append(Edge(head.rank, found.rank, 1.0, 1.0, ()))
    return list(heads.values()), equal


def find_candidates(sketches: Sequence[Sketch]) -> Iterator[Pair]:
    """Pairs with enough votes, sorted by the later document."""
    groups, bits = defaultdict[int, list[Member]](list), _bits(sketches)
    for found in sketches:
        for key, member in members(found, bits):
            groups[key].append(member)
    votes = defaultdict[bytes, list[Voted]](list)
    for group in groups.values():
        for voted in partition_votes(group):
            votes[voted.later].append(voted)
    for later in sorted(votes):
        yield from candidates(later, votes[later])


def recurring_shingles(sketches: Sequence[Sketch]) -> dict[bytes, list[Recurring]]:
    """By document, what of it was seen on two days or more."""
    groups, bits = defaultdict[int, list[Part]](list), _bits(sketches)
    for found in sketches:
        for key, part in parts(found, bits):
            groups[key].append(part)
    seen = defaultdict[bytes, list[Recurring]](list)
    for group in groups.values():
        for one in recurring(group, sightings(group)):
            seen[one.rank].append(one)
    return seen


def _bits(sketches: Sequence[Sketch]) -> int:
    return bits_for(len(sketches), DOCUMENTS_IN_RANGE)


def verify(sketches: Iterable[Sketch], pairs: Iterable[Pair], seen: dict[bytes, list[Recurring]]) -> list[Edge]:
    """The edges among candidate pairs that are sorted by the later document."""
    by_rank = {found.rank: found for found in sketches}

    @lru_cache(_SIDES)
    def unpacked(rank: bytes) -> tuple[Sketch, Side]:
        return by_rank[rank], side(by_rank[rank], seen.get(rank, ()))

    edges = list[Edge]()
    for later, group in groupby(pairs, key=lambda pair: pair.later):
        edges += edges_to(unpacked(later), (unpacked(pair.earlier) for pair in group))
    return edges
