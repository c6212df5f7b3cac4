"""The marks of the wire, read and taken out of an article: head, tail, agency, people, picture credits."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from transforms.elements import Article
from transforms.wire.bylines import agency_in, people_in, without_agencies
from transforms.wire.credits import credits_in
from transforms.wire.signature import Signature, read_signature
from transforms.wire.tail import take_tail
from transforms.wire.top import Found, take_top

END = "end of text"


class _Marks(NamedTuple):
    """An article's text without its marks, and what they said in the order of trust."""

    lead: str | None
    paragraphs: tuple[str, ...]
    found: tuple[Found, ...]


def mark_wire(article: Article) -> Article:
    """Return the article with its wire marks as fields and without them in its text.

    Fills ``agency``, ``dateline``, ``byline_codes``, ``authors``, ``caption_credits`` and, from a date in the
    marks, ``published_at``; what the article already says stays. A teaser before the headed paragraph becomes
    ``lead``. Reads ``captions`` and ``bylines``, which stay as they are. Any text is accepted; calling it again
    changes nothing but ``origins``.
    """
    marks = _take_marks(article)
    authors, author_agency = without_agencies(article.authors)
    found = [*marks.found, *_found_in_bylines(article.bylines)]
    if author_agency:
        found.append(Found(author_agency, origin="authors"))
    agency, agency_origin = _first(article.agency, [(mark.agency, mark.origin) for mark in found])
    place, place_origin = _first(article.dateline, [(mark.place, mark.origin) for mark in found])
    codes, codes_origin = _first(article.byline_codes, [(mark.codes, mark.origin) for mark in found])
    writers, writers_origin = _writers(authors, article.bylines, found)
    credited = tuple(dict.fromkeys((*article.caption_credits, *credits_in(article.captions))))
    origins = [
        ("lead", "paragraph before the dateline" if article.lead is None and marks.lead else ""),
        ("agency", agency_origin),
        ("dateline", place_origin),
        ("byline_codes", codes_origin),
        ("authors", writers_origin),
        ("caption_credits", "captions" if credited != article.caption_credits else ""),
    ]
    marked = replace(
        article,
        lead=marks.lead,
        paragraphs=marks.paragraphs,
        agency=agency,
        dateline=place,
        byline_codes=codes,
        authors=writers,
        caption_credits=credited,
        origins=(*article.origins, *(origin for origin in origins if origin[1])),
    )
    return _dated(marked, found)


def _take_marks(article: Article) -> _Marks:
    """Take head and tail off until neither is left: what one uncovers may be for the other."""
    lead, paragraphs = article.lead, article.paragraphs
    heads: list[Found] = []
    tails: list[Found] = []
    while True:
        is_headed = article.dateline is not None or any(head.place for head in heads)
        top = take_top(lead, paragraphs, is_headed=is_headed)
        tail = take_tail(top.paragraphs)
        heads += top.found
        tails += [_from_signature(signature, END) for signature in tail.signatures]
        if (top.lead, tail.paragraphs) == (lead, paragraphs):
            return _Marks(lead, paragraphs, (*heads, *tails))
        lead, paragraphs = top.lead, tail.paragraphs


def _found_in_bylines(bylines: tuple[str, ...]) -> list[Found]:
    found = []
    for line in bylines:
        signature = read_signature(line)
        if signature is not None:
            found.append(_from_signature(signature, "byline"))
        elif agency := agency_in(line):
            found.append(Found(agency, origin="byline"))
    return found


def _from_signature(signature: Signature, origin: str) -> Found:
    return Found(signature.agency, None, signature.codes, signature.day, signature.people, origin)


def _first(known: str | None, candidates: list[tuple[str | None, str]]) -> tuple[str | None, str]:
    """What the article already says, without an origin; else the first candidate that says something."""
    if known is not None:
        return known, ""
    return next(((value, origin) for value, origin in candidates if value), (None, ""))


def _writers(authors: tuple[str, ...], bylines: tuple[str, ...], found: list[Found]) -> tuple[tuple[str, ...], str]:
    """The article's authors; if there are none, the persons of its bylines, else of its reporting line."""
    if authors:
        return authors, ""
    if people := people_in(bylines):
        return people, "byline"
    people = people_in(mark.people.split(";")[0] for mark in found if mark.people)
    return people, "reporting line" if people else ""


def _dated(article: Article, found: list[Found]) -> Article:
    """Fill the day of publication from a mark, if nothing else told it."""
    dated: list[tuple[datetime, str]] = [(mark.day, mark.origin) for mark in found if mark.day is not None]
    if article.published_at is not None or not dated:
        return article
    day, origin = dated[0]
    return replace(
        article,
        published_at=day,
        published_precision="day",
        origins=(*article.origins, ("published_at", origin)),
    )
