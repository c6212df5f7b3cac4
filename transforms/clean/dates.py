"""Dates that a page shows: whole lines that say when it was published or changed, and ages such as "2 hours ago".

A local time without its zone is no instant: only the day is taken from it. An age counts back from the fetch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

from transforms.elements import Precision

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january januar jänner jan jän",
            "february februar feber feb febr",
            "march märz maerz mar mär mrz",
            "april apr",
            "may mai",
            "june juni jun",
            "july juli jul",
            "august aug",
            "september sep sept",
            "october oktober oct okt",
            "november nov",
            "december dezember dec dez",
        ),
        start=1,
    )
    for name in names.split()
}
_OFFSETS_H = {"utc": 0, "gmt": 0, "z": 0, "mez": 1, "cet": 1, "mesz": 2, "cest": 2, "jst": 9}
_OFFSETS_H |= {"est": -5, "edt": -4, "cdt": -5, "pst": -8, "pdt": -7, "aest": 10, "aedt": 11}
_MONTH = r"(?P<month>[a-zä]{3,9})\.?"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_DAYS = (
    re.compile(rf"(?<!\d){_YEAR}-(?P<m>\d\d)-(?P<day>\d\d)(?!\d)"),
    re.compile(r"(?<!\d)(?P<day>\d{1,2})\. ?(?P<m>\d{1,2})\. ?(?P<year>(?:19|20)?\d\d)(?!\d)"),
    re.compile(rf"(?<!\d)(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)? (?:of )?{_MONTH},? {_YEAR}(?!\d)"),
    re.compile(rf"\b{_MONTH} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? {_YEAR}(?!\d)"),
)
_SLASHED = re.compile(r"(?<![\d/])\d{1,2}/\d{1,2}/(?:\d{4}|\d\d)(?![\d/])")
"""Day and month may stand in either order: such a line is known as a date, but not read."""
_TIME = re.compile(
    r"(?<![\d.:])(?P<h>\d{1,2})[:.](?P<min>\d\d)(?::\d\d)?(?!\d|\.\d) ?(?:uhr|h\b)? ?(?P<half>[ap]\.?m\b\.?)?"
    r"(?: ?\(?(?P<zone>utc|gmt|z|mez|mesz|cet|cest|jst|e[sd]t|cdt|p[sd]t|ae[sd]t|[+-]\d\d:?\d\d)\b\)?)?"
)
_ONE = {"einer", "einem", "an", "a", "one"}
_AGE = re.compile(
    r"\b(?:vor (?P<de>\d{1,3}|einer|einem) (?P<de_unit>sekunde|minute|min\b|stunde|std|tag|woche)(?:n|en|e)?\b\.?"
    r"|(?P<en>\d{1,3}|an?|one) ?(?P<en_unit>sec(?:ond)?|min(?:ute)?|hour|hr|h|day|d|week|w)s? ago\b)"
)
_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_GERMAN_UNITS = {"sekunde": "s", "minute": "m", "min": "m", "stunde": "h", "std": "h", "tag": "d", "woche": "w"}
_DAY_WORD = re.compile(r"\b(?:(?P<gestern>gestern|yesterday)|heute|today)\b")
_TOLD = re.compile(r"\d|gestern|yesterday|heute|today|ago\b|vor ein")
"""Without one of these there is no date, day or age; most lines have none."""
_CHANGED = re.compile(r"aktualisier|update|ge(?:ä|ae)ndert|modified|edited|zuletzt")
_LABEL = re.compile(
    r"\b(?:ver(?:ö|oe)ffentlicht|erschienen|publiziert|erstellt|gepostet|aktualisier(?:t|ung)"
    r"|stand|datum|ge(?:ä|ae)ndert|letzte[rs]?|(?:ä|ae)nderung|update[ds]?|zuletzt|online|seit|am|um|vom|von|uhr|ist"
    r"|wurde|artikel|der|vor|und|min|minuten|lesezeit|lesedauer|ca"
    r"|published|posted|created|date|modified|edited|last|first|on|at|the|of|by|was|article|and|read|minutes?|time"
    r"|today|yesterday|heute|gestern|eine[mr]?|jahren?|monat(?:en)?|local|erscheinungsdatum|jetzt|kommentieren|hkt|uk|us"
    r"|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag|mo|di|mi|do|fr|sa|so"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|mon|tue|wed|thu|thur|fri|sat|sun"
    r"|utc|gmt|mez|mesz|cest?|bst|jst|est|edt|et|ist|pst|pdt|am|pm|a\.m|p\.m|h)\b"
)
_SPAN = re.compile(
    r"(?:19|20)\d\d ?(?:–|—|-|bis|to|until) ?(?:\d{1,2}\. ?)?(?:[a-zä]{3,9}\.? )?(?:\d{1,2},? )?(?:19|20)\d\d"
)
_LONG_PAST = re.compile(r"\b19[0-7]\d\b")
"""A life's dates are text; nothing was published online in those years."""
_MAX_CHARS = 130
_LATEST = timedelta(days=2)
_FIRST_YEAR = 1990


