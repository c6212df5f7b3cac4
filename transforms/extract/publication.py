"""When an article was published, out of what its page states and shows."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import NamedTuple
from urllib.parse import urlsplit

from htmldate import find_date
from lxml import etree, html

from transforms.elements import Precision
from transforms.extract.characters import one_line
from transforms.extract.jsonld import ArticleData
from transforms.extract.parse import Element
from transforms.instants import WrittenTime, parse_written

_PUBLISHED = (
    "article:published_time",
    "og:article:published_time",
    "datepublished",
    "date",
    "dc.date.issued",
    "dcterms.created",
    "pubdate",
    "parsely-pub-date",
    "sailthru.date",
    "last-modified-date",
)
_MAX_STATED = 40
_IN_PATH = re.compile(r"(?<![0-9])((?:19[89]|20[0-9])[0-9])([/-])([01]?[0-9])\2([0-3]?[0-9])(?![0-9])")
_YEAR_FIRST = re.compile(r"(?<![0-9])((?:19[89]|20[0-9])[0-9])[-./年] ?([01]?[0-9])[-./月] ?([0-3]?[0-9])(?![0-9])")
_YEAR = re.compile(r"(?<![0-9])(?:19[89]|20[0-9])[0-9](?![0-9])")
_MAX_TITLE_CHARS, _MIN_HEADLINE_CHARS = 500, 15
_LINES_BEFORE, _LINES_AFTER, _MAX_LINE_CHARS = 8, 60, 100
_DETOUR, _ABOVE = 20, 2
_UNSEEN = frozenset(("script", "style", "noscript", "template", "head", "title", "meta", "link"))
_LAST_DATE = datetime(2099, 12, 31, tzinfo=UTC)


class Publication(NamedTuple):
    """An instant in UTC, how exact it is, and which part of the page said it; all None where nothing did."""

    instant: datetime | None = None
    precision: Precision | None = None
    origin: str | None = None


def publication(
    tree: Element, data: ArticleData, meta: dict[str, str], url: str | None, fetched_at: datetime | None
) -> Publication:
    """Statements for machines first (JSON-LD, meta, microdata, time elements), then the address, then what is shown.

    A time without a zone, or a mere day, is sharpened by another statement of the same moment that has one; alone it
    is taken as UTC. What is shown to readers is in local time, so that only its day is kept. Dates more than a day
    after ``fetched_at`` are not believed (a day, since days are local too).
    """
    last = (fetched_at or _LAST_DATE) + timedelta(days=1)
    stated = (
        (origin, written)
        for origin, value in _statements(tree, data, meta)
        if (written := parse_written(value)) and written.instant <= last
    )
    if first := next(stated, None):
        origin, written = _sharpened(first, stated)
        return Publication(written.instant, written.precision, origin)
    # The search of the whole page costs a third of an extraction, and is asked last.
    asked: tuple[tuple[str, Callable[[], str | None]], ...] = (
        ("address", lambda: _day_of_address(url)),
        ("line beside the headline", lambda: _day_beside_headline(tree, last)),
        ("search of the page", lambda: _day_by_search(tree, url, last)),
    )
    for origin, ask in asked:
        if (shown := parse_written(ask())) and shown.instant <= last:
            return Publication(shown.instant, "day", origin)
    return Publication()


def _statements(tree: Element, data: ArticleData, meta: dict[str, str]) -> Iterator[tuple[str, str | None]]:
    yield "json-ld", data.published
    for name in _PUBLISHED:
        yield f"meta {name}", meta.get(name)
    for element in islice(tree.iterfind(".//*[@itemprop='datePublished']"), _MAX_STATED):
        yield "microdata", element.get("datetime") or element.get("content") or element.text
    for element in islice(tree.iter("time"), _MAX_STATED):
        yield "time element", element.get("datetime")


def _sharpened(stated: tuple[str, WrittenTime], others: Iterator[tuple[str, WrittenTime]]) -> tuple[str, WrittenTime]:
    """The first statement, or the first other that gives the same moment with a zone (a day: with a time)."""
    first = stated[1]
    if first.wall.tzinfo is None:
        for origin, other in others:
            local = other.wall.replace(tzinfo=None)
            is_same = local.date() == first.wall.date() and (
                first.precision == "day" or abs(local - first.wall) < timedelta(minutes=1)
            )
            if other.wall.tzinfo is not None and is_same:
                return origin, other
    return stated


def _day_of_address(url: str | None) -> str | None:
    try:
        match = _IN_PATH.search(urlsplit(url or "").path[:2048])
    except ValueError:
        return None
    return f"{match[1]}-{int(match[3]):02}-{int(match[4]):02}" if match else None


def _day_beside_headline(tree: Element, last: datetime) -> str | None:
    """The day in the nearest short line around the headline that holds one, rather after it than before."""
    return next((day for line in _lines_beside_headline(tree) if (day := _day_of_line(line, last))), None)


def _lines_beside_headline(tree: Element) -> list[str]:
    """Short lines around the headline that hold a year: those after it in reading order, then those before it, nearest
    first; but what stands right above it comes before what is far below.

    The headline is the first ``h1``, or a lower heading that the title of the page repeats.
    """
    title = one_line(tree.findtext(".//title") or "")[:_MAX_TITLE_CHARS]
    lower = (element for element in tree.iter("h2", "h3") if len(one_line(element.text or "")) >= _MIN_HEADLINE_CHARS)
    heading = next(tree.iter("h1"), None)
    if heading is None:
        heading = next((element for element in lower if one_line(element.text or "") in title), None)
    if heading is None:
        return []
    before: deque[str] = deque(maxlen=_LINES_BEFORE)
    after: list[str] = []
    lines: deque[str] | list[str] = before
    for element in tree.iter():
        if element is heading:
            lines = after
        if len(after) >= _LINES_AFTER:
            break
        if element.tag not in _UNSEEN:
            lines.extend(text for text in (element.text, element.tail) if text and not text.isspace())
    above = list(reversed(before))
    near = (*after[:_DETOUR], *above[:_ABOVE], *after[_DETOUR:_LINES_AFTER], *above[_ABOVE:])
    short = (one_line(text) for text in near if len(text) <= 4 * _MAX_LINE_CHARS)
    return [line for line in short if len(line) <= _MAX_LINE_CHARS and _YEAR.search(line)]


def _day_of_line(line: str, last: datetime) -> str | None:
    """The date in a line, in the languages and orders that htmldate knows, as it reads a ``time`` element's text."""
    if match := _YEAR_FIRST.search(line):
        return f"{match[1]}-{int(match[2]):02}-{int(match[3]):02}"
    year = _YEAR.search(line)
    root = html.Element("html")
    element = etree.SubElement(etree.SubElement(root, "body"), "time")
    # A time after the year misleads the search (22:11 is taken for a part of the date).
    element.text = line[max(year.start() - 30, 0) : year.end()] if year else line
    return find_date(root, extensive_search=False, outputformat="%Y-%m-%d", max_date=_date(last))


def _day_by_search(tree: Element, url: str | None, last: datetime) -> str | None:
    """The first date anywhere in the page. The first of January stands for a bare year, which is a copyright's."""
    page = html.document_fromstring(etree.tostring(tree, encoding="unicode", method="html"))
    day = find_date(page, url=url, original_date=True, outputformat="%Y-%m-%d", max_date=_date(last))
    return None if day and day.endswith("-01-01") else day


def _date(instant: datetime) -> str:
    return instant.date().isoformat()
