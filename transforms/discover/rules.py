"""The rules of a source, applied to what one of its lists names, before anything is fetched."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from transforms.discover.listed import Listed
from transforms.elements import Source
from transforms.reasons import Reason
from transforms.web_address import MAX_CHARS, is_web_address

MATCH_CHARS = 2000
"""An address is matched up to here, which bounds what a pattern that backtracks can cost."""


class Refusal(NamedTuple):
    """An entry that a rule leaves out, and why."""

    listed: Listed
    reason: Reason
    detail: str


def choose(entries: Iterable[Listed], source: Source, now: datetime) -> Iterator[Listed | Refusal]:
    """What the rules leave of a list, in its order, with clean addresses; an address twice in it is one entry.

    Args:
        entries: of one list.
        source: whose rules hold. They are about documents: to a list in a list only the form of its address matters.
        now: the start of the run; ages are counted from it.
    """
    seen: set[str] = set()
    passed: list[Listed | Refusal] = []
    for listed in entries:
        result = _judge(listed, source, now)
        url = result.url if isinstance(result, Listed) else result.listed.url
        if url is None or url not in seen:
            passed.append(result)
        if url is not None:
            seen.add(url)
    kept = [n for n, result in enumerate(passed) if isinstance(result, Listed) and result.kind == "page"]
    beyond = _beyond_limit(kept, passed, source.limit)
    for n, result in enumerate(passed):
        if n in beyond and isinstance(result, Listed):
            yield Refusal(result, Reason.EXCLUDED, f"beyond the limit of {source.limit} entries")
        else:
            yield result


def web_address(url: str) -> str | None:
    """An address to fetch, without its fragment; None for what is none, or names a user (RFC 9110, section 4.2.4)."""
    text = url.strip()
    if not is_web_address(text):
        return None
    try:
        parts = urlsplit(text)
        is_odd = parts.username is not None or parts.password is not None or parts.port == 0
    except ValueError:  # a port that is none
        return None
    if is_odd:
        return None
    clean = urlunsplit(parts._replace(fragment="")).replace(" ", "%20")
    return clean if len(clean) <= MAX_CHARS else None


def published(listed: Listed) -> datetime | None:
    """When an entry was published or, where the list does not say it, changed."""
    return listed.hints.published_at or listed.hints.modified_at


def is_too_old(listed: Listed, max_age_s: float | None, now: datetime) -> bool:
    """Whether an entry is older than ``max_age_s``. A day without a time counts to its end; undated is not old."""
    at = published(listed)
    if at is None or max_age_s is None:
        return False
    if at.timetz() == time(tzinfo=UTC):
        at += timedelta(days=1)
    return (now - at).total_seconds() > max_age_s


def _judge(listed: Listed, source: Source, now: datetime) -> Listed | Refusal:
    if listed.url is not None:
        url = web_address(listed.url)
        if url is None:
            return Refusal(listed, Reason.BAD_URL, "no http or https address, or one with a user's name")
        listed = listed._replace(url=url)
    if listed.kind != "page":
        return listed
    if why := pattern_against(listed.url or "", source):
        return Refusal(listed, Reason.EXCLUDED, why)
    if is_too_old(listed, source.max_age_s, now):
        at = published(listed)
        return Refusal(listed, Reason.TOO_OLD, f"of {at:%Y-%m-%d %H:%M} UTC")
    return listed


def pattern_against(url: str, source: Source) -> str | None:
    """Why the patterns of a source leave an address out; None where they do not."""
    text = url[:MATCH_CHARS]
    if source.include and not any(_compiled(pattern).search(text) for pattern in source.include):
        return "no pattern of include matches"
    hit = next((pattern for pattern in source.exclude if _compiled(pattern).search(text)), None)
    return None if hit is None else f"exclude {hit}"[:300]


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _beyond_limit(kept: list[int], entries: list[Listed | Refusal], limit: int | None) -> set[int]:
    """Which places stand behind the ``limit`` newest; undated entries come after dated ones, in the list's order."""
    if limit is None or len(kept) <= limit:
        return set()

    def newest_first(place: int) -> tuple[bool, float]:
        entry = entries[place]
        at = published(entry) if isinstance(entry, Listed) else None
        return at is None, -at.timestamp() if at else 0.0

    return set(sorted(kept, key=newest_first)[limit:])
