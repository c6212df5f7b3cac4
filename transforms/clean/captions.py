"""Captions: lines with a picture credit, and the same lines again without it."""

from __future__ import annotations

from collections.abc import Sequence

from transforms.clean.book import Rule
from transforms.clean.lines import Line

_MIN_WORDS = 4
_NEAR_LINES = 30


def captions(lines: Sequence[Line], rules: Sequence[Rule | None]) -> dict[int, str]:
    """Caption lines by their rule and repetitions of them without the credit."""
    gone: dict[int, str] = {}
    for i, (line, rule) in enumerate(zip(lines, rules, strict=True)):
        if rule is None or rule.action != "caption":
            continue
        gone[line.index] = rule.name
        for other in lines[max(0, i - _NEAR_LINES) : i + _NEAR_LINES]:
            if other.words >= _MIN_WORDS and _same(other, line):
                gone.setdefault(other.index, "any.caption.repeated")
    return gone


def _same(line: Line, credited: Line) -> bool:
    """Whether a line is a credited caption without its credit."""
    return (
        line.index != credited.index
        and credited.folded.startswith(line.folded)
        and len(line.text) <= len(credited.text)
    )
