"""Tables that hold data: which cells are one row, which rows one table."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from transforms.extract.blocks import Blocks, Ints

CELL_MARK = " | "
_CELLS = frozenset(("td", "th"))
_PARTS = frozenset(("tbody", "thead", "tfoot"))
_MIN_CELLS, _MAX_CELL_CHARS = 4, 60


class Cells(NamedTuple):
    """For each block the nodes of its row and its table; 0 where it is no cell of a table that holds data."""

    row: Ints
    table: Ints


def data_cells(blocks: Blocks) -> Cells:
    """Find the tables of at least two columns and two rows whose cells are short texts without blocks in them.

    Other tables lay out a page, and their cells are blocks as any other.
    """
    nodes = blocks.nodes
    is_cell = np.array([nodes.tag[node] in _CELLS for node in blocks.element.tolist()], bool)
    none = np.zeros(len(is_cell), np.int64)
    if not is_cell.any():
        return Cells(none, none)
    row = np.where(is_cell, nodes.parent[blocks.element], 0)
    table = np.where(is_cell, _tables(blocks, row), 0)
    for number in np.unique(table[table > 0]):
        if not _holds_data(blocks, row[table == number], np.flatnonzero(table == number), int(number)):
            row[table == number] = 0
            table[table == number] = 0
    return Cells(row, table)


def joined(texts: list[str], chosen: NDArray[np.bool_], row: Ints) -> Iterator[str]:
    """The chosen texts in their order, the cells of a row as one line."""
    places = np.flatnonzero(chosen)
    for number, group in groupby(places.tolist(), key=lambda place: int(row[place])):
        cells = [texts[place] for place in group]
        if number:
            yield CELL_MARK.join(cells)
        else:
            yield from cells


def _tables(blocks: Blocks, row: Ints) -> Ints:
    tag, parent = blocks.nodes.tag, blocks.nodes.parent
    above = parent[row]
    is_part = np.array([tag[node] in _PARTS for node in above.tolist()], bool)
    return np.where(is_part, parent[above], above)


def _holds_data(blocks: Blocks, rows: Ints, places: Ints, table: int) -> bool:
    """Whether all blocks of a table are its own cells, in at least two rows of two, and short."""
    inside = int(blocks.nodes.last[table] - blocks.nodes.first[table])
    if blocks.nodes.tag[table] != "table" or inside != len(places) or inside < _MIN_CELLS:
        return False
    _, counts = np.unique(rows, return_counts=True)
    chars = sum(len(blocks.text[place]) for place in places)
    return int((counts > 1).sum()) > 1 and chars <= _MAX_CELL_CHARS * inside
