"""The copies of one document among the earlier ones that it shares anchors with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from transforms.copies.score import Edge, Side, judge, shared
from transforms.elements import Sketch

_MOST = 0.7
_OWN = 0.25


def edges_to(later: tuple[Sketch, Side], earlier: Iterable[tuple[Sketch, Side]]) -> list[Edge]:
    """The edges from a document to the earlier ones whose copy it is.

    A round-up that joins two texts has edges to both, each over its own part: it gets none and stands by itself, for
    neither text stands for it.

    Args:
        later: sketch and side of the document.
        earlier: of each of its candidates, all of lower rank.
    """
    found, covered = list[Edge](), dict[str, NDArray[np.bool_]]()
    for other in earlier:
        both = shared(other[1], later[1])
        edge = judge(other, later, both)
        if edge is not None:
            found.append(edge)
            # Two versions of one article are one text of the two that a round-up would join.
            covered[other[0].id] = covered.get(other[0].id, False) | both.right
    return [] if is_roundup(later[1], list(covered.values())) else found


def is_roundup(side: Side, covered: Sequence[NDArray[np.bool_]]) -> bool:
    """Whether two other texts each cover a part of this one that the other does not, and none covers most of it.

    Args:
        side: the later document.
        covered: the places of its sequence that each of its earlier copies has too (see `Shared`).
    """
    if len(covered) < 2:
        return False
    weights = np.zeros(len(side.sequence), np.float32)
    weights[side.first] = side.weights / side.weight
    parts = np.array(covered, np.float32)
    weighed = parts * weights
    sizes = weighed.sum(axis=1)
    if sizes.max() >= _MOST:
        return False
    beyond = sizes[:, None] - weighed @ parts.T
    return bool(((beyond >= _OWN) & (beyond.T >= _OWN)).any())
