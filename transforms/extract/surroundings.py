"""What a first model thinks of the blocks around a block: the context in which the second one judges."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from transforms.extract.block_places import Layout, Sums, shifted
from transforms.extract.block_text import Columns, Floats
from transforms.extract.blocks import Ints, Nodes

_SURE, _SURE_WORDS, _LIKELY, _CORE = 0.5, 12, 0.3, 0.7
_FAR, _MAX_LEVELS, _MAX_RUN = 40, 24, 20


def surrounding_columns(score: Floats, layout: Layout, nodes: Nodes) -> Columns:
    """Columns named ``score…`` from the first model's score of each block.

    Means are weighted by words and leave the block itself out, so that they say what its surroundings say.
    """
    places = np.arange(len(score))
    mass = Sums(score * layout.words, nodes)
    words = Sums(layout.words, nodes)
    sure = np.flatnonzero((score > _SURE) & (layout.words >= _SURE_WORDS))
    found: dict[str, NDArray[np.generic]] = {"score": score}
    found |= {f"score{step:+d}": shifted(score, step, 0) for step in (-4, -3, -2, -1, 1, 2, 3, 4)}
    found |= _means(score, layout, mass, words)
    found |= {
        "score.mass": np.full(len(score), np.log1p(mass.total)),
        "score.before": mass.before[:-1] / mass.total,
        "score.after": (mass.total - mass.before[1:]) / mass.total,
        "score.best": np.full(len(score), score.max()),
        "score.sure": np.full(len(score), np.log1p(len(sure))),
        "score.parent_sure": _share_of_sure(layout.parent, layout.words, sure),
    }
    found |= _distances(places, sure if len(sure) else np.array([int((score * np.sqrt(layout.words)).argmax())]))
    found |= _core(places, mass, nodes)
    found |= {"score.unlikely_before": _run_before(score < _LIKELY)}
    return {name: values.astype(np.float32) for name, values in found.items()}


def _means(score: Floats, layout: Layout, mass: Sums, words: Sums) -> dict[str, NDArray[np.generic]]:
    own = score * layout.words
    found: dict[str, NDArray[np.generic]] = {}
    for name, group in (("make", layout.make), ("parent", layout.parent)):
        total, size = np.bincount(group, own)[group], np.bincount(group, layout.words)[group]
        found[f"score.{name}"] = total / size
        found[f"score.{name}_others"] = (total - own + _LIKELY) / (size - layout.words + 1)
    for name, node in (("above2", layout.grandparent), ("above3", layout.great_grandparent)):
        found[f"score.{name}"] = (mass.within(node) - own) / np.maximum(words.within(node) - layout.words, 1)
    for reach in (2, 5):
        low, high = _window(len(score), reach)
        around = mass.before[high] - mass.before[low] - own
        found[f"score.around{reach}"] = around / np.maximum(words.before[high] - words.before[low] - layout.words, 1)
    return found


def _window(size: int, reach: int) -> tuple[Ints, Ints]:
    places = np.arange(size)
    return np.maximum(places - reach, 0), np.minimum(places + reach + 1, size)


def _share_of_sure(parent: Ints, words: Floats, sure: Ints) -> NDArray[np.float64]:
    weights = np.zeros(len(words))
    weights[sure] = words[sure]
    found: NDArray[np.float64] = np.bincount(parent, weights)[parent] / max(weights.sum(), 1)
    return found


def _distances(places: Ints, sure: Ints) -> dict[str, NDArray[np.generic]]:
    """In blocks: to the first and last sure one, and to the nearest on either side."""
    before = np.searchsorted(sure, places) - 1
    after = np.searchsorted(sure, places, side="right")
    none = _MAX_RUN + 1
    gap_before = np.minimum(places - sure[np.maximum(before, 0)], _MAX_RUN)
    gap_after = np.minimum(sure[np.minimum(after, len(sure) - 1)] - places, _MAX_RUN)
    return {
        "score.from_first": np.clip(places - sure[0], -_FAR, _FAR),
        "score.from_last": np.clip(places - sure[-1], -_FAR, _FAR),
        "score.since_sure": np.where(before >= 0, gap_before, none),
        "score.until_sure": np.where(after < len(sure), gap_after, none),
    }


def _core(places: Ints, mass: Sums, nodes: Nodes) -> dict[str, NDArray[np.generic]]:
    """The core is the deepest element with seven tenths of the score; how many levels up a block shares with it."""
    holding = np.flatnonzero(mass.within(np.arange(len(nodes.tag))) >= _CORE * mass.total)
    node = int(holding[-1]) if len(holding) else 0  # nodes are in document order: the last that holds it is deepest
    in_core = (places >= nodes.first[node]) & (places < nodes.last[node])
    levels = np.zeros(len(places), np.int64)
    for _ in range(_MAX_LEVELS):
        levels += (places < nodes.first[node]) | (places >= nodes.last[node])
        if node == 0:
            break
        node = int(nodes.parent[node])
    return {"score.in_core": in_core, "score.core_levels": levels}


def _run_before(condition: NDArray[np.bool_]) -> Ints:
    """How many blocks in a row just before each meet the condition."""
    places = np.arange(len(condition))
    last_other = np.maximum.accumulate(np.where(condition, -1, places))
    ending_here = places - last_other
    return np.minimum(np.concatenate(([0], ending_here[:-1])), _MAX_RUN)
