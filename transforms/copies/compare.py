"""Two documents side by side: whether they are copies, and what says so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from transforms.copies.fold import joined, token_spans
from transforms.copies.score import (
    THRESHOLD,
    Features,
    differences,
    differing_numbers,
    features,
    is_mostly_new,
    probability,
    shared,
    side,
    similarity,
)
from transforms.copies.shingles import MAX_WORDS, WORDS_IN_SHINGLE
from transforms.copies.sketch import sketch, sketched_text
from transforms.elements import Difference, Record

_PLACES = 8


class Passage(NamedTuple):
    """A run of common words: from which word to before which one in either text."""

    left_start: int
    left_end: int
    right_start: int
    right_end: int


class Words(NamedTuple):
    """What is compared: a text, and where each of its words begins and ends in it."""

    text: str
    spans: tuple[tuple[int, int], ...]


class Comparison(NamedTuple):
    """The judgement on two documents, without what other documents of a run would add (the weights of days).

    Args:
        is_left_first: whether the left one would stand.
        is_mostly_new: whether the later one has the earlier one as its background only, and is no copy for that.
        passages: maximal common runs, in the order of the left text; moved and repeated ones once.
        left_numbers: words of the left text that are numbers inside of shared passages, and not in the right text.
        right_numbers: the other way round.
    """

    left: Words
    right: Words
    is_left_first: bool
    features: Features
    probability: float
    threshold: float
    is_copy: bool
    is_mostly_new: bool
    similarity: float
    differs: tuple[Difference, ...]
    passages: tuple[Passage, ...]
    left_numbers: tuple[int, ...]
    right_numbers: tuple[int, ...]


def compare(left: Record, right: Record) -> Comparison:
    """Compare two records as the pipeline would, were they all that it knows.

    Equal texts are copies without a score: their probability and similarity are 1.
    """
    sketches = sketch(left), sketch(right)
    sides = side(sketches[0]), side(sketches[1])
    both = shared(*sides)
    found = features(*sides, both)
    is_equal = sketches[0].text_hash == sketches[1].text_hash
    chance = 1.0 if is_equal else probability(found)
    is_left_first = sketches[0].rank <= sketches[1].rank
    first, second = (0, 1) if is_left_first else (1, 0)
    in_order = shared(sides[first], sides[second])
    differs = differences(sketches[first], sketches[second], sides[first], sides[second], in_order)
    is_new = is_mostly_new(sketches[first], sketches[second], sides[second], in_order)
    numbers = differing_numbers(*sides, both)
    return Comparison(
        left=_words(left),
        right=_words(right),
        is_left_first=is_left_first,
        features=found,
        probability=chance,
        threshold=THRESHOLD,
        is_copy=chance >= THRESHOLD and not is_new,
        is_mostly_new=is_new,
        similarity=1.0 if is_equal else similarity(*sides, both),
        differs=differs,
        passages=tuple(passages(sides[0].sequence.tolist(), sides[1].sequence.tolist())),
        left_numbers=tuple(numbers[0]),
        right_numbers=tuple(numbers[1]),
    )


def passages(left: Sequence[int], right: Sequence[int]) -> Iterable[Passage]:
    """Maximal common runs of two sequences of shingles, found from left to right, the longest at each place.

    Of a shingle that stands in many places of the right text, the first few are tried: a bound on texts that repeat
    themselves.
    """
    places = defaultdict[int, list[int]](list)
    for place, shingle in enumerate(right):
        if len(places[shingle]) < _PLACES:
            places[shingle].append(place)
    start = 0
    while start < len(left):
        runs = [(_run(left, start, right, other), -other) for other in places.get(left[start], ())]
        length, other = max(runs, default=(0, 0))
        if length:
            words = length + WORDS_IN_SHINGLE - 1
            yield Passage(start, start + words, -other, -other + words)
        start += max(1, length)


def _run(left: Sequence[int], start: int, right: Sequence[int], other: int) -> int:
    bound = min(len(left) - start, len(right) - other)
    return next((step for step in range(bound) if left[start + step] != right[other + step]), bound)


def _words(record: Record) -> Words:
    text = joined(sketched_text(record))
    return Words(text, tuple(token_spans(text)[:MAX_WORDS]))
