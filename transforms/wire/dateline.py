"""The place and date of a dateline: ``BEIRUT/THE HAGUE, March 7``, ``SPRINGFIELD, Ill.``, ``Bad Ischl``."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple

from transforms.wire.agencies import agency_of, fold, load

LONGEST = 90
"""Characters of the longest dateline that is believed."""

_TABLE = load("dateline.toml")
_STANDALONE, _REGIONS, _INSIDE, _NEVER_FIRST, _MONTHS, _WEEKDAYS = (
    frozenset(fold(name) for name in _TABLE[key])
    for key in ("standalone", "regions", "inside", "never_first", "months", "weekdays")
)
_DAY = re.compile(r"(?:\d{1,2}(?:st|nd|rd|th|er)?|\d{1,2}[./]\d{1,2}[./]?(?:\d{2,4})?|(?:19|20)\d\d)[.,]*")
_MONTH = re.compile(r"([^\W\d_]{3,12})[.,]?")
_WORD = re.compile(
    r"['’]?[^\W\d_][^\W\d_\xad'’.\-‑]{0,30}(?:[.'’\-‑\xad][^\W\d_\xad'’.\-‑]{0,30}){0,5}|[(\[][^\W\d_]{2,20}[)\]]"
)
_PREPOSITION = re.compile(r"(?i)\b(?:in|aus|nach|bei|von|zu|über|um|from|to|at|near|of|à|a|en|di|da|de|till|i)\s+$")
_SPLIT_PLACES = re.compile(r"\s?/\s?")
_TOKEN = re.compile(r"\S+")
_DATE = re.compile(r"(?:(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4}))(?!\d)")


class Dateline(NamedTuple):
    """A place as printed, and whether a date stood beside it."""

    place: str
    dated: bool

    @property
    def is_certain(self) -> bool:
        """True if nothing but a dateline looks like this: dated, in capitals, or a place that is known."""
        return self.dated or self.place.isupper() or is_known(self.place)


class Glued(NamedTuple):
    """A dateline found behind other words; ``is_sharp``: a full stop or a gap marks where it starts."""

    before: str
    dateline: Dateline
    is_sharp: bool


def is_known(place: str) -> bool:
    """Return True if every part of ``KIEW/WASHINGTON`` is a place that stands alone in datelines."""
    return fold(place) in _STANDALONE or all(fold(part) in _STANDALONE for part in _SPLIT_PLACES.split(place))


def has_region(place: str) -> bool:
    """Return True for capitals with a region after a comma: ``CLEVELAND, Ohio``, ``BAGHDAD, Iraq``."""
    city, comma, region = place.partition(",")
    return bool(comma) and city.isupper() and fold(region) in _REGIONS


def read_dateline(text: str) -> Dateline | None:
    """Read a whole string as place and optional date; None if any of it is something else."""
    if not 0 < len(text.strip()) <= LONGEST:
        return None
    text = text.strip().strip('„“"»*+-–—|• ')
    place, dated = _without_date(text)
    place = place.rstrip(" ,;:|")
    if place.endswith(".") and "," not in place and "." not in place[-6:-1]:
        place = place[:-1]
    parts = _SPLIT_PLACES.split(place)
    if not place or len(parts) > 5 or not all(_is_place(part) for part in parts) or _is_headed_by_text(parts[0]):
        return None
    return Dateline(place, dated)


def split_before(text: str) -> Glued | None:
    """Split ``He left. Neusiedl am See, 3. Mai`` into what stands before, and the dateline at the end.

    Used where a head was glued to a lead. The place starts after a full stop or a double space; else only a
    known place is believed, for the words before could belong to it.
    """
    window = text[-LONGEST:]
    base = len(text) - len(window)
    starts: list[int] = []
    for token in reversed(list(_TOKEN.finditer(window))):
        gap = window[token.end() : starts[-1]] if starts else ""
        if starts and (len(gap) > 1 or _ends_sentence(token.group())):
            if found := read_dateline(window[starts[-1] :]):
                return Glued(text[: base + starts[-1]], found, True)
            break
        if not _may_belong(token.group()):
            break
        starts.append(token.start())
    for start in reversed(starts):
        found = read_dateline(window[start:])
        if found and is_known(found.place) and not _PREPOSITION.search(window[:start]):
            return Glued(text[: base + start], found, False)
    return None


def read_day(text: str) -> datetime | None:
    """Return the first date written in numbers, at midnight UTC; None if there is none or it never was."""
    match = _DATE.search(text[:200])
    if match is None:
        return None
    year, month, day, day2, month2, year2 = match.groups()
    try:
        return datetime(int(year or year2), int(month or month2), int(day or day2), tzinfo=UTC)
    except ValueError:
        return None


def _is_headed_by_text(part: str) -> bool:
    """Return True if other words stand before the place: ``Dax im Minus Kiew``, ``Anna Muster KAIRO``."""
    words = part.partition(",")[0].split()
    if fold(part) in _STANDALONE or len(words) < 2:
        return False
    if words[-1].isupper() and not words[0].isupper() and len(words[-1]) > 3:
        return True
    return any(fold(" ".join(words[start:])) in _STANDALONE for start in range(1, len(words)))


def _may_belong(token: str) -> bool:
    return _is_date_token(token) or token.casefold() in _INSIDE or token[:1].isupper()


def _ends_sentence(token: str) -> bool:
    if token.endswith(")") or ("/" in token and agency_of(token.rpartition("/")[2])):
        return True  # a caption and its credit
    core = token.rstrip("\"“”»«')")
    if core.endswith(("!", "?", "…")):
        return True
    if not core.endswith(".") or _is_date_token(token):
        return False
    return core[0].islower() or (core[0].isupper() and len(core) > 4)  # "St." and "Dr." end no sentence


def _is_date_token(token: str) -> bool:
    match = _MONTH.fullmatch(token)
    return bool(_DAY.fullmatch(token)) or (match is not None and _is_month(match.group(1)))


def _is_month(word: str) -> bool:
    return word.casefold()[:3] in _MONTHS or word.casefold()[:5] in _MONTHS


def _without_date(text: str) -> tuple[str, bool]:
    """Cut a date off the end: at least a day and a month, or a day in numbers such as 3/3."""
    tokens = list(_TOKEN.finditer(text))
    end, days, months = len(text), 0, 0
    for token in reversed(tokens[1:]):
        word = token.group()
        match = _MONTH.fullmatch(word)
        if _DAY.fullmatch(word):
            days += 1 + (word.count("/") + word.rstrip(".").count("."))
        elif match is not None and _is_month(match.group(1)) and not months:
            months += 1
        elif word.strip(".,").casefold() in _WEEKDAYS:
            pass
        else:
            break
        end = token.start()
    return (text[:end], True) if days >= 2 or (days and months) else (text, False)


def _is_place(part: str) -> bool:
    """One place: one to five words that begin in capitals, a region after a comma; no article first."""
    segments = [segment.split() for segment in part.split(",")]
    if len(segments) > 3 or not all(1 <= len(words) <= 5 for words in segments):
        return False
    first = segments[0][0]
    if fold(part) not in _STANDALONE and (fold(first) in _NEVER_FIRST or agency_of(part)):
        return False
    for words in segments:
        if not (words[0][0].isupper() or words[0][0] in "'’"):
            return False
        if not all(_WORD.fullmatch(w) and (w[0] in "([’'" or w[0].isupper() or fold(w) in _INSIDE) for w in words):
            return False
    return True
