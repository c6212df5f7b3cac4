"""Captions: lines with a picture credit, and the same lines again without it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from transforms.clean.book import Rule
from transforms.clean.lines import Line

_MIN_WORDS = 4
_NEAR_LINES = 30
_DOUBLED_WORDS = 12
_CREDITED_WORDS = 19
_DOUBLED_CHARS = 20
_CREDIT_CHARS = 60


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


def doubled(lines: Sequence[Line]) -> dict[int, str]:
    """Short lines that stand twice in a row: the text alternative of a picture and its caption, or that and its credit.

    A longer one may be a paragraph or a lead that a page shows twice; of that one copy stays (see `repeats`).
    """
    gone: dict[int, str] = {}
    for line, below in pairwise(lines):
        most = _DOUBLED_WORDS if line.folded == below.folded else _CREDITED_WORDS
        if _MIN_WORDS <= line.words <= most and not line.bullet and _goes_on(line.folded, below.folded):
            gone[line.index] = gone[below.index] = "any.caption.doubled"
    return gone


def _goes_on(line: str, below: str) -> bool:
    """Whether the next line is the same, or the same with a few words such as a credit behind it."""
    return len(line) >= _DOUBLED_CHARS and below.startswith(line) and len(below) - len(line) <= _CREDIT_CHARS


def _same(line: Line, credited: Line) -> bool:
    """Whether a line is a credited caption without its credit."""
    return (
        line.index != credited.index
        and credited.folded.startswith(line.folded)
        and len(line.text) <= len(credited.text)
    )
