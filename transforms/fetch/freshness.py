"""When an address may be asked again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from transforms.elements import SourceKind
from transforms.instants import parse_instant

_MAX_AGE = re.compile(r"max-age\s{0,9}=\s{0,9}\"?([0-9]{1,10})", re.I)
_MAX_HEADER_CHARS = 2000


class Bounds(NamedTuple):
    """How far a server and the age of an article are believed; seconds."""

    list_max_s: float = 3_600.0
    page_max_s: float = 86_400.0
    guess_min_s: float = 300.0
    guess_max_s: float = 14 * 86_400.0
    guess_share: float = 0.2


DEFAULT_BOUNDS = Bounds()


def ask_again_at(
    fetched_at: datetime,
    headers: Iterable[tuple[str, str]],
    changed_at: datetime | None,
    published_at: datetime | None,
    kind: SourceKind,
    bounds: Bounds = DEFAULT_BOUNDS,
) -> datetime:
    """The earliest time for another request.

    What the server says (`stated_lifetime_s`) holds up to a bound: an hour for lists, a day for pages. A list is asked
    again right then. A page also waits for a fifth of the time that passed since it last changed, from 5 minutes to 14
    days: an article of an hour ago is asked again after 12 minutes, one of last week after 34 hours.

    Args:
        fetched_at: when the latest response was asked for.
        headers: of that response, names in lower case.
        changed_at: when an earlier request last found another text.
        published_at: what the article says; a time after ``fetched_at`` counts as none.
    """
    named = dict(reversed([*headers]))  # the first of a name
    is_page = kind == "page"
    stated_s = min(stated_lifetime_s(named, fetched_at), bounds.page_max_s if is_page else bounds.list_max_s)
    if not is_page:
        return fetched_at + timedelta(seconds=stated_s)
    known = [at for at in (changed_at, published_at) if at and at <= fetched_at]
    if not known and (modified := parse_instant(named.get("last-modified"))):  # for many servers that is always now
        known = [min(modified[0], fetched_at)]
    since_s = (fetched_at - max(known)).total_seconds() if known else 0.0
    guess_s = min(max(since_s * bounds.guess_share, bounds.guess_min_s), bounds.guess_max_s)
    return fetched_at + timedelta(seconds=max(stated_s, guess_s))


def stated_lifetime_s(headers: dict[str, str], fetched_at: datetime) -> float:
    """Seconds for which a response is fresh by its own headers (RFC 9111, 4.2.1); 0 where they do not say or forbid.

    Names are in lower case. ``s-maxage`` is for shared caches, which this is not.
    """
    control = headers.get("cache-control", "")[:_MAX_HEADER_CHARS].lower()
    if "no-store" in control or "no-cache" in control:
        return 0.0
    if found := _MAX_AGE.search(control.replace("s-maxage", "")):
        age = headers.get("age", "")
        return max(float(found.group(1)) - (float(age[:10]) if age.isascii() and age.isdigit() else 0.0), 0.0)
    expires, date = parse_instant(headers.get("expires")), parse_instant(headers.get("date"))
    if not expires:
        return 0.0
    return max((expires[0] - (date[0] if date else fetched_at)).total_seconds(), 0.0)
