"""Feeds to their entries: RSS 0.9x to 2.0, Atom (feedparser), JSON Feed 1.x."""

from __future__ import annotations

import calendar
import html
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urljoin

import feedparser

from transforms.elements import Hints, Precision
from transforms.instants import YEARS, parse_instant
from transforms.reasons import Reason
from transforms.web_address import is_web_address

_JSON_FEED_VERSION = "jsonfeed.org/version/"
_CLOSING = re.compile(rb"</(?:[\w.-]{1,40}:)?(?:rss|feed|rdf|channel)\s{0,20}>", re.I)
_INLINE_MARKUP = re.compile(
    r"</?(?:a|b|br|cite|code|em|i|mark|q|s|small|span|strong|sub|sup|u)(?:\s[^<>]{0,500})?/?>", re.I
)
_SURROGATES = re.compile("[\ud800-\udfff]")


class Entry(NamedTuple):
    """One entry of a feed.

    Args:
        url: absolute; None where the entry names no address of the web.
        content: its own content, the longest that it has; may be blank.
        is_html: whether the content is HTML, or plain text.
        hints: what the feed says about the article.
    """

    url: str | None
    content: str
    is_html: bool
    hints: Hints


class Fault(NamedTuple):
    """What cannot be read of a feed, and why."""

    reason: Reason
    detail: str


def read_entries(body: bytes, base: str = "") -> Iterator[Entry | Fault]:
    """The entries of a feed, newest or oldest first as the feed has them.

    Entities of the document type are never resolved: feedparser drops their declarations. A feed that breaks off
    gives the entries that are whole, and one `Fault` for the rest.

    Args:
        body: as it was stored or received, in any encoding.
        base: the address that the feed came from; links are relative to it where no ``xml:base`` says otherwise.
            Without it they are relative to the site that the feed names.
    """
    if body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        yield from _json_entries(body, base)
    else:
        yield from _xml_entries(body, base)


def _xml_entries(body: bytes, base: str) -> Iterator[Entry | Fault]:
    # As a stream: feedparser takes bytes for a path first, and would read that file. Without a type beside the
    # location it would take the body for ISO 8859-1.
    headers = {"content-location": base, "content-type": "application/xml"} if base else {}
    try:
        parsed = feedparser.parse(io.BytesIO(body), response_headers=headers)
    except Exception as error:  # noqa: BLE001  feedparser raises what its handlers of odd elements meet
        yield Fault(Reason.BAD_FEED, f"the feed cannot be parsed: {error!r}"[:300])
        return
    if not parsed.get("version") and not parsed.entries:
        cause = parsed.get("bozo_exception")
        what = "an HTML page" if b"<html" in body[:4096].lower() else "no RSS or Atom feed"
        detail = f"the file is {what}" + (f" ({cause})" if cause else "")
        yield Fault(Reason.BAD_FEED, detail[:300])
        return
    entries = parsed.entries
    base = base or str(parsed.feed.get("link") or "")
    is_torn = parsed.bozo and not _CLOSING.search(body[-2048:])
    whole = entries[:-1] if is_torn and entries else entries
    for entry in whole:
        yield _entry_of_xml(entry, base)
    if is_torn:
        yield Fault(Reason.BAD_FEED, f"the feed breaks off after {len(whole)} whole entries")
    elif not entries:
        yield Fault(Reason.EMPTY, "a feed without entries")


def _entry_of_xml(entry: Any, base: str) -> Entry:
    contents = [part.get("value") or "" for part in entry.get("content", [])]
    modified_at, modified_precision = _entry_time(entry, "updated")
    published_at, precision = _entry_time(entry, "published")
    if published_at is None:  # RSS 1.0 has one time (dc:date), and many Atom feeds give only the required one
        published_at, precision = modified_at, modified_precision
    return Entry(
        url=_address(entry.get("link"), base),
        content=max([*contents, entry.get("summary") or ""], key=len),
        is_html=True,
        hints=Hints(
            source_id=entry.get("id"),
            title=_plain_title(entry.get("title")),
            published_at=published_at,
            published_precision=precision,
            modified_at=modified_at,
            authors=_names(entry.get("authors", [])),
            tags=tuple(tag.term for tag in entry.get("tags", []) if tag.get("term")),
            image=_picture(entry),
        ),
    )


def _picture(entry: Any) -> str | None:
    """The first picture of an entry: Media RSS, else an enclosure."""
    media = [*entry.get("media_content", []), *entry.get("media_thumbnail", [])]
    enclosures = [part for part in entry.get("enclosures", []) if str(part.get("type")).startswith("image/")]
    for part in media + enclosures:
        is_other = part.get("medium", "image") != "image" or str(part.get("type")).startswith(("video/", "audio/"))
        if not is_other and (url := _string(part.get("url") or part.get("href"))):
            return url
    return None


def _json_entries(body: bytes, base: str) -> Iterator[Entry | Fault]:
    try:
        feed = json.loads(body)
    except (ValueError, RecursionError) as error:
        yield Fault(Reason.BAD_FEED, f"no JSON: {str(error)[:200]}")
        return
    version = feed.get("version") if isinstance(feed, dict) else None
    items = feed.get("items") if isinstance(feed, dict) else None
    if _JSON_FEED_VERSION not in str(version) or not isinstance(items, list):
        yield Fault(Reason.BAD_FEED, "JSON, but no JSON Feed")
        return
    for number, item in enumerate(items, 1):
        if isinstance(item, dict):
            yield _entry_of_json(item, base or str(feed.get("home_page_url") or ""))
        else:
            yield Fault(Reason.BAD_FEED, f"entry {number} is a {type(item).__name__}, no object")
    if not items:
        yield Fault(Reason.EMPTY, "a feed without entries")


def _entry_of_json(item: dict[str, Any], base: str) -> Entry:
    published_at, precision = parse_instant(item.get("date_published")) or (None, None)
    modified_at, _ = parse_instant(item.get("date_modified")) or (None, None)
    authors = item.get("authors") or item.get("author")
    tags = item.get("tags")
    source_id = item.get("id")
    html = _string(item.get("content_html"))
    return Entry(
        url=_address(item.get("url") or item.get("external_url"), base),
        content=html or _string(item.get("content_text")) or _string(item.get("summary")) or "",
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
