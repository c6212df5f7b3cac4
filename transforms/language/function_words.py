"""Tells neighbouring languages apart by their function words.

The oldest method of language identification (Grefenstette 1995, "Comparing two language identification schemes") is
still the surest between close relatives: to a model of letters Croatian and Serbian, or German and Swiss German, are
nearly one language, while their words for "and", "is", "not" and "where" differ.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import NamedTuple, Self

WORD_ODDS = 6.0
"""What one word that only one of two neighbours lists does to the odds between them."""

NEWCOMER_ODDS = 1 / 8
"""What a language that the detector lacks starts with, against the one it found: two words win, one does not."""

_MOST_WORDS = 20
# Neither parts of a compound ("E-Auto") nor initials ("E. Muster").
_WORD = re.compile(r"(?<![\w-])(?!\w\.)[^\W\d_]{1,40}(?:'[^\W\d_]{1,40})?(?![\w-])")


class WordList(NamedTuple):
    """A language's function words, and the stems that any ending may follow."""

    words: frozenset[str]
    stems: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads words parted by space; a trailing `*` marks a stem."""
        listed = text.split()
        return cls(
            frozenset(w for w in listed if not w.endswith("*")),
            tuple(w.removesuffix("*") for w in listed if w.endswith("*")),
        )

    def count(self, words: Sequence[str]) -> int:
        """Counts the words that are listed; they come in lower case."""
        return sum(word in self.words or word.startswith(self.stems) for word in words)


@cache
def families() -> tuple[dict[str, WordList], ...]:
    """Returns the groups of neighbours, each from a language's code to its words."""
    raw = resources.files(__package__).joinpath("function_words.toml").read_text(encoding="utf-8")
    return tuple({code: WordList.parse(w) for code, w in group.items()} for group in tomllib.loads(raw).values())


def family(code: str) -> dict[str, WordList]:
    """Returns the group that `code` belongs to; empty for a language without near neighbours."""
    return next((group for group in families() if code in group), {})


def split(text: str) -> list[str]:
    """Returns the words of a text in lower case, a contraction as one, without initials and abbreviations."""
    found = _WORD.findall(text.replace("’", "'"))
    return [word.lower() for word in found if len(word) == 1 or not word.isupper()]


def reweigh(probabilities: Mapping[str, float], words: Sequence[str]) -> dict[str, float]:
    """Shifts probability within the family of the likeliest language by the `words` of the text; the sum stays.

    What two neighbours both list cancels out. A neighbour that `probabilities` lacks starts from NEWCOMER_ODDS, and
    from none where no word speaks for it.
    """
    best = max(probabilities, key=lambda code: probabilities[code])
    counts = {code: listed.count(words) for code, listed in family(best).items()}
    weights = {}
    for code, count in counts.items():
        net = max(-_MOST_WORDS, min(_MOST_WORDS, count - counts[best]))
        newcomer = NEWCOMER_ODDS * probabilities[best] if net > 0 else 0.0
        weights[code] = probabilities.get(code, newcomer) * WORD_ODDS**net
    scale = sum(probabilities.get(code, 0.0) for code in counts) / (sum(weights.values()) or 1.0)
    return {**probabilities, **{code: weight * scale for code, weight in weights.items()}}
