"""Where each block stands: its containers, its neighbours, blocks of the same make, the order of the page."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from transforms.extract.block_text import Columns, Floats, bit_columns
from transforms.extract.blocks import KIN, Blocks, Ints, Nodes
from transforms.extract.names import vocabulary

Number = TypeVar("Number", np.float32, np.int64)

_TAGS = ("p", "li", "h2", "h3", "div", "figcaption", "td")
_HEADINGS = frozenset(("h1", "h2", "h3", "h4"))
_MAX_LEVELS = 24
_FAR = 60


class Layout(NamedTuple):
    """Each block's containers (nodes) and its make: a number for each pair of tags and classes, its own and above."""

    parent: Ints
    grandparent: Ints
    great_grandparent: Ints
    make: Ints
    words: Floats


class Sums:
    """Sums over the blocks of a container, by prefix sums."""

    def __init__(self, values: NDArray[np.floating], nodes: Nodes) -> None:
        self.before = np.concatenate(([0.0], np.cumsum(values, dtype=np.float64)))
        self.total = max(float(self.before[-1]), 1.0)
        self._nodes = nodes

    def within(self, node: Ints | int) -> NDArray[np.float64]:
        """The sum over the blocks of each node."""
        found: NDArray[np.float64] = self.before[self._nodes.last[node]] - self.before[self._nodes.first[node]]
        return found


def layout_of(blocks: Blocks, words: Floats) -> Layout:
    """The containers and makes of all blocks."""
    nodes = blocks.nodes
    parent = nodes.parent[blocks.element]
    grandparent = nodes.parent[parent]
    makes: dict[tuple[str, str, str, str], int] = {}
    make = [
        makes.setdefault((nodes.tag[own], nodes.class_[own], nodes.tag[above], nodes.class_[above]), len(makes))
        for own, above in zip(blocks.element.tolist(), parent.tolist(), strict=True)
    ]
    return Layout(parent, grandparent, nodes.parent[grandparent], np.array(make), words)


def place_columns(blocks: Blocks, layout: Layout, text: Columns) -> Columns:
    """Columns of the block's place; ``text`` are its text's columns."""
    prose = text["chars"] * text["is_prose"]
    sums = [Sums(values, blocks.nodes) for values in (text["chars"], prose, text["chars"] * text["linked"])]
    direct = np.bincount(layout.parent, prose, len(blocks.nodes.tag))
    main = int(direct.argmax())
    columns = _container_columns(layout, blocks.nodes, *sums)
    columns |= _main_columns(blocks, layout, main)
    columns["parent.direct_prose"] = (direct[layout.parent] / sums[1].total).astype(np.float32)
    columns["main_share"] = np.full(len(prose), direct[main] / sums[1].total, np.float32)
    columns |= _order_columns(blocks, text, main, sums[0], sums[1])
    columns |= _make_columns(layout, text, prose, sums[1].total)
    tags = np.array([_TAGS.index(tag) if tag in _TAGS else len(_TAGS) for tag in _tags(blocks)])
    columns |= bit_columns("tag", _TAGS, 1 << tags)
    return columns | bit_columns("in", (*KIN, "hidden"), blocks.nodes.kin[blocks.inner])


def neighbour_columns(columns: Columns, make: Ints) -> Columns:
    """What stands before and after a block."""
    near: Columns = {}
    for name, steps in _NEIGHBOURS.items():
        for step in steps:
            near[f"{name}{step:+d}"] = shifted(columns[name], step, -1)
    for step in (-2, -1, 1):
        near[f"same_make{step:+d}"] = (shifted(make, step, -1) == make).astype(np.float32)
    return near


_NEIGHBOURS = {
    "log_chars": (-3, -2, -1, 1, 2),
    "capitalised": (-1, 1, 2),
    "in_main": (-1, 1),
    "linked": (-1, 1),
    "like_title": (-2, -1, 1),
    "like_description": (-1, 1),
    "is_heading": (-1,),
    "tag.li": (-1, 1),
}


def shifted(values: NDArray[Number], step: int, rest: float) -> NDArray[Number]:
    """For each block the value of the block ``step`` further on; ``rest`` beyond the ends."""
    found = np.full_like(values, rest)
    if abs(step) < len(values):
        if step > 0:
            found[:-step] = values[step:]
        else:
            found[-step:] = values[:step]
    return found


def _container_columns(layout: Layout, nodes: Nodes, chars: Sums, prose: Sums, linked: Sums) -> Columns:
    found: dict[str, NDArray[np.floating]] = {}
    containers = (("parent", layout.parent), ("above2", layout.grandparent), ("above3", layout.great_grandparent))
    for name, node in containers:
        size = chars.within(node)
        found[f"{name}.share"] = size / chars.total
        found[f"{name}.prose_share"] = prose.within(node) / prose.total
        found[f"{name}.prose"] = prose.within(node) / np.maximum(size, 1)
        found[f"{name}.linked"] = linked.within(node) / np.maximum(size, 1)
        found[f"{name}.blocks"] = np.log1p(nodes.last[node] - nodes.first[node])
        found[f"{name}.log_chars"] = np.log1p(size)
    return {name: values.astype(np.float32) for name, values in found.items()}


