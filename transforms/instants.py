"""Times as machines write them (ISO 8601, RFC 2822, HTTP), to an instant in UTC and its precision."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from dateutil import parser as dateutil_parser

from transforms.elements import Precision

MAX_CHARS = 64
_YEARS = range(1970, 2100)
_DAY = re.compile(r"\d{4}-?\d{2}-?\d{2}\Z")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")
_SECONDS = re.compile(r"\d{2}:\d{2}:\d{2}")


def parse_instant(value: object) -> tuple[datetime, Precision] | None:
    """Parse a machine-written time; None for whatever is none.

    A time without a zone is taken as UTC. A value without a time of day has the precision ``day`` and stands for
    00:00 UTC. Numbers are not times: whether they count seconds or milliseconds is anyone's guess.
    """
    if not isinstance(value, str) or not (text := value.strip()) or len(text) > MAX_CHARS:
        return None
    try:
        if _DAY.match(text):
            found = datetime.fromisoformat(text)
            precision: Precision = "day"
        else:
            if _ISO.match(text):
                found = dateutil_parser.isoparse(text.replace(" ", "T", 1).replace(" ", ""))
            else:
                found = parsedate_to_datetime(text)
            precision = "second" if _SECONDS.search(text) else "minute"
        instant = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
    return (instant.replace(microsecond=0), precision) if instant.year in _YEARS else None


def iso(instant: datetime | None) -> str | None:
    """The contract's form, ``2026-03-04T05:06:07Z``; None stays None."""
    return None if instant is None else instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
