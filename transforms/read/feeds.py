"""Saved feeds to the documents that their entries carry: RSS 0.9x to 2.0, Atom (feedparser), JSON Feed 1.x."""

from __future__ import annotations

import calendar
import html
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

import feedparser

from transforms.elements import Hints, Page, Precision, Reject
from transforms.instants import YEARS, parse_instant
from transforms.read.web_address import is_web_address
from transforms.reasons import Reason, Stage

_JSON_FEED_VERSION = "jsonfeed.org/version/"
_NO_CONTENT = "the entry has no content of its own"
_CLOSING = re.compile(rb"</(?:[\w.-]{1,40}:)?(?:rss|feed|rdf|channel)\s{0,20}>", re.I)
_INLINE_MARKUP = re.compile(
    r"</?(?:a|b|br|cite|code|em|i|mark|q|s|small|span|strong|sub|sup|u)(?:\s[^<>]{0,500})?/?>", re.I
)
_SURROGATES = re.compile("[\ud800-\udfff]")


def read_feed(body: bytes, source: str) -> Iterator[Page | Reject]:
    """Each entry of a saved feed as a document, newest or oldest as the feed has them.

    Entities of the document type are never resolved: feedparser drops their declarations. A feed that breaks off
    gives the entries that are whole, and one `Reject` for the rest.
    """
    if body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        yield from _read_json_feed(body, source)
    else:
        yield from _read_xml_feed(body, source)


def _read_xml_feed(body: bytes, source: str) -> Iterator[Page | Reject]:
    # As a stream: feedparser takes bytes for a path first, and would read that file.
    try:
        parsed = feedparser.parse(io.BytesIO(body))
    except Exception as error:  # noqa: BLE001  feedparser raises what its handlers of odd elements meet
        detail = f"the feed cannot be parsed: {error!r}"
        yield Reject(Stage.READ, Reason.BAD_FEED, source, detail[:300], source)
        return
    if not parsed.get("version") and not parsed.entries:
        cause = parsed.get("bozo_exception")
        what = "an HTML page" if b"<html" in body[:4096].lower() else "no RSS or Atom feed"
        detail = f"the file is {what}" + (f" ({cause})" if cause else "")
        yield Reject(Stage.READ, Reason.BAD_FEED, source, detail[:300], source)
        return
    entries = parsed.entries
    base = str(parsed.feed.get("link") or "")
    is_torn = parsed.bozo and not _CLOSING.search(body[-2048:])
    whole = entries[:-1] if is_torn and entries else entries
    for number, entry in enumerate(whole, 1):
        yield _page_of_entry(entry, base, source, number)
    if is_torn:
        detail = f"the feed breaks off after {len(whole)} whole entries"
        yield Reject(Stage.READ, Reason.BAD_FEED, source, detail, source)
    elif not entries:
        yield Reject(Stage.READ, Reason.EMPTY, source, "a feed without entries", source)


def _page_of_entry(entry: Any, base: str, source: str, number: int) -> Page | Reject:
    contents = [part.get("value") or "" for part in entry.get("content", [])]
    modified_at, modified_precision = _entry_time(entry, "updated")
    published_at, precision = _entry_time(entry, "published")
    if published_at is None:  # RSS 1.0 has one time (dc:date), and many Atom feeds give only the required one
        published_at, precision = modified_at, modified_precision
    return _page(
        content=max([*contents, entry.get("summary") or ""], key=len),
        url=_address(entry.get("link"), base),
        origin=f"{source}#{number}",
        source=source,
        hints=Hints(
            source_id=entry.get("id"),
            title=_plain_title(entry.get("title")),
            published_at=published_at,
            published_precision=precision,
            modified_at=modified_at,
            authors=_names(entry.get("authors", [])),
            tags=tuple(tag.term for tag in entry.get("tags", []) if tag.get("term")),
            image=next((m.get("url") for m in entry.get("media_content", []) if m.get("url")), None),
        ),
    )


