"""Lines that belong together by their form: the rows of a table, subheads numbered from one on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from transforms.clean.lines import Line

_MIN_ROWS, _MIN_ROWS_WITH_NUMBERS = 3, 2
_DIGIT = re.compile(r"\d")
_NUMBERED = re.compile(r"#(\d{1,4})\b")


def in_series(lines: Sequence[Line]) -> frozenset[int]:
    """The positions of lines that a rule for lines that stand alone does not mean."""
    return frozenset((*_rows(lines), *_subheads(lines)))


def _rows(lines: Sequence[Line]) -> Iterator[int]:
    """Three cells or more in each of three lines in a row, or of two, if a number stands in one: menus have none.

    A menu that a page shows twice is no table.
    """
    places = enumerate(lines)
    for has_cells, some in groupby(places, lambda item: item[1].head.count("|") >= 2):
        if not has_cells:
            continue
        group = list(some)
        texts = {line.folded for _, line in group}
        least = _MIN_ROWS_WITH_NUMBERS if any(_DIGIT.search(text) for text in texts) else _MIN_ROWS
        if len(texts) >= least:
            yield from (place for place, _ in group)


def _subheads(lines: Sequence[Line]) -> Iterator[int]:
    """A list that counts its parts has a first and a second one; episodes that are recommended mostly have neither."""
    found = {place: int(match[1]) for place, line in enumerate(lines) if (match := _NUMBERED.match(line.head))}
    if {1, 2} <= set(found.values()):
        yield from found
