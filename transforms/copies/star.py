"""Who stands for whom: the lexicographically first maximal independent set of the copies' graph, by rank.

The earliest document stands. A document with an earlier neighbour that stands is a copy, of the most probable such
neighbour; every other one stands. Copies never chain: no two that stand are neighbours, and a copy is always a
neighbour of the one that stands for it. `transforms.copies.rounds` finds the same set without seeing the whole graph.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from transforms.copies.score import Edge

SURE = 0.8


def star(ranks: Iterable[bytes], edges: Iterable[Edge]) -> set[bytes]:
    """Those of the documents that stand.

    Args:
        ranks: of all documents.
        edges: the copies among them, in any order.
    """
    earlier = defaultdict[bytes, list[bytes]](list)
    for edge in edges:
        earlier[edge.later].append(edge.earlier)
    standing = set[bytes]()
    for rank in sorted(ranks):
        if standing.isdisjoint(earlier[rank]):
            standing.add(rank)
    return standing


def best(edges: Iterable[Edge]) -> Edge:
    """Of a copy's edges to documents that stand, the most probable by tenths; ties go to the earliest document.

    Above `SURE` all are equal: what copies a story also resembles the round-ups that took the story in, and often more.
    """
    return min(edges, key=lambda edge: (-min(round(edge.probability, 1), SURE), edge.earlier))


def assigned(standing: set[bytes], edges: Iterable[Edge]) -> dict[bytes, Edge]:
    """The copies, by rank, each with the edge to the document that stands for it."""
    found = defaultdict[bytes, list[Edge]](list)
    for edge in edges:
        if edge.earlier in standing:
            found[edge.later].append(edge)
    return {later: best(some) for later, some in found.items()}
