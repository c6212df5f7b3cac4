"""XML of strangers, element by element: no entities, no network, bounded memory, and what is whole of a torn file."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

_TAIL_BYTES = 4096


def elements(body: bytes, names: tuple[str, ...]) -> Iterator[Any]:
    """The elements of these names (without their namespaces), each when it ends; it is emptied afterwards.

    Raises:
        etree.XMLSyntaxError: where not even a lenient parser finds a beginning.
    """
    tags = [f"{{*}}{name}" for name in names]
    walk = etree.iterparse(
        io.BytesIO(body),
        events=("end",),
        tag=tags,
        recover=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    for _, element in walk:
        yield element
        element.clear(keep_tail=False)
        while (before := element.getprevious()) is not None:
            element.getparent().remove(before)


def local_name(element: Any) -> str:
    """An element's name without its namespace, in lower case."""
    return str(element.tag).rpartition("}")[2].lower()


def text_of(element: Any) -> str:
    """All text in an element, without blanks at its ends."""
    return "".join(element.itertext()).strip()


def is_closed(body: bytes, roots: str) -> bool:
    """Whether a file ends with the end of one of these roots (``urlset|sitemapindex``), in any encoding."""
    tail = body[-_TAIL_BYTES:].replace(b"\0", b"")
    closing = rf"</(?:[\w.-]{{1,40}}:)?(?:{roots})\s{{0,20}}>|<(?:[\w.-]{{1,40}}:)?(?:{roots})(?:\s[^<>]{{0,2000}})?/>"
    return re.search(closing.encode(), tail, re.I) is not None
