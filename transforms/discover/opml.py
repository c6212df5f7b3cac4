"""Subscription lists to the feeds they name (OPML 1.0 and 2.0), at any depth of outlines."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urljoin

from lxml import etree

from transforms.discover.listed import Listed
from transforms.discover.xml import elements, is_closed
from transforms.elements import SourceKind
from transforms.entries import Fault
from transforms.reasons import Reason


def read_opml(body: bytes, base: str) -> Iterator[Listed | Fault]:
    """The feeds of a list, and the lists that it includes; of a torn one those that are whole, and one `Fault`.

    Args:
        body: the file.
        base: the address it came from; others are relative to it.
    """
    found: list[Listed] = []
    outlines = 0
    try:
        for element in elements(body, ("outline",)):
            outlines += 1
            attributes = {str(name).lower(): str(value).strip() for name, value in element.attrib.items()}
            if listed := _subscription(attributes, base):
                found.append(listed)
    except etree.XMLSyntaxError as error:
        if not outlines:
            yield Fault(Reason.BAD_FEED, f"no OPML: {error}"[:300])
            return
    is_whole = is_closed(body, "opml")
    yield from found
    if not is_whole:
        what = f"the list breaks off after {outlines} outlines" if outlines else "the file is no OPML"
        yield Fault(Reason.BAD_FEED, what)
    elif not found:
        yield Fault(Reason.EMPTY, "a list without feeds")


def _subscription(attributes: dict[str, str], base: str) -> Listed | None:
    """The feed or list that an outline stands for; None for folders, comments and links to pages."""
    label = attributes.get("text") or attributes.get("title")
    kind: SourceKind = "feed"
    url = attributes.get("xmlurl")
    if not url:
        kind, url = "opml", attributes.get("url")
        is_list = attributes.get("type", "").lower() == "include" or (url or "").lower().endswith(".opml")
        if not url or not is_list:
            return None
    try:
        return Listed(urljoin(base, url), kind, label=label)
    except ValueError:
        return Listed(url, kind, label=label)
