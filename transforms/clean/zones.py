"""Where a line stands: in the head before the running text, in its tail, or within; and what trails after the end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from transforms.clean.book import Rule
from transforms.clean.dates import is_date_line
from transforms.clean.lines import PROSE_WORDS, Line, cohesion, vocabulary
from transforms.clean.series import in_series

_TAIL_SHARE = 0.6
_TAIL_MIN_WORDS = 40
_TRAIL_WORDS = 14
_OWN_SUBJECT = 0.5
_LABEL_WORDS = 3
_DOCUMENT_WORDS = 15
_TABLE_LINES = 3
_SIGNATURES = 3
_LABELLED = re.compile(r"[^\W\d_][\w /-]{1,24}: \S")
_WIRE = re.compile(
    r"^(?:/?[a-z]{2,4}(?:/[A-Za-z-]{2,8}){0,5}/?|[(/]?[A-Za-z-]{2,12}[/)][A-Za-z/-]{0,30}\)?"
    r"|\(?(?:dpa|afp|apa|sda|sid|ap|rtr|reuters|kna|epd|dpa-afx|keystone-sda|ots|pa|upi|ansa|efe|tass|xinhua)\b.{0,40})$",
    re.IGNORECASE,
)


def first_prose(lines: Sequence[Line]) -> int:
    """The position of the first line of running text, or the number of lines."""
    return next((i for i, line in enumerate(lines) if line.prose), len(lines))


def tail_start(lines: Sequence[Line]) -> int:
    """The position from which rules of the tail act: after three fifths of the running text."""
    total = sum(line.words for line in lines if line.prose)
    seen = 0
    for i, line in enumerate(lines):
        if line.prose:
            seen += line.words
            if seen >= max(total * _TAIL_SHARE, _TAIL_MIN_WORDS):
                return i + 1
    return len(lines)


def acting(lines: Sequence[Line]) -> list[Rule | None]:
    """For each line the first rule that may act where it stands.

    Outside the tail, cues found in a line that speaks of the article's own subject do not count: an article about
    newsletters. And a line that is most of the document is the document: texts that lost their line breaks carry the
    notices of their page inside.
    """
    first, tail = first_prose(lines), tail_start(lines)
    known: set[str] = set()
    if any(rule.cues for line in lines for rule in line.hits):
        known = vocabulary(line for line in lines if line.prose)
    series = in_series(lines) if any(rule.alone for line in lines for rule in line.hits) else frozenset()
    chosen: list[Rule | None] = []
    total = sum(line.words for line in lines)
    for i, line in enumerate(lines):
        if line.words >= _DOCUMENT_WORDS and line.words * 2 > total:
            chosen.append(None)
            continue
        zones = {"any", "head" if i < first else "body"} | ({"tail"} if i >= tail - 1 and i > first else set())
        own = line.words >= PROSE_WORDS and cohesion(line, known) > _OWN_SUBJECT
        chosen.append(
            next(
                (
                    rule
                    for rule in line.hits
                    if rule.zone in zones
                    and not (own and rule.cues and rule.zone == "any")
                    and not (rule.alone and i in series)
                ),
                None,
            )
        )
    return chosen


def is_wire(line: Line) -> bool:
    """Whether a line looks like an agency's sign or desk codes, which the wire room reads."""
    return bool(_WIRE.match(line.folded)) if line.words <= 3 else False


def single_lines(lines: Sequence[Line], acts: Sequence[Rule | None]) -> dict[int, str]:
    """The lines that a rule takes alone; a cut that did not cut is a label all the same."""
    return {
        line.index: act.name
        for line, act in zip(lines, acts, strict=True)
        if act is not None and act.action not in {"box", "caption"}
    }


def date_lines(lines: Sequence[Line], acts: Sequence[Rule | None], first: int) -> dict[int, str]:
    """Lines that say nothing but a date: any in the head and after the text, within it only labelled ones.

    A bare date or time within the text opens an entry of a timeline or a ticker.
    """
    last = max((i for i, line in enumerate(lines) if line.prose), default=-1)
    return {
        line.index: "any.date.line"
        for i, (line, act) in enumerate(zip(lines, acts, strict=True))
        if act is None and not line.prose and is_date_line(line.head, labelled=first < i < last)
    }


def trailing(lines: Sequence[Line]) -> dict[int, str]:
    """Short non-sentences after the last line of running text: tags, names of topics, buttons without a rule.

    Lists that a line with a colon opens, lines made of the article's own words, agency signs, runs of labelled facts
    (line-ups, results), signatures as they stand under every letter, and documents without running text are left
    alone.
    """
    last = max((i for i, line in enumerate(lines) if line.prose), default=None)
    if last is None:
        return {}
    gone: dict[int, str] = {}
    known = vocabulary(line for line in lines if line.prose)
    in_list = lines[last].end.endswith(":")
    is_table = sum(bool(_LABELLED.match(line.head)) for line in lines[last:]) >= _TABLE_LINES
    signed = [line for line, below in pairwise(lines) if line.prose and _signs(below)]
    for line in lines[last + 1 :]:
        if line.bullet and (in_list or line.words >= 5):
            continue
        if line.end.endswith(":") and line.words >= 3:
            in_list = True
            continue
        spaceless = len(line.text) > 20 and " " not in line.text
        if line.sentence or line.words > _TRAIL_WORDS or is_wire(line) or spaceless:
            continue
        if (is_table and _LABELLED.match(line.head)) or (len(signed) >= _SIGNATURES and _signs(line)):
            continue
        own = line.words > _LABEL_WORDS and cohesion(line, known) > _OWN_SUBJECT
        if not in_list and not own:
            gone[line.index] = "any.tail.trailing_label"
    return gone


def _signs(line: Line) -> bool:
    """Whether a line looks like a signature: a name and a place."""
    return not line.prose and not line.sentence and 2 <= line.words <= 8 and ", " in line.text
