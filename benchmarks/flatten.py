"""LightGBM's trees to the arrays of `transforms.extract.trees`."""

from __future__ import annotations

from typing import Any

import numpy as np

from transforms.extract.trees import MAX_LEAVES, Trees

_ALL = (1 << MAX_LEAVES) - 1


def flattened(booster: Any, names: tuple[str, ...]) -> Trees:
    """The trees of a booster whose columns have these names; columns that no tree reads are left out."""
    features: list[int] = []
    thresholds: list[float] = []
    cleared: list[int] = []
    starts: list[int] = []
    leaves: list[float] = []
    for tree in booster.dump_model()["tree_info"]:
        starts.append(len(features))
        own: list[float] = []
        _collect(tree["tree_structure"], features, thresholds, cleared, own)
        if starts[-1] == len(features):  # a tree of one leaf: a test that never fails
            features.append(0)
            thresholds.append(np.inf)
            cleared.append(0)
        leaves += own + [0.0] * (MAX_LEAVES - len(own))
    used = sorted(set(features))
    place = {feature: at for at, feature in enumerate(used)}
    return Trees(
        tuple(names[feature] for feature in used),
        np.array([place[feature] for feature in features], np.int16),
        _rounded_down(np.array(thresholds)),
        np.array(cleared, np.uint16),
        np.array(starts, np.int32),
        np.array(leaves, np.float32),
    )


def _collect(
    node: dict[str, Any], features: list[int], thresholds: list[float], cleared: list[int], leaves: list[float]
) -> int:
    """Append a node and all below it; the set of its leaves, a bit each."""
    if "split_feature" not in node:
        leaves.append(node["leaf_value"])
        return 1 << (len(leaves) - 1)
    own = len(features)
    features.append(node["split_feature"])
    thresholds.append(node["threshold"])
    cleared.append(0)
    left = _collect(node["left_child"], features, thresholds, cleared, leaves)
    right = _collect(node["right_child"], features, thresholds, cleared, leaves)
    cleared[own] = left & _ALL
    return left | right


def _rounded_down(values: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """As 32-bit numbers that no value of 32 bits passes which the original does not pass."""
    near = values.astype(np.float32)
    return np.where(near > values, np.nextafter(near, np.float32(-np.inf)), near).astype(np.float32)
