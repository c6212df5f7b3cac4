"""The content of a feed's entry: a piece of HTML that is the article itself, with nothing around it."""

from __future__ import annotations

import re
from itertools import islice
from typing import NamedTuple

from transforms.extract.characters import one_line
from transforms.extract.parse import Element, parse_fragment, text_of

_SKIPPED = frozenset(
    (
        "script",
        "style",
        "noscript",
        "template",
        "iframe",
        "button",
        "form",
        "svg",
        "object",
        "video",
        "audio",
        "figcaption",
    )
)
_APART = frozenset(("audio", "figcaption", "form", "iframe", "object", "video"))
"""Of those, what separates the texts around it; the others stand within a line."""
_LINES = ("p", "span", "small", "cite", "div", "em")
_CAPTION_CLASS = re.compile(r"\b(?:caption|bildunterschrift|bildtext|credits?|copyright)\b", re.IGNORECASE)
_MAX_CAPTION_NODES = 25
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_PARTS = frozenset(
    ("address", "article", "aside", "body", "div", "figure", "footer", "header", "main", "nav", "section")
)
_TEXTS = frozenset(("blockquote", "center", "details", "p", "pre", "hr", "br"))
_LISTS = frozenset(("dd", "dl", "dt", "li", "ol", "ul"))
_TABLES = frozenset(("table", "tbody", "td", "tfoot", "th", "thead", "tr"))
_BLOCKS = _HEADINGS | _PARTS | _TEXTS | _LISTS | _TABLES


class Blocks(NamedTuple):
    """The text of a fragment by block, in order; captions apart."""

    paragraphs: tuple[str, ...]
    captions: tuple[str, ...]


def blocks_of_fragment(text: str) -> Blocks:
    """Walk the fragment once, ending a paragraph at each block element and ``br``."""
    tree = parse_fragment(text)
    if tree is None:
        return Blocks((), ())
    parts: list[str] = []
    _walk(tree, parts)
    lines = (one_line(line) for line in "".join(parts).split("\x1e"))
    return Blocks(tuple(line for line in lines if line), captions_of(tree))


def captions_of(tree: Element) -> tuple[str, ...]:
    """The picture captions of a page or fragment, each on one line; a caption inside of a caption is part of it.

    Beside ``figcaption`` these are short lines whose class says caption or credit.
    """
    outer = [e for e in tree.iter("figcaption") if next(e.iterancestors("figcaption"), None) is None]
    outer += [e for e in tree.iter(*_LINES) if _CAPTION_CLASS.search(e.get("class") or "")]
    lines = (one_line(text_of(element)) for element in outer if _is_small(element))
    return tuple(dict.fromkeys(line for line in lines if line))


def _is_small(element: Element) -> bool:
    return sum(1 for _ in islice(element.iter(), _MAX_CAPTION_NODES + 1)) <= _MAX_CAPTION_NODES


def _walk(root: Element, parts: list[str]) -> None:
    """Append the text below ``root``; a loop, since a fragment may be nested deeper than Python recurses."""
    stack: list[tuple[Element, bool]] = [(root, True)]
    while stack:
        element, is_entered = stack.pop()
        is_block = element.tag in _BLOCKS
        if is_block:
            parts.append("\x1e")
        if not is_entered:
            parts.append(element.tail or "")
            continue
        if not isinstance(element.tag, str) or element.tag in _SKIPPED:
            parts += ("\x1e" if element.tag in _APART else "", element.tail or "")
            continue
        parts.append(element.text or "")
        stack.append((element, False))
        stack.extend((child, True) for child in reversed(element))
