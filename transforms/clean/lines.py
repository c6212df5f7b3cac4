"""A document as lines with the facts that every step asks for: folded text, words, is it a sentence, is it prose."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from typing import NamedTuple

from transforms.clean.book import Rule, RuleBook
from transforms.clean.dates import is_date_line

SLICE = 300
"""Patterns look at this many characters of a line's beginning, so that no line can stall them."""
_END = 160
"""And at this many of its end."""
_CUE_CHARS = 900
"""Appeals and promotions give themselves away within this many characters."""
_MEASURED = 4000
"""Words are counted in this many characters; a longer line is prose anyway."""

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060\ufeff]")
_LEADING = re.compile(r"^(?:[^\w\"'„“”»«‚‘’(\[#@©$€£+¿¡…]|\d{1,2}\. )+")
_TRAILING = re.compile(r"[\s:.…»›>!→,;|•*–—-]{1,20}$")
_SENTENCE_END = re.compile(r"[.!?…。！？।][\"'”“’»«)\]\s\d]{0,6}$")
_BULLET = re.compile(r"^(?:[•·▪●◦‣*–-]|\d{1,2}[.)])\s")
_CONTENT = re.compile(r"[^\W\d_]{5,40}")
_MARK = re.compile(r"^(?:[•·▪●◦‣*→»›▶►■□✓✔–—-]{1,3} ?|\d{1,2}\. )")
_PLAINER = {"‘": "'", "’": "'", "‐": "-", "‑": "-"}

_CALL = re.compile(r"[?!][\"'”“’»«)]{0,2}$")
_FULL_STOP = re.compile(r"[.?!] ")

PROSE_WORDS = 9
PROSE_CALL_WORDS = 16
"""Headlines and links often are a question or an exclamation; running text of that kind is longer."""
LONG_WORDS = 28


class Line(NamedTuple):
    """One paragraph of the input.

    ``head`` and ``end`` are bounded slices with invisible characters gone; ``folded`` is the head in lower case
    without bullets and closing punctuation, for comparison. ``sentence`` says that it ends like one; ``prose``
    that it is long enough for running text and no rule knows it. ``stems`` are the beginnings of its content words.
    """

    index: int  # type: ignore[assignment]  # shadows tuple.index, which nobody calls
    text: str
    head: str
    end: str
    folded: str
    words: int
    sentence: bool
    bullet: bool
    prose: bool
    stems: frozenset[str]
    hits: tuple[Rule, ...]


def tidy(text: str) -> str:
    """One line's text without invisible characters, with single spaces."""
    line = " ".join(text.split())
    return line if line.isprintable() else " ".join(_INVISIBLE.sub("", text).split())


def unmarked(text: str) -> str:
    """One tidied line without the bullet, arrow or number in front."""
    return _MARK.sub("", tidy(text))


def fold(text: str) -> str:
    """A bounded, lower-case form for comparing lines: no bullet in front, no punctuation at the end."""
    plain = tidy(text[: SLICE + 50])
    for character, plainer in _PLAINER.items():
        plain = plain.replace(character, plainer)
    plain = _LEADING.sub("", plain)
    return _TRAILING.sub("", plain[:SLICE]).lower()


def analyse(index: int, text: str, book: RuleBook) -> Line:
    """The facts of one paragraph under the rules that act on the document."""
    begin = tidy(text[: SLICE * 2])
    head, end = begin[:SLICE], tidy(text[-_END:])
    folded = fold(text)
    words = len(text[:_MEASURED].split())
    letters = min(len(text), _MEASURED)
    if letters > words * 20:  # a script without spaces: about two characters a word
        words = max(words, sum(ch.isalpha() for ch in text[:_MEASURED]) // 4)
    sentence = bool(_SENTENCE_END.search(end))
    hits = book.match(_MARK.sub("", head), end, folded, text[:_CUE_CHARS].lower(), len(text))
    known = any(rule.zone == "any" for rule in hits)
    least = PROSE_CALL_WORDS if _CALL.search(end) and not _FULL_STOP.search(head) else PROSE_WORDS
    prose = not known and ((sentence and words >= least) or words >= LONG_WORDS) and not is_date_line(head)
    return Line(index, text, head, end, folded, words, sentence, bool(_BULLET.match(head)), prose, stems(text), hits)


def stems(text: str) -> frozenset[str]:
    """The first six letters of the content words of a text (its first 4,000 characters)."""
    return frozenset(word[:6] for word in _CONTENT.findall(tidy(text[:_MEASURED]).lower()))


def vocabulary(lines: Iterable[Line]) -> set[str]:
    """The stems of all these lines."""
    return set().union(*(line.stems for line in lines))


def stem_uses(lines: Iterable[Line]) -> Counter[str]:
    """In how many lines of running text each stem occurs."""
    return Counter(stem for line in lines if line.prose for stem in line.stems)


def cohesion(line: Line, known: Set[str]) -> float:
    """The share of a line's content words that the article has used: 0 for another subject, near 1 for the same."""
    return len(line.stems & known) / len(line.stems) if line.stems else 0.0


def prose_words(lines: Sequence[Line]) -> int:
    """How many words of running text these lines hold."""
    return sum(line.words for line in lines if line.prose)
