"""`transforms.copies.star` in rounds: each looks at one document and what its earlier neighbours have told it.

A document that is decided tells its later neighbours once, and is done. Its own fate is decided by the first
neighbour that stands, or by the last one that turns out to be a copy. Few rounds decide nearly all documents (Blelloch
et al. 2012: the depth grows with the logarithm of their number); what is left after them is decided in one place.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Node(NamedTuple):
    """A document that has copies or is one, until it is decided.

    Args:
        waiting: how many of its earlier neighbours are not decided.
        later: its later neighbours, who wait for it.
    """

    rank: bytes
    waiting: int
    later: tuple[bytes, ...]


def node_of(rank: bytes, earlier: Iterable[bytes], later: Iterable[bytes]) -> Node:
    """The node of a document from its edges."""
    return Node(rank, len(set(earlier)), tuple(sorted(set(later))))


def heard(node: Node, news: Iterable[bool]) -> Node | bool:
    """One round for one node.

    Args:
        node: before the round.
        news: of each earlier neighbour that was decided in the round before, whether it stands.

    Returns:
        whether the document stands, once that is decided, else the node as it goes into the next round.
    """
    waiting = node.waiting
    for stands in news:
        if stands:
            return False
        waiting -= 1
    return True if waiting <= 0 else node._replace(waiting=waiting)


def decide_rest(nodes: Iterable[Node], news: Iterable[tuple[bytes, bool]]) -> dict[bytes, bool]:
    """Whether each node that the rounds have left stands: in the order of rank, one by one.

    Args:
        nodes: all that are left.
        news: what the last round told, to any document.
    """
    copies = {rank for rank, stands in news if stands}
    decided: dict[bytes, bool] = {}
    for node in sorted(nodes):
        stands = decided[node.rank] = node.rank not in copies
        if stands:
            copies.update(node.later)
    return decided
