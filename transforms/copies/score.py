"""Are two documents copies: three features and a logistic function.

The coefficients are in ``model.toml``, with the figures they had; `benchmarks/train_copies.py` writes it.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Iterator
from importlib import resources
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from transforms.copies.days import Recurring, weights
from transforms.copies.shingles import DIGITS, WORDS_IN_SHINGLE, Positions, Shingles, as_shingles
from transforms.elements import Difference, Sketch

_MODEL = tomllib.loads(resources.files("transforms.copies").joinpath("model.toml").read_text("utf-8"))
THRESHOLD: float = _MODEL["threshold"]
COEFFICIENTS: tuple[float, ...] = tuple(_MODEL["coefficients"].values())
INTERCEPT: float = _MODEL["intercept"]

LONGER = 1.25
"""A copy with so many times the words of the standing text says so."""

GROWN, OF_IT = 2.0, 0.4
"""A later text of more than `GROWN` times the words, of which less than `OF_IT` is in the earlier one, is news with an
old story as its background, and no copy: nothing else would show what is new in it."""

HEAD = 40
"""Shingles that count as the head of a text."""

NEAR = 8
"""Words between a number and the shared words around it, at most."""

_ENOUGH_DIGITS = 12
_DOUBT = 8.0
"""Added to the size of the smaller text: that all of a few words stand elsewhere says little."""


class Side(NamedTuple):
    """One document of a comparison: its sketch unpacked, and what it weighs.

    Args:
        sequence: the shingles in order.
        values: each of them once, sorted.
        first: where each value stands first.
        weights: of each value.
        weight: their sum.
        numbers: place and hash of each number.
        known: the hashes of the numbers.
    """

    sequence: Shingles
    values: Shingles
    first: Positions
    weights: NDArray[np.float32]
    weight: float
    numbers: tuple[tuple[int, int], ...]
    known: frozenset[int]


class Features(NamedTuple):
    """What the model looks at.

    Args:
        containment: weighted share of the smaller document's shingles that the other one has.
        head: how many of the first `HEAD` shingles the other one has, as a share of `HEAD`; the larger of both sides.
        contradiction: share of the digits in shared passages that belong to numbers the other one has not; a few
            digits count less, none 0.
    """

    containment: float
    head: float
    contradiction: float


class Edge(NamedTuple):
    """Two documents that are copies, by rank."""

    earlier: bytes
    later: bytes
    probability: float
    similarity: float
    differs: tuple[Difference, ...]


class Shared(NamedTuple):
    """Where the common shingles stand: for each document, whether each place of the sequence first shows one."""

    left: NDArray[np.bool_]
    right: NDArray[np.bool_]
    weight: float
    amount: int


def side(sketch: Sketch, seen: Iterable[Recurring] = ()) -> Side:
    """Unpack a sketch. ``seen`` says which of its shingles recur on other days, as far as that is known."""
    sequence = as_shingles(sketch.shingles)
    values, first = np.unique(sequence, return_index=True)
    weighed = weights(values, seen)
    numbers = as_shingles(sketch.numbers).tolist()
    places = np.frombuffer(sketch.number_places, "<u2").tolist()
    numbered = tuple(zip(places, numbers, strict=True))
    return Side(sequence, values, first, weighed, float(weighed.sum()), numbered, frozenset(numbers))


def shared(left: Side, right: Side) -> Shared:
    """Find what two documents have in common."""
    in_left, in_right = np.zeros(len(left.sequence), np.bool_), np.zeros(len(right.sequence), np.bool_)
    if not len(left.values) or not len(right.values):
        return Shared(in_left, in_right, 0.0, 0)
    places = np.minimum(np.searchsorted(right.values, left.values), len(right.values) - 1)
    is_common = right.values[places] == left.values
    common = places[is_common]
    in_left[left.first[is_common]] = True
    in_right[right.first[common]] = True
    weight = min(float(left.weights[is_common].sum()), float(right.weights[common].sum()))
    return Shared(in_left, in_right, weight, len(common))


def features(left: Side, right: Side, both: Shared) -> Features:
    """The three features of a pair; all 0 where nothing is shared."""
    if not both.amount:
        return Features(0.0, 0.0, 0.0)
    heads = (int(found[:HEAD].sum()) / HEAD for found in (both.left, both.right))
    return Features(
        containment(left, right, both),
        max(heads),
        _contradiction(left, right, both),
    )


def containment(left: Side, right: Side, both: Shared) -> float:
    """The first of the features."""
    return both.weight / (min(left.weight, right.weight) + _DOUBT)


def probability(found: Features) -> float:
    """That the two are copies, 0 to 1; below `THRESHOLD` they are not."""
    score = INTERCEPT + sum(factor * value for factor, value in zip(COEFFICIENTS, found, strict=True))
    return 1 / (1 + math.exp(-score))


def judge(earlier: tuple[Sketch, Side], later: tuple[Sketch, Side], both: Shared) -> Edge | None:
    """The edge between two documents, or None where they are no copies.

    Args:
        earlier: sketch and `side` of the document of lower rank.
        later: of the other one.
        both: what they share.
    """
    (first, left), (second, right) = earlier, later
    if probability(Features(containment(left, right, both), 1.0, 0.0)) < THRESHOLD:
        return None  # most candidates: nothing else could raise it
    chance = probability(features(left, right, both))
    if chance < THRESHOLD:
        return None
    if is_mostly_new(first, second, right, both):
        return None
    differs = differences(first, second, left, right, both)
    return Edge(first.rank, second.rank, chance, similarity(left, right, both), differs)


def is_mostly_new(first: Sketch, second: Sketch, right: Side, both: Shared) -> bool:
    """Whether a later text only has an earlier one as its background (see `GROWN`).

    Args:
        first: the document of lower rank.
        second: the other one.
        right: the side of the latter.
        both: what they share.
    """
    return second.words > GROWN * first.words and both.amount < OF_IT * len(right.values)


def similarity(left: Side, right: Side, both: Shared) -> float:
    """The share of the shorter text's word triples that the other one has too; it hangs on no other document."""
    return round(both.amount / max(1, min(len(left.values), len(right.values))), 4)


