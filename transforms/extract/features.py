"""The features of all blocks of a page, by name; what each model reads of them is written in its own list."""

from __future__ import annotations

from typing import NamedTuple

from transforms.extract.block_places import Layout, layout_of, neighbour_columns, place_columns
from transforms.extract.block_text import Columns, Stated, likeness_columns, text_columns
from transforms.extract.blocks import Blocks


class Features(NamedTuple):
    """Columns of numbers, one value a block, and the layout that the surroundings are read from."""

    columns: Columns
    layout: Layout


def block_features(blocks: Blocks, stated: Stated) -> Features:
    """Describe each block of a page that has at least one.

    Args:
        blocks: of the page.
        stated: what its metadata say of the article.
    """
    columns = text_columns(blocks)
    columns |= likeness_columns(blocks, stated)
    layout = layout_of(blocks, columns["words"])
    columns |= place_columns(blocks, layout, columns)
    columns |= neighbour_columns(columns, layout.make)
    return Features(columns, layout)
