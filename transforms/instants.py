"""Times as machines write them (ISO 8601, RFC 2822, HTTP), to an instant in UTC and its precision."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from dateutil import parser as dateutil_parser

from transforms.elements import Precision

MAX_CHARS = 64
YEARS = range(1971, 2100)
"""1970 is what a zero becomes where a time was never set."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}\Z")
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}")
_SECONDS = re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}")
_NAMED_UTC = re.compile(r" ?(?:UTC|GMT)\Z")


def epoch_seconds(at: datetime) -> int:
    """Whole seconds since 1970 in UTC, as the tables of the state hold times; exact for every year."""
    return (at - _EPOCH) // timedelta(seconds=1)


class WrittenTime(NamedTuple):
    """A time as it stands: ``wall`` is aware only where the text names its zone."""

    wall: datetime
    precision: Precision

    @property
    def instant(self) -> datetime:
        """In UTC; a time without a zone is taken as UTC."""
        return self.wall.replace(tzinfo=UTC) if self.wall.tzinfo is None else self.wall.astimezone(UTC)


def parse_written(value: object) -> WrittenTime | None:
    """Parse a machine-written time, keeping its zone; None for whatever is none.

    A value without a time of day has the precision ``day``. Numbers are not times: whether they count seconds or
    milliseconds is anyone's guess.
    """
    if not isinstance(value, str) or not (text := value.strip()) or len(text) > MAX_CHARS:
        return None
    try:
        if _DAY.match(text):
            found = WrittenTime(datetime.fromisoformat(text), "day")
        else:
            if _ISO.match(text):
                wall = dateutil_parser.isoparse(_NAMED_UTC.sub("Z", text).replace(" ", "T", 1).replace(" ", ""))
            else:
                wall = parsedate_to_datetime(text)
            found = WrittenTime(wall.replace(microsecond=0), "second" if _SECONDS.search(text) else "minute")
        return found if found.instant.year in YEARS else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def parse_instant(value: object) -> tuple[datetime, Precision] | None:
    """The same as an instant in UTC with its precision; a day stands for 00:00 UTC."""
    written = parse_written(value)
    return (written.instant, written.precision) if written else None


def iso(instant: datetime | None) -> str | None:
    """The contract's form, ``2026-03-04T05:06:07Z``; None stays None."""
    return None if instant is None else instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