def differences(first: Sketch, second: Sketch, left: Side, right: Side, both: Shared) -> tuple[Difference, ...]:
    """What a reader of the first text should know of the second."""
    found = list[Difference]()
    if all(map(len, differing_numbers(left, right, both))):
        found.append("numbers")
    if second.words >= LONGER * first.words:
        found.append("longer")
    return tuple(found)


def differing_numbers(left: Side, right: Side, both: Shared) -> tuple[list[int], list[int]]:
    """The numbers that only one of two texts has, inside of passages that both have: the words where they stand."""
    return (
        [place for place, number in _inside(left, both.left) if number not in right.known],
        [place for place, number in _inside(right, both.right) if number not in left.known],
    )


def _contradiction(left: Side, right: Side, both: Shared) -> float:
    """Seen from the document that has fewer digits in shared passages; few digits say little either way."""
    seen = []
    for here, there, is_shared in ((left, right, both.left), (right, left, both.right)):
        total = other = 0
        for _, number in _inside(here, is_shared):
            total += number & DIGITS
            other += 0 if number in there.known else number & DIGITS
        seen.append((total, other))
    total, other = min(seen)
    return other / total * min(total, _ENOUGH_DIGITS) / _ENOUGH_DIGITS if total else 0.0


def _inside(side: Side, is_shared: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """The numbers (place, hash) inside of shared passages: shared words at most `NEAR` away on both sides."""
    shown = is_shared.tobytes()
    for place, number in side.numbers:
        covering = max(0, place - WORDS_IN_SHINGLE + 1)
        if 1 in shown[covering : place + 1] or (
            1 in shown[max(0, covering - NEAR) : covering] and 1 in shown[place + 1 : place + 1 + NEAR]
        ):
            yield place, number
