"""Sitemaps to the addresses they name (sitemaps.org 0.9): XML, indexes, Google's news extension, plain text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lxml import etree

from transforms.discover.listed import Listed
from transforms.discover.xml import elements, is_closed, local_name, text_of
from transforms.elements import Hints
from transforms.entries import Fault
from transforms.instants import parse_instant
from transforms.reasons import Reason
from transforms.web_address import is_web_address

_ROOTS = "urlset|sitemapindex"


def read_sitemap(body: bytes) -> Iterator[Listed | Fault]:
    """The entries of a sitemap in its order; of a torn one those that are whole, and one `Fault`.

    Pictures, videos and other languages of a page (namespaces of their own) are left alone. ``changefreq`` and
    ``priority`` say nothing true.
    """
    if body[:1] == b"<" or b"\0" in body[:4]:
        yield from _xml_entries(body)
    else:
        yield from _text_entries(body)


def _xml_entries(body: bytes) -> Iterator[Listed | Fault]:
    count, held = 0, None
    try:
        for element in elements(body, ("url", "sitemap")):
            if not (listed := _entry(element)):
                continue
            if held:
                yield held
            held = listed
            count += 1
    except etree.XMLSyntaxError as error:
        if not count:
            yield Fault(Reason.BAD_FEED, f"no sitemap: {error}"[:300])
            return
    if is_closed(body, _ROOTS):
        yield held or Fault(Reason.EMPTY, "a sitemap without entries")
    elif not count:
        what = "an HTML page" if b"<html" in body[:4096].lower() else "no sitemap"
        yield Fault(Reason.BAD_FEED, f"the file is {what}")
    else:  # a lenient parser closes the last entry where it was cut
        yield Fault(Reason.BAD_FEED, f"the sitemap breaks off after {count - 1} whole entries")


def _entry(element: Any) -> Listed | None:
    """An entry of a list; None for elements of the same name elsewhere, and entries without an address."""
    parent = element.getparent()
    if parent is None or local_name(parent) not in _ROOTS.split("|"):
        return None
    texts: dict[str, str] = {}
    for child in element.iterchildren("*"):
        if (name := local_name(child)) == "news":
            texts |= {f"news:{local_name(part)}": text_of(part) for part in child.iterchildren("*")}
        elif etree.QName(child).namespace == etree.QName(element).namespace:
            texts.setdefault(name, text_of(child))
    published_at, precision = parse_instant(texts.get("news:publication_date")) or (None, None)
    modified_at, _ = parse_instant(texts.get("lastmod")) or (None, None)
    hints = Hints(
        title=texts.get("news:title") or None,
        published_at=published_at,
        published_precision=precision,
        modified_at=modified_at,
        tags=tuple(tag.strip() for tag in texts.get("news:keywords", "").split(",") if tag.strip()),
    )
    return Listed(texts.get("loc") or None, "sitemap" if local_name(element) == "sitemap" else "page", hints)


def _text_entries(body: bytes) -> Iterator[Listed | Fault]:
    lines = [line.strip() for line in body.decode("utf-8", "replace").splitlines()]
    urls = [line for line in lines if line]
    if not urls:
        yield Fault(Reason.EMPTY, "an empty sitemap")
    elif not is_web_address(urls[0]):
        yield Fault(Reason.BAD_FEED, "the file is no sitemap: neither XML nor a list of addresses")
    else:
        yield from map(Listed, urls)
