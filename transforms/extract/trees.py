"""Ensembles of decision trees on arrays, without the library that grew them."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

MAX_LEAVES = 16
_ROWS = 256


class Trees(NamedTuple):
    """Boosted trees of at most `MAX_LEAVES` leaves, as QuickScorer has them (Lucchese et al., SIGIR 2015).

    A tree is a set of leaves from left to right; every test that fails (value above its threshold) clears the leaves
    on its left side, and the first leaf that is left is the tree's answer. So all tests of all trees are one
    comparison of two arrays.

    Args:
        names: the features read, in the order that ``feature`` counts.
        feature: of each test.
        threshold: of each test.
        cleared: the leaves that each test clears, a bit each.
        start: the first test of each tree.
        leaf: the values of the leaves, tree by tree, `MAX_LEAVES` each.
    """

    names: tuple[str, ...]
    feature: NDArray[np.int16]
    threshold: Floats
    cleared: NDArray[np.uint16]
    start: NDArray[np.int32]
    leaf: Floats


def stacked(trees: Trees, columns: Mapping[str, Floats]) -> Floats:
    """The columns that the trees read, one row a feature."""
    return np.array([columns[name] for name in trees.names], np.float32)


def probabilities(trees: Trees, rows: Floats) -> Floats:
    """The trees' probability for each block.

    Args:
        trees: the model.
        rows: one row a feature, one column a block.
    """
    sums = np.concatenate([_sums(trees, rows[:, at : at + _ROWS]) for at in range(0, rows.shape[1], _ROWS)])
    found: Floats = 1 / (1 + np.exp(-sums))
    return found


def _sums(trees: Trees, rows: Floats) -> Floats:
    found: Floats = trees.leaf[_leaves(trees, rows)].sum(axis=0)
    return found


def _leaves(trees: Trees, rows: Floats) -> NDArray[np.int64]:
    """The index of each tree's answer among all leaves: one row a tree, one column a block."""
    is_above = rows[trees.feature] > trees.threshold[:, None]
    cleared = np.bitwise_or.reduceat(is_above * trees.cleared[:, None], trees.start, axis=0)
    left = ~cleared
    lowest = (left & -left).astype(np.float32)
    place = np.frexp(lowest)[1] - 1
    return place + MAX_LEAVES * np.arange(len(trees.start))[:, None]


def contributions(trees: Trees, rows: Floats, block: int) -> list[tuple[str, float]]:
    """How much each feature spoke for (above 0) or against one block, in log odds, strongest first.

    By ablation: the sum without a feature is taken with its median over the page's other blocks.
    """
    own = rows[:, block : block + 1]
    usual = np.median(rows, axis=1)
    changed = np.repeat(own, len(trees.names), axis=1)
    np.fill_diagonal(changed, usual)
    effects = _sums(trees, own)[0] - _sums(trees, changed)
    order = np.argsort(-np.abs(effects), kind="stable")
    return [(trees.names[at], float(effects[at])) for at in order]


_TYPES = {"feature": np.int16, "threshold": np.float32, "cleared": np.uint16, "start": np.int32, "leaf": np.float32}


def as_json(trees: Trees) -> dict[str, Any]:
    """For a JSON file: the names, and the arrays compressed in base 64."""
    arrays = {name: getattr(trees, name).astype(kind).tobytes() for name, kind in _TYPES.items()}
    return {
        "names": list(trees.names),
        **{name: base64.b64encode(zlib.compress(data, 9)).decode() for name, data in arrays.items()},
    }


def from_json(row: Mapping[str, Any]) -> Trees:
    """What `as_json` wrote."""
    arrays = {name: np.frombuffer(zlib.decompress(base64.b64decode(row[name])), kind) for name, kind in _TYPES.items()}
    return Trees(tuple(row["names"]), **arrays)