class Seen(NamedTuple):
    """A date that a line shows."""

    at: datetime
    precision: Precision
    changed: bool
    how: str


def read_dates(text: str, fetched_at: datetime | None) -> list[Seen]:
    """The dates and ages in a line's first 130 characters.

    Args:
        text: the line.
        fetched_at: what ages count back from; without it an age says nothing. Dates later than two days after it
            are not believed.
    """
    low = text[:_MAX_CHARS].lower()
    found = list(_dates(low))
    if not found and fetched_at is not None and fetched_at.year >= _FIRST_YEAR:
        found = list(_ages(low, fetched_at))
    return [seen for seen in found if fetched_at is None or seen.at - fetched_at <= _LATEST]


def is_date_line(text: str, labelled: bool = False) -> bool:
    """Whether a line says nothing but a date, a time or an age (a comment count may stand beside it).

    Args:
        text: the line.
        labelled: ask for a word such as "Published" or "ago" too, or a date with its time of day.
    """
    if len(text) > _MAX_CHARS:
        return False
    low = text.lower()
    if not _TOLD.search(low) or _SPAN.search(low) or _LONG_PAST.search(low):
        return False
    rest, dates = low, 0
    for pattern in (*_DAYS, _SLASHED, _TIME, _AGE, _DAY_WORD):
        rest, n = pattern.subn(" ", rest)
        dates += n
    bare, labels = _LABEL.subn(" ", rest)
    if not dates or sum(ch.isalpha() for ch in bare) > 0 or sum(ch.isdigit() for ch in bare) > 5:
        return False
    return not labelled or bool(labels or _AGE.search(low)) or dates >= 2


def _dates(low: str) -> Iterator[Seen]:
    taken: list[tuple[int, int]] = []
    for pattern in _DAYS:
        for m in pattern.finditer(low):
            day = _day(m.groupdict())
            if day is not None and not any(a < m.end() and m.start() < b for a, b in taken):
                taken.append(m.span())
                changed = bool(_CHANGED.search(low[max(0, m.start() - 30) : m.start()]))
                at = _with_time(day, low[m.end() : m.end() + 40], low[max(0, m.start() - 20) : m.start()])
                yield Seen(at or day, "minute" if at else "day", changed, f"line '{m.group(0)}'")


def _day(parts: dict[str, str | None]) -> datetime | None:
    month = int(parts.get("m") or 0) or _MONTHS.get(parts.get("month") or "", 0)
    year = int(parts["year"] or 0)
    try:
        return datetime(year + 2000 if year < 100 else year, month, int(parts["day"] or 0), tzinfo=UTC)
    except ValueError:
        return None


def _with_time(day: datetime, after: str, before: str) -> datetime | None:
    """The instant, if a time with its zone stands beside the date."""
    for m in (*_TIME.finditer(after), *_TIME.finditer(before)):
        zone, hour = m["zone"], int(m["h"])
        if not zone or hour > 23 or int(m["min"]) > 59:
            continue
        if m["half"]:
            hour = hour % 12 + (12 if m["half"].startswith("p") else 0)
        local = day.replace(hour=hour, minute=int(m["min"]))
        if zone in _OFFSETS_H:
            return local - timedelta(hours=_OFFSETS_H[zone])
        minutes = int(zone[1:3]) * 60 + int(zone[-2:])
        if minutes < 24 * 60:
            sign = -1 if zone[0] == "-" else 1
            return local.replace(tzinfo=timezone(sign * timedelta(minutes=minutes))).astimezone(UTC)
    return None


def _ages(low: str, fetched_at: datetime) -> Iterator[Seen]:
    for m in _AGE.finditer(low):
        unit = _GERMAN_UNITS.get(m["de_unit"] or "", (m["en_unit"] or "x")[0])
        number = m["de"] or m["en"]
        count = 1 if number in _ONE else int(number or 1)
        at = fetched_at - timedelta(seconds=count * _UNITS_S[unit])
        changed = bool(_CHANGED.search(low[max(0, m.start() - 30) : m.start()]))
        yield Seen(at, "minute" if unit in "sm" else "day", changed, f"age '{m.group(0)}' before fetch")
    if (word := _DAY_WORD.search(low)) is not None:
        day = fetched_at.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(
            days=1 if word["gestern"] else 0
        )
        yield Seen(day, "day", bool(_CHANGED.search(low)), f"day '{word.group(0)}' of fetch")
