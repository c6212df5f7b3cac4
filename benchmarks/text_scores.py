"""How much of a human's text of an article was found: F1 of word 4-grams, as article extraction benchmarks have it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

GRAM = 4
_WORD = re.compile(r"\w+")


def words_of(text: str) -> list[str]:
    """The words that are compared."""
    return _WORD.findall(text.replace("\u00ad", ""))


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """The multiset of four words in a row; of a shorter text, of all its words."""
    words = words_of(text)
    return Counter(tuple(words[at : at + GRAM]) for at in range(max(len(words) - GRAM + 1, min(len(words), 1))))


def prf(found: str, truth: str) -> tuple[float, float, float]:
    """True positives, false positives and false negatives of a page's 4-grams, as shares of their sum."""
    one, other = shingles(found), shingles(truth)
    counts = [sum(part.values()) for part in (one & other, one - other, other - one)]
    total = sum(counts)
    hit, surplus, missing = (count / total if total else 0.0 for count in counts)
    return (hit, surplus, missing) if total else (1.0, 0.0, 0.0)


def f1(rows: Iterable[tuple[float, float, float]]) -> tuple[float, float, float]:
    """F1 of mean precision and mean recall, and these, each over the pages where it is defined."""
    kept = list(rows)
    precisions = [hit / (hit + surplus) for hit, surplus, _ in kept if hit + surplus]
    recalls = [hit / (hit + missing) for hit, _, missing in kept if hit + missing]
    precision, recall = (sum(values) / max(len(values), 1) for values in (precisions, recalls))
    return 2 * precision * recall / max(precision + recall, 1e-9), precision, recall
