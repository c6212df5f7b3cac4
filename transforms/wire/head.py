"""The head of wire copy: ``Miami (dpa) – ``, ``LONDON, March 3 (Reuters) - ``, ``dpa/Berlin.``.

A head is believed by its form (place, agency in brackets, dash), never by a word in running text: "said the
agency Reuters (...)" is no head, for nothing before it reads as a dateline.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from transforms.wire.agencies import NAME, SURE_NAME, Agency, agency_of, load, split_sources
from transforms.wire.dateline import (
    Dateline,
    has_region,
    is_known,
    read_dateline,
    read_day,
    split_before,
)

_WINDOW = 600
_DAY = r"(?:\d{4}-\d{2}-\d{2}|\d{1,2}\.\d{1,2}\.\d{4})"
_TIME = r"[ T,]+\d\d?[:.]\d\d(?:[:.]\d\d)?(?:\sUhr)?"
_DEBRIS = re.compile(
    rf"\s*(?:[•*+|>]\s*)?(?:(?:(?:date|datum|stand):?\s+)?{_DAY}(?:{_TIME})?\s*[-–—|,:]?\s*)?"
    rf"(?:{SURE_NAME}\s?[:|]\s+|(?-i:DJ)\s+)?",
    re.IGNORECASE,
)
_DEBRIS_END = re.compile(rf"(?:^|\s)(?:date\s+)?{_DAY}\s*[-–—|,:]?\s*$", re.IGNORECASE)
_BRACKET = re.compile(r"\(([^()]{2,50})\)|(?<![\w/:])/([^\W\d_][^/()\n]{1,24})/")
_SEPARATOR = re.compile(r"\s*\.?\s?(?:[–—―‒=]|--|-(?=\s|$)|(?<=\s)-(?=\S))\s*|\s*[.:|](?=\s|$)\s*|\s*")
_DASH = re.compile(r"[–—―‒|=-]")
_LEADING_QUOTES = " \"'«»„“”‚‘’‹›([¿¡"
_PIPE = re.compile(r"([^\W\d_a-z][^|\n]{2,40}?)\s([a-zäöü]{2,9}(?:/[a-zäöü]{2,9}){0,2})\s?\|\s+")
_AGENCY_FIRST = re.compile(rf"({SURE_NAME})(?:\s?/\s?|\s)([^\W\d_][^.:–—|(]{{2,40}}?)(?:\.|\s?[–—|:]|\s-)\s+")
_AGENCY_ONLY = re.compile(rf"({SURE_NAME})\s?(?:[–—:|]|--|-)\s+")
_AGENCY_LATE = re.compile(rf"\s?(?:[–—-]|--)?\s?({NAME})(?:\.|\s?[–—-]|\s?--)\s+")
_DIGIT = re.compile(r"\d")
_PLAIN = re.compile(r"([^\W\d_][^—–\n]{2,70}?)(?:\s?—|\s?–|\s?--|\s-)(?:\s+|$|(?=[^\s-]))")
_UNKNOWN_CODE = re.compile(r"([^\W\d_a-z][^()\n]{2,60}?)\s{1,2}\(([a-zäöü]{2,4}|[A-Z]{3,5})\)\s?(?:[–—]|--|-)\s+")
_PARTIES = frozenset(load("dateline.toml")["parties"])
_EAST = (
    re.compile(r"[（(]?(?P<agency>新[华華]社)(?P<place>[^\W\d]{2,8}?)(?:\d{1,2}月)?\d{1,2}日[电電]\s*"),
    re.compile(r"\((?P<place>[^\W\d]{1,12})=(?P<agency>연합뉴스)\)\s?(?:[^=.\n]{1,30}=\s?)?"),
    re.compile(r"【(?P<place>[^\W\d]{1,12})(?P<agency>共同|時事)】"),
)


class Head(NamedTuple):
    """A head in a paragraph: ``text[start:end]`` is the mark, and what it says.

    Whatever stands before ``start`` is a lead that was glued to it.
    """

    start: int
    end: int
    agency: str | None = None
    place: str | None = None
    codes: str | None = None
    day: datetime | None = None


def find_head(text: str, *, is_first: bool) -> Head | None:
    """Find the first head in the first 600 characters of a paragraph.

    Args:
        text: one paragraph.
        is_first: True for the article's first; only there a dateline without an agency is believed.
    """
    window = text[:_WINDOW]
    debris = _DEBRIS.match(window)
    begin = debris.end() if debris else 0
    day = read_day(window[:begin])
    for match in _brackets(window, begin):
        head = _bracketed(window, begin, match)
        if head is not None:
            return head._replace(start=0, day=day) if head.start <= begin else head
    head = _enclosed(window) or _agency_late(window, begin) or _agency_first(window, begin)
    if head is None and is_first:
        head = _agency_only(window, begin) or _unknown_code(window, begin) or _place_only(window, begin)
    return head._replace(start=0, day=day) if head else None


def _brackets(window: str, begin: int) -> Iterator[re.Match[str]]:
    for count, match in enumerate(_BRACKET.finditer(window, begin)):
        if count == 6:
            return
        yield match


def _bracketed(window: str, begin: int, match: re.Match[str]) -> Head | None:
    """Read a bracket as the agency of a head, with what stands before as its dateline."""
    sources = split_sources(match.group(1) or match.group(2))
    if sources is None or not sources.agencies:
        return None
    agency = sources.agencies[0]
    after = _SEPARATOR.match(window, match.end())
    end = after.end() if after else match.end()
    sign = window[match.end() : end].strip()
    before = window[begin : match.start()]
    if not before.strip():
        return _without_place(window, match.start(), end, agency, sign)
    dateline = read_dateline(before)
    if dateline is not None:
        if _is_head(dateline, agency, match.group().strip("()/"), sign, window[end:]):
            return Head(begin, end, agency.name, dateline.place)
        return None
    return _glued(window, begin, match, end, agency, sign)


def _without_place(window: str, start: int, end: int, agency: Agency, sign: str) -> Head | None:
    """``(dpa) Text`` and the Italian order ``(ANSA) - ROMA, 03 MAR - Text``."""
    has_dash = bool(_DASH.search(sign))
    if not has_dash and (agency.ambiguous or not window[end:].strip() or not _opens(window[end:])):
        return None
    plain = _PLAIN.match(window, end)
    dateline = read_dateline(plain.group(1)) if plain else None
    if plain and dateline and dateline.is_certain and (dateline.dated or is_known(dateline.place)):
        return Head(start, plain.end(), agency.name, dateline.place)
    return Head(start, end, agency.name)


def _is_head(dateline: Dateline, agency: Agency, letters: str, sign: str, rest: str) -> bool:
    """Weigh a bracket at the head of a paragraph: ``Bern (sda) - `` against ``Example Press (EP) said``."""
    if _abbreviates(dateline.place, letters):
        return False
    has_dash = bool(_DASH.search(sign))
    if agency.ambiguous:
        return dateline.is_certain and (has_dash or (dateline.dated and sign == ":"))
    if has_dash:
        return True
    if not (agency.bare or dateline.dated or is_known(dateline.place)):
        return False
    return _opens(rest)


def _glued(window: str, begin: int, match: re.Match[str], end: int, agency: Agency, sign: str) -> Head | None:
    """Read a head behind a lead in the same paragraph: ``He resigned on Monday. Rome (AFP) - The ...``."""
    has_dash = bool(_DASH.search(sign))
    found = split_before(window[begin : match.start()])
    if not _opens(window[end:]) or agency.ambiguous:
        return None
    if found is None or not (has_dash or found.is_sharp or found.dateline.dated):
        return None
    if _abbreviates(found.dateline.place, match.group().strip("()/")):
        return None
    start = begin + len(found.before)
    debris = _DEBRIS_END.search(window, max(begin, start - 40), start)
    day = read_day(debris.group()) if debris else None
    return Head(debris.start() if debris else start, end, agency.name, found.dateline.place, day=day)


def _abbreviates(place: str, letters: str) -> bool:
    """Return True if the letters in the bracket are the initials before it: ``American Press (AP)``."""
    initials = "".join(word[0] for word in re.split(r"[\s\-/]", place) if word[:1].isupper())
    return len(letters) > 1 and initials.casefold() == letters.replace(".", "").casefold()


def _opens(rest: str) -> bool:
    """Return True if a sentence may start here (capital, digit, script without case), or nothing follows."""
    first = rest.lstrip(_LEADING_QUOTES)[:1]
    return not rest.strip() or (first.isalnum() and not first.islower())


def _enclosed(window: str) -> Head | None:
    """Heads of East Asian agencies, place and agency in one bracket."""
    for pattern in _EAST:
        match = pattern.match(window)
        agency = agency_of(match.group("agency")) if match else None
        if match and agency:
            return Head(0, match.end(), agency.name, match.group("place"))
    return None


def _agency_late(window: str, begin: int) -> Head | None:
    """``МОСКВА, 3 мар — РИА Новости. ``: a dated place, then the agency without brackets."""
    digit = _DIGIT.search(window, begin + 2, begin + 60)
    if digit is None:
        return None
    for match in _AGENCY_LATE.finditer(window, digit.end(), digit.end() + 50):
        dateline = read_dateline(window[begin : match.start()])
        agency = agency_of(match.group(1))
        if agency and dateline and dateline.dated and _opens(window[match.end() :]):
            return Head(begin, match.end(), agency.name, dateline.place)
    return None


def _agency_first(window: str, begin: int) -> Head | None:
    """``dpa/Berlin. ``, ``afp WASHINGTON | ``, ``BERLIN afp/rtr | ``."""
    match = _AGENCY_FIRST.match(window, begin)
    if match and _opens(window[match.end() :]):
        dateline, agency = read_dateline(match.group(2)), agency_of(match.group(1))
        if agency and dateline and (is_known(dateline.place) or (dateline.place.isupper() and len(dateline.place) > 4)):
            return Head(begin, match.end(), agency.name, dateline.place)
    match = _PIPE.match(window, begin)
    dateline = read_dateline(match.group(1)) if match else None
    if match and dateline and dateline.place.isupper():
        sources = split_sources(match.group(2))
        if sources and sources.agencies:
            return Head(begin, match.end(), sources.agencies[0].name, dateline.place)
        return Head(begin, match.end(), None, dateline.place, match.group(2)) if is_known(dateline.place) else None
    return None


def _agency_only(window: str, begin: int) -> Head | None:
    """``AFP - Text`` at the very start; only for agencies whose heads do without a place."""
    match = _AGENCY_ONLY.match(window, begin)
    agency = agency_of(match.group(1)) if match else None
    if (
        match
        and agency
        and agency.bare
        and not agency.spoken
        and window[match.end() :]
        and _opens(window[match.end() :])
    ):
        return Head(begin, match.end(), agency.name)
    return None


def _unknown_code(window: str, begin: int) -> Head | None:
    """``Kiel (abc) - ``, ``NEW JERSEY (WXYZ) -- ``: a dateline whose signature is a desk or a station."""
    match = _UNKNOWN_CODE.match(window, begin)
    dateline = read_dateline(match.group(1)) if match else None
    if match is None or dateline is None or not _opens(window[match.end() :]):
        return None
    place, code = dateline.place, match.group(2)
    if code.casefold() in _PARTIES or _abbreviates(place, code) or not (is_known(place) or has_region(place)):
        return None
    return Head(begin, match.end(), None, place, code if code.islower() else None)


def _place_only(window: str, begin: int) -> Head | None:
    """``ATLANTA -- ``, ``CLEVELAND, Ohio — ``, ``PENANG, Nov 22 — ``: capitals, a dash, a certain place."""
    match = _PLAIN.match(window, begin)
    dateline = read_dateline(match.group(1)) if match else None
    if match is None or dateline is None or not _opens(window[match.end() :]):
        return None
    place = dateline.place
    city = place.partition(",")[0]
    if city.isupper() and (dateline.dated or is_known(place) or has_region(place)):
        return Head(begin, match.end(), None, place)
    return None
