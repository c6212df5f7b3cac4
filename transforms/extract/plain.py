"""Plain text to its lines: the paragraphs of an article, boilerplate and all."""

from __future__ import annotations

import itertools
import re

from transforms.extract.characters import normalize

_MAX_WRAP_COLUMN = 100
_MIN_WRAPPED_LINES = 6
_FULL_LINE = 0.6
_KEEPS_HYPHEN = re.compile(r"(?:und|oder|bzw|bis|and|or|to|et|ou)\b")


def paragraphs_of_text(text: str) -> tuple[str, ...]:
    """Each non-blank line is a paragraph; text that was wrapped at a column (mail, wire) is unwrapped first."""
    lines = [line.strip() for line in normalize(text).strip().split("\n")]
    if _is_wrapped(lines):
        lines = _unwrap(lines)
    return tuple(line for line in lines if line)


def _is_wrapped(lines: list[str]) -> bool:
    """Whether lines end because a column was full: none is long, and those inside of a block are nearly full."""
    inside = [line for line, after in itertools.pairwise(lines) if line and after]
    if len(inside) < _MIN_WRAPPED_LINES or "" not in lines:
        return False
    widest = max(len(line) for line in lines)
    full = sum(len(line) >= widest * _FULL_LINE for line in inside)
    return widest <= _MAX_WRAP_COLUMN and full >= 0.85 * len(inside)


def _unwrap(lines: list[str]) -> list[str]:
    """The lines of each block between blank lines as one."""
    blocks = [list(block) for is_text, block in itertools.groupby(lines, key=bool) if is_text]
    return ["".join([*map(_with_joint, block, block[1:]), block[-1]]) for block in blocks]


def _with_joint(line: str, after: str) -> str:
    """A line and what stands between it and the next one: nothing where a word was split by a hyphen."""
    is_split_word = line.endswith("-") and line[-2:-1].isalpha() and after[:1].islower()
    return line[:-1] if is_split_word and not _KEEPS_HYPHEN.match(after) else f"{line} "