def _main_columns(blocks: Blocks, layout: Layout, main: int) -> Columns:
    """How far a block is from the main container, the one that holds most prose directly: levels up and steps down."""
    nodes = blocks.nodes
    places = np.arange(len(blocks.text))
    chain = [main]
    while chain[-1] > 0 and len(chain) < _MAX_LEVELS:
        chain.append(int(nodes.parent[chain[-1]]))
    level = np.zeros(len(places), np.int64)
    for above in chain[:-1]:
        level += (places < nodes.first[above]) | (places >= nodes.last[above])
    steps = nodes.depth[blocks.element] - nodes.depth[np.array(chain)[level]]
    below, node = nodes.line_names[blocks.inner].copy(), nodes.parent[blocks.element]
    for step in range(1, _MAX_LEVELS):
        is_below = (step < steps) & (node > 0)
        if not is_below.any():
            break
        below |= np.where(is_below, nodes.names[node], 0)
        node = nodes.parent[node]
    article = _nearest_article(nodes)
    own = article[blocks.element]
    groups = vocabulary()["names"]
    own_names = bit_columns("own", groups, nodes.line_names[blocks.inner])
    above_names = bit_columns("parent", groups, nodes.names[layout.parent])
    wanted = ("own.body", "own.lead", "own.caption", "parent.body", "parent.comment", "parent.quote", "parent.lead")
    return {
        "level": level.astype(np.float32),
        "steps": steps.astype(np.float32),
        "in_main": (level == 0).astype(np.float32),
        "depth": nodes.depth[blocks.element].astype(np.float32),
        "same_article": (own == article[main]).astype(np.float32),
        "articles": np.full(len(places), np.log1p(len(np.unique(own))), np.float32),
        "article_place": np.clip(np.where(own > 0, places - nodes.first[own], -1), -1, _FAR).astype(np.float32),
        **{name: values for name, values in (own_names | above_names).items() if name in wanted},
        **bit_columns("below", groups, below),
        **bit_columns("path", groups, nodes.path_names[blocks.element]),
    }


def _order_columns(blocks: Blocks, text: Columns, main: int, chars: Sums, prose: Sums) -> Columns:
    size = len(blocks.text)
    places = np.arange(size)
    tags = _tags(blocks)
    first, last = int(blocks.nodes.first[main]), int(blocks.nodes.last[main])
    headings = np.array([tag in _HEADINGS for tag in tags], np.int64)
    sections = np.cumsum(headings)
    h1s = np.cumsum(np.array([tag == "h1" for tag in tags], np.int64))
    prose_places = np.flatnonzero(text["is_prose"])
    section_prose = np.bincount(sections, text["chars"] * text["is_prose"]) / prose.total
    headline = _headline(tags, text, first)
    found: dict[str, NDArray[np.generic]] = {
        "place": places / size,
        "before": chars.before[:-1] / chars.total,
        "blocks": np.full(size, np.log1p(size)),
        "from_main": np.clip(places - first, -_FAR, _FAR),
        "past_main": np.clip(places - last, -_FAR, _FAR),
        "from_headline": np.full(size, -99) if headline is None else np.clip(places - headline, -_FAR, _FAR),
        "prose_before": np.searchsorted(prose_places, places),
        "prose_after": len(prose_places) - np.searchsorted(prose_places, places, side="right"),
        "prose_chars_after": (prose.total - prose.before[1:]) / prose.total,
        "is_heading": headings,
        "headings_before": sections,
        "h1_before": h1s - h1s[min(first, size - 1)],
        "section_prose": section_prose[sections],
        "section_linked": _mean(text["linked"], text["chars"], sections)[sections],
    }
    return {name: values.astype(np.float32) for name, values in found.items()}


def _headline(tags: list[str], text: Columns, main: int) -> int | None:
    """The place of the headline: of the h1 that resemble the title the last one before the main container."""
    likes = text["like_title"]
    h1s = [place for place, tag in enumerate(tags) if tag == "h1"]
    found = [place for place in h1s if likes[place] > 0.3] or h1s
    if not found:
        found = np.flatnonzero(((likes >= 0.6) | (text["has_title"] > 0)) & (text["chars"] < 250))[:1].tolist()
    if not found:
        return None
    return found[-1] if found[-1] <= main + 3 else found[0]


def _make_columns(layout: Layout, text: Columns, prose: Floats, prose_total: float) -> Columns:
    """Blocks of the same make on the page, and in a row."""
    make, chars = layout.make, text["chars"]
    count = np.bincount(make)
    size = np.maximum(np.bincount(make, chars), 1)
    run = np.cumsum(np.array([0, *(before != own for before, own in pairwise(make.tolist()))]))
    run_count = np.bincount(run)
    found = {
        "make.blocks": np.log1p(count)[make],
        "make.chars": (size / count)[make],
        "make.prose": (np.bincount(make, prose) / size)[make],
        "make.linked": (np.bincount(make, chars * text["linked"]) / size)[make],
        "make.prose_share": np.bincount(make, prose)[make] / prose_total,
        "run.blocks": np.log1p(run_count)[run],
        "run.chars": (np.bincount(run, chars) / run_count)[run],
        "siblings": np.log1p(np.bincount(layout.parent))[layout.parent],
    }
    return {name: values.astype(np.float32) for name, values in found.items()}


def _mean(values: Floats, weights: Floats, groups: Ints) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.bincount(groups, values * weights) / np.maximum(np.bincount(groups, weights), 1)
    return found


def _nearest_article(nodes: Nodes) -> Ints:
    """For each node the article element that it is or stands in; 0 where there is none."""
    found = [0] * len(nodes.tag)
    for node, (tag, parent) in enumerate(zip(nodes.tag, nodes.parent.tolist(), strict=True)):
        found[node] = node if tag == "article" else found[parent]
    return np.array(found)


def _tags(blocks: Blocks) -> list[str]:
    tag = blocks.nodes.tag
    return [tag[node] for node in blocks.element.tolist()]
