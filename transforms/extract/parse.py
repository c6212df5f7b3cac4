"""One parse of a page or a piece of one."""

from __future__ import annotations

from lxml import etree, html

# lxml ends a document at a nesting of 2,048 (libxml2's bound), so that no later walk can exhaust the stack.
MAX_ELEMENTS = 20_000
MAX_CHILDREN = 2_000

_PARSER = html.HTMLParser(
    encoding="utf-8", collect_ids=False, default_doctype=False, remove_comments=True, remove_pis=True, huge_tree=True
)


def parse_page(text: str) -> html.HtmlElement | None:
    """The document element of a page; None where there is nothing to parse."""
    try:
        return html.document_fromstring(text.encode("utf-8", "replace"), parser=_PARSER)
    except (etree.LxmlError, ValueError):
        return None


def is_outsized(tree: html.HtmlElement) -> bool:
    """Whether a page has more elements, or more in one place, than an extractor finishes with in time.

    Its cost grows with the square of what stands in one element: 20,000 of them take 15 s. Of 1,012 real pages the
    largest has 4,529 elements and 984 in one place.
    """
    return any(count > MAX_ELEMENTS or len(element) > MAX_CHILDREN for count, element in enumerate(tree.iter()))


def parse_fragment(text: str) -> html.HtmlElement | None:
    """A piece of HTML, such as the content of a feed's entry, under one element."""
    return parse_page(f"<html><body>{text}</body></html>")
