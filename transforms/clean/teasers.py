"""Teasers of other stories that look like running text: a headline, one line, and the next headline."""

from __future__ import annotations

import re
from collections.abc import Sequence

from transforms.clean.book import Rule
from transforms.clean.lines import Line, cohesion, prose_words, stem_uses, vocabulary

_TEASER_WORDS = 60
_CHAIN = 2
_LONGEST_CHAIN = 60
_ARTICLE_LINES = 3
_CHAIN_COHESION = 0.2
_BOX_COHESION = 0.25
_LABELS = 3
_SECOND_HALF = re.compile(r":[^\W\d_a-zäöü]")


def teaser_chain(lines: Sequence[Line]) -> dict[int, str]:
    """A chain of teasers at the document's end, without a marker above it.

    Each has a single line of running text under a headline, and speaks of something else than the article: the
    paragraphs of a list of tips stand alone too, but share its words.
    """
    prose = [i for i, line in enumerate(lines) if line.prose]
    start, links = len(lines), 0
    while len(prose) > _ARTICLE_LINES and links < _LONGEST_CHAIN:
        i = prose[-1]
        if lines[i - 1].prose or not _is_headline(lines[i - 1]) or lines[i].words > _TEASER_WORDS:
            break
        if cohesion(lines[i], vocabulary(lines[j] for j in prose[:-1])) > _CHAIN_COHESION:
            break
        start, links = prose.pop(), links + 1
    if links < _CHAIN or prose_words(lines[:start]) <= prose_words(lines[start:]):
        return {}
    start = _labels_above(lines, start)
    return {line.index: "any.teaser.chain" for line in lines[start:]}


def teaser_boxes(lines: Sequence[Line], rules: Sequence[Rule | None], first: int) -> dict[int, str]:
    """Teasers within the text: a headline in two parts of which the second begins with a colon, or one with a byline
    under its single line."""
    gone: dict[int, str] = {}
    uses = stem_uses(lines)
    for i in range(first + 1, len(lines)):
        if _SECOND_HALF.match(lines[i].head) and not lines[i].prose:
            end = i + 2 if i + 1 < len(lines) and lines[i + 1].prose else i + 1
            taken = range(max(first + 1, i if lines[i - 1].prose else i - 1), end)
        elif _closes_teaser(lines, rules, i, first):
            known = {stem for stem in lines[i - 1].stems if uses[stem] > 1}
            if cohesion(lines[i - 1], known) > _BOX_COHESION:
                continue
            taken = range(max(first + 1, _labels_above(lines, i - 1)), i + 1)
        else:
            continue
        gone.update({lines[j].index: "any.teaser.box" for j in taken})
    return gone


def _closes_teaser(lines: Sequence[Line], rules: Sequence[Rule | None], i: int, first: int) -> bool:
    rule = rules[i]
    if rule is None or rule.action != "byline" or i < first + 3:
        return False
    return lines[i - 1].prose and lines[i - 1].words <= _TEASER_WORDS and not lines[i - 2].prose


def _is_headline(line: Line) -> bool:
    """Whether a line may be a teaser's headline: no rule knows it, and it asks nothing, as interviewers do."""
    return not line.hits and not line.end.rstrip("\"'”“»«)").endswith("?")


def _labels_above(lines: Sequence[Line], position: int) -> int:
    start = position
    while start > 1 and position - start < _LABELS and not lines[start - 1].prose and not lines[start - 1].sentence:
        start -= 1
    return start