def _read_json_feed(body: bytes, source: str) -> Iterator[Page | Reject]:
    try:
        feed = json.loads(body)
    except (ValueError, RecursionError) as error:
        yield Reject(Stage.READ, Reason.BAD_FEED, source, f"no JSON: {str(error)[:200]}", source)
        return
    version = feed.get("version") if isinstance(feed, dict) else None
    items = feed.get("items") if isinstance(feed, dict) else None
    if _JSON_FEED_VERSION not in str(version) or not isinstance(items, list):
        yield Reject(Stage.READ, Reason.BAD_FEED, source, "JSON, but no JSON Feed", source)
        return
    for number, item in enumerate(items, 1):
        if isinstance(item, dict):
            yield _page_of_item(item, str(feed.get("home_page_url") or ""), source, number)
        else:
            detail = f"entry {number} is a {type(item).__name__}, no object"
            yield Reject(Stage.READ, Reason.BAD_FEED, source, detail, source)
    if not items:
        yield Reject(Stage.READ, Reason.EMPTY, source, "a feed without entries", source)


def _page_of_item(item: dict[str, Any], base: str, source: str, number: int) -> Page | Reject:
    published_at, precision = parse_instant(item.get("date_published")) or (None, None)
    modified_at, _ = parse_instant(item.get("date_modified")) or (None, None)
    authors = item.get("authors") or item.get("author")
    tags = item.get("tags")
    source_id = item.get("id")
    html = _string(item.get("content_html"))
    return _page(
        content=html or _string(item.get("content_text")) or _string(item.get("summary")) or "",
        url=_address(item.get("url") or item.get("external_url"), base),
        origin=f"{source}#{number}",
        source=source,
        is_html=html is not None,
        hints=Hints(
            source_id=_string(str(source_id)) if isinstance(source_id, str | int | float) else None,
            title=_string(item.get("title")),
            published_at=published_at,
            published_precision=precision,
            modified_at=modified_at,
            authors=_names(authors if isinstance(authors, list) else [authors]),
            tags=tuple(text for tag in (tags if isinstance(tags, list) else ()) if (text := _string(tag))),
            image=_string(item.get("image")),
        ),
    )


def _page(content: str, url: str | None, origin: str, source: str, hints: Hints, is_html: bool = True) -> Page | Reject:
    if not content.strip():
        return Reject(Stage.READ, Reason.MISSING_FIELD, url or origin, _NO_CONTENT, source)
    return Page(
        url=url,
        markup="fragment" if is_html else "text",
        content_type="text/html; charset=utf-8" if is_html else "text/plain; charset=utf-8",
        body=content.encode("utf-8", "replace"),
        source=source,
        origin=origin,
        hints=hints,
    )


def _address(link: object, base: str) -> str | None:
    """An entry's address, resolved against the feed's; None where it is none: the content is the document all the same.

    feedparser takes an identifier for the link where there is no other.
    """
    text = _string(link)
    if text is None:
        return None
    try:
        absolute = urljoin(base, text.strip())
    except ValueError:
        return None
    return absolute if is_web_address(absolute) else None


def _names(people: list[Any]) -> tuple[str, ...]:
    names = (_string(person.get("name") if isinstance(person, dict) else person) for person in people)
    return tuple(name.strip() for name in names if name)


def _string(value: object) -> str | None:
    """A string that is not blank; lone surrogates, which JSON allows as escapes, are replaced."""
    return _SURROGATES.sub("\ufffd", value) if isinstance(value, str) and value.strip() else None


def _plain_title(title: str | None) -> str | None:
    """A title without the markup and the second layer of entities that RSS allows in it."""
    return html.unescape(_INLINE_MARKUP.sub("", title)) if title else None


def _entry_time(entry: Any, name: str) -> tuple[datetime | None, Precision | None]:
    """A time of an entry; where only feedparser could read it, its precision is told by the colons it is written with.

    ``in`` is asked first: feedparser answers for a missing ``updated`` with ``published``.
    """
    if name not in entry:
        return None, None
    if found := parse_instant(entry[name]):
        return found
    try:
        instant = datetime.fromtimestamp(calendar.timegm(entry[f"{name}_parsed"]), UTC)
    except (KeyError, ValueError, OverflowError, TypeError):
        return None, None
    if instant.year not in YEARS:
        return None, None
    precisions: tuple[Precision, ...] = ("day", "minute", "second")
    return instant, precisions[min(str(entry[name]).split("+")[0].count(":"), 2)]
