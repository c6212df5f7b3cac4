"""A page as a list of text blocks: one walk over its tree."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from lxml import etree
from numpy.typing import NDArray

from transforms.extract.characters import one_line
from transforms.extract.names import name_groups, vocabulary

Ints = NDArray[np.int64]

_TAGS = vocabulary()["tags"]
_SKIPPED, _BLOCKS = frozenset(_TAGS["skipped"]), frozenset(_TAGS["blocks"])
_NAMED = frozenset(("class", "id", "itemprop", "role", "data-testid", "data-component"))
_CONSENT_IDS = _TAGS["consent_ids"]
_HIDING = frozenset(("style", "hidden", "aria-hidden"))
_ROOTS = frozenset(("html", "body"))
KIN = _TAGS["kin"]
_SAME = {"b": "strong", "i": "em", "dl": "ul", "ol": "ul"} | {f"h{level}": "h1" for level in range(2, 7)}
_BIT = {tag: 1 << place for place, tag in enumerate(KIN)}
_BITS = _BIT | {tag: _BIT[same] for tag, same in _SAME.items()}
HIDDEN = 1 << len(KIN)
_ARTICLE, _LINK, _STRONG = _BIT["article"], _BIT["a"], _BIT["strong"]
_MAX_LINK_CHARS, _MIN_LINK_SHARE = 150, 0.9


class Nodes(NamedTuple):
    """The elements that were walked, in document order; node 0 stands above the root.

    ``first`` and ``last`` bound the blocks inside of a node (``last`` is one beyond). ``names`` are the groups of the
    node's own attributes, ``path_names`` also of all above it, ``line_names`` of those up to the nearest block
    element. ``kin`` are `KIN` (itself included) and `HIDDEN`, a bit each.
    """

    tag: list[str]
    class_: list[str]
    parent: Ints
    depth: Ints
    names: Ints
    path_names: Ints
    line_names: Ints
    kin: Ints
    first: Ints
    last: Ints


class Blocks(NamedTuple):
    """Pieces of text that a browser shows apart, in the page's order.

    ``element`` is the node of the nearest block element, ``inner`` that of the innermost element around the longest
    piece of the text; ``linked`` and ``bold`` count characters.
    """

    text: list[str]
    element: Ints
    inner: Ints
    linked: Ints
    bold: Ints
    nodes: Nodes


def page_blocks(tree: Any) -> Blocks:
    """The blocks of a page, without scripts, navigation, buttons, consent dialogs, footers and runs of links.

    A block ends at each block element's start and end and at ``br``. The walk is a loop, so that no depth of nesting
    can exhaust the stack.
    """
    walker = _Walker()
    walker.walk(tree)
    return _without_link_runs(walker)


class _Open(NamedTuple):
    """An element that the walk is in: its node, and what its children inherit."""

    node: int
    depth: int
    path_names: int
    line_names: int
    kin: int
    block: int


class _Walker:
    """The state of one walk, as columns."""

    def __init__(self) -> None:
        self.top = _Open(0, 0, 0, 0, 0, 0)
        self.open: list[_Open] = []
        self.tags, self.classes, self.last = ["html"], [""], [0]
        self.nodes: list[tuple[int, int, int, int, int, int, int]] = [(0, 0, 0, 0, 0, 0, 0)]
        self.texts: list[str] = []
        self.rows: list[tuple[int, int, int, int]] = []
        self.parts: list[str] = []
        self.longest = self.block = self.inner = self.linked = self.bold = 0

    def walk(self, tree: Any) -> None:
        events = etree.iterwalk(tree, events=("start", "end"))
        for event, element in events:
            tag = element.tag
            if event == "start":
                if not self.start(element, tag):
                    events.skip_subtree()
            else:
                self.end(tag)
                if element.tail:
                    self.add(element.tail)
        self.flush()
        self.last[0] = len(self.texts)

    def start(self, element: Any, tag: str) -> bool:
        """False where what is inside is not wanted."""
        if tag in _SKIPPED or (tag == "footer" and not self.top.kin & _ARTICLE):
            return False
        if tag == "br":
            self.flush()
            return True
        is_block = tag in _BLOCKS
        if is_block and self.parts:
            self.flush()
        is_wanted = self.enter(element, tag, is_block)
        if is_wanted and element.text:
            self.add(element.text)
        return is_wanted

    def end(self, tag: str) -> None:
        if tag in _SKIPPED or tag == "br" or (tag == "footer" and self.tags[self.top.node] != "footer"):
            return
        if self.parts and tag in _BLOCKS:
            self.flush()
        self.last[self.top.node] = len(self.texts)
        self.top = self.open.pop()

    def enter(self, element: Any, tag: str, is_block: bool) -> bool:
        """Note a node; False where it is the root of a consent dialog."""
        above, depth, path_names, line_names, kin, block = self.top
        kin |= _BITS.get(tag, 0)
        names, class_, is_wanted = 0, "", True
        for name, value in element.items():
            if name in _NAMED:
                names |= name_groups(value)
                if name == "class":
                    class_ = value
                elif name == "id" and value.startswith(_CONSENT_IDS):
                    is_wanted = False
            elif name in _HIDING and _is_hiding(name, value):
                kin |= HIDDEN
        if tag in _ROOTS:
            names = 0
        node = len(self.tags)
        depth += 1
        path_names |= names
        line_names = names if is_block else line_names | names
        self.open.append(self.top)
        self.top = _Open(node, depth, path_names, line_names, kin, node if is_block else block)
        self.tags.append(tag)
        self.classes.append(class_)
        self.nodes.append((above, depth, names, path_names, line_names, kin, len(self.texts)))
        self.last.append(0)
        return is_wanted

    def add(self, text: str) -> None:
        size = len(text)
        if size < 40 and text.isspace():
            self.parts.append(" ")
            return
        self.parts.append(text)
        size = len(text.strip())
        if size > self.longest:
            self.longest, self.inner, self.block = size, self.top.node, self.top.block
        kin = self.top.kin
        if kin & _LINK:
            self.linked += size
        if kin & _STRONG:
            self.bold += size

    def flush(self) -> None:
        if self.longest and (text := one_line("".join(self.parts))):
            self.texts.append(text)
            self.rows.append((self.block, self.inner, self.linked, self.bold))
        if self.parts:
            self.parts.clear()
            self.longest = self.inner = self.linked = self.bold = 0


def _is_hiding(name: str, value: str) -> bool:
    if name == "style":
        return "display" in value and "none" in value
    return name == "hidden" or value == "true"


def _without_link_runs(walker: _Walker) -> Blocks:
    """Leave out three or more blocks in a row that are nothing but links; two in a row may be a sentence's."""
    texts, rows = walker.texts, walker.rows
    is_link = [
        row[2] > _MIN_LINK_SHARE * len(text) and len(text) < _MAX_LINK_CHARS
        for row, text in zip(rows, texts, strict=True)
    ]
    padded = [False, False, *is_link, False, False]
    kept: list[int] = []
    for place in range(len(texts)):
        before2, before, own, after, after2 = padded[place : place + 5]
        if not (own and ((before and (before2 or after)) or (after and after2))):
            kept.append(place)
    count = np.searchsorted(np.array(kept, np.int64), np.arange(len(texts) + 1))
    element, inner, linked, bold = np.array([rows[at] for at in kept], np.int64).reshape(-1, 4).T
    return Blocks([texts[at] for at in kept], element, inner, linked, bold, _nodes(walker, count))


def _nodes(walker: _Walker, count: Ints) -> Nodes:
    """The walk's columns as arrays; ``count`` says how many of the first blocks were kept."""
    *columns, first = np.array(walker.nodes, np.int64).T
    parent, depth, names, path_names, line_names, kin = columns
    last = count[np.array(walker.last, np.int64)]
    return Nodes(walker.tags, walker.classes, parent, depth, names, path_names, line_names, kin, count[first], last)
