"""One parse of a page or a piece of one."""

from __future__ import annotations

from typing import Any

from lxml import etree

# lxml ends a document at a nesting of 2,048 (libxml2's bound), so that no later walk can exhaust the stack.
MAX_ELEMENTS = 20_000
MAX_BLOCK_ELEMENTS = 60_000
MAX_CHILDREN = 2_000

_PARSER = etree.HTMLParser(
    encoding="utf-8", collect_ids=False, default_doctype=False, remove_comments=True, remove_pis=True, huge_tree=True
)

Element = Any
"""An element of lxml.etree, whose annotations are none. Those of lxml.html cost a third of every walk."""


def parse_page(text: str) -> Element | None:
    """The document element of a page; None where there is nothing to parse."""
    try:
        return etree.fromstring(text.encode("utf-8", "replace"), _PARSER)
    except (etree.LxmlError, ValueError):
        return None


def is_outsized(tree: Element) -> bool:
    """Whether a page has more elements, or more in one place, than an extractor finishes with in time.

    Its cost grows with the square of what stands in one element: 20,000 of them take 15 s. Of 1,012 real pages the
    largest has 4,529 elements and 984 in one place.
    """
    return any(count > MAX_ELEMENTS or len(element) > MAX_CHILDREN for count, element in enumerate(tree.iter()))


def is_beyond_models(tree: Element) -> bool:
    """Whether the features of a page's blocks would not fit into a worker's memory (100,000 blocks take 300 MB)."""
    return bool(tree.xpath("count(//*)") > MAX_BLOCK_ELEMENTS)


def text_of(element: Element) -> str:
    """All text within an element."""
    return "".join(element.itertext())


def parse_fragment(text: str) -> Element | None:
    """A piece of HTML, such as the content of a feed's entry, under one element."""
    return parse_page(f"<html><body>{text}</body></html>")
