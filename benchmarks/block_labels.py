"""Which blocks of a page are its article, by aligning them with a human's text of it."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.text_scores import GRAM, words_of

MIN_COVER = 0.3
WHOLE_LINE, PART_OF_LINE = 1.0, 0.51
_MIN_STRAY_WORDS = 6
_MAX_PLACES = 12


class _Match(NamedTuple):
    block: int
    places: list[int]
    weight: int
    words: int


def cover(texts: list[str], truth: str) -> NDArray[np.float64]:
    """For each block the share of its words that stand in the truth.

    Found by runs of four words; blocks of fewer words count where the truth has them in a row. Of blocks that stand
    there twice, and of those out of order, only the heaviest chain that ascends through the truth counts, and beside
    it what covers a part of the truth that nothing else covers.
    """
    wanted = words_of(truth)
    shares, matches = _matches(texts, truth, wanted)
    chain = _heaviest_chain(matches, len(wanted))
    found = np.zeros(len(texts))
    is_used = np.zeros(len(wanted), bool)
    for block, place in sorted(chain.items()):
        found[block] = shares[block]
        is_used[max(0, place) : place + len(words_of(texts[block]))] = True
    for match in matches:
        if match.block in chain or match.weight < _MIN_STRAY_WORDS:
            continue
        free = [place for place in match.places if not is_used[max(0, place) : place + match.weight].any()]
        if free:
            found[match.block] = shares[match.block]
            is_used[max(0, free[0]) : free[0] + match.weight] = True
    return found


def _matches(texts: list[str], truth: str, wanted: list[str]) -> tuple[NDArray[np.float64], list[_Match]]:
    grams, singles = defaultdict(list), defaultdict(list)
    for place in range(len(wanted) - GRAM + 1):
        grams[tuple(wanted[place : place + GRAM])].append(place)
    for place, word in enumerate(wanted):
        singles[word].append(place)
    lines = {tuple(words_of(line)) for line in truth.split("\n")}
    shares = np.zeros(len(texts))
    matches: list[_Match] = []
    for block, text in enumerate(texts):
        own = words_of(text)
        if not own:
            continue
        if len(own) < GRAM:
            hits = [place for place in singles.get(own[0], ()) if wanted[place : place + len(own)] == own]
            if hits:
                shares[block] = WHOLE_LINE if tuple(own) in lines else PART_OF_LINE
                matches.append(_Match(block, hits[:_MAX_PLACES], len(own), len(own)))
            continue
        is_covered = np.zeros(len(own), bool)
        starts: list[int] = []
        for at in range(len(own) - GRAM + 1):
            if hit := grams.get(tuple(own[at : at + GRAM])):
                is_covered[at : at + GRAM] = True
                starts = starts or [place - at for place in hit]
        shares[block] = is_covered.mean()
        if shares[block] >= MIN_COVER:
            matches.append(_Match(block, starts[:_MAX_PLACES], int(is_covered.sum()), len(own)))
    return shares, matches


def _heaviest_chain(matches: list[_Match], size: int) -> dict[int, int]:
    """Block to place of the heaviest chain that ascends in both, by a Fenwick tree over the places."""
    items = sorted(
        ((it.block, min(max(place, 0), size), place, it.weight) for it in matches for place in it.places),
        key=lambda item: (item[0], -item[1]),
    )
    best: list[tuple[int, int]] = [(0, -1)] * (size + 3)
    before = [-1] * len(items)
    for number, (_, place, _, weight) in enumerate(items):
        at, found = place, (0, -1)
        while at > 0:
            found = max(found, best[at])
            at -= at & -at
        before[number] = found[1]
        value, at = (found[0] + weight, number), place + 1
        while at < len(best):
            best[at] = max(best[at], value)
            at += at & -at
    at, found = size + 1, (0, -1)
    while at > 0:
        found = max(found, best[at])
        at -= at & -at
    chain: dict[int, int] = {}
    number = found[1]
    while number >= 0:
        block, _, place, _ = items[number]
        chain[block] = place
        number = before[number]
    return chain
