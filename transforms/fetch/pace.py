"""When one server may be asked next, and when it is not asked any more. Pure: times come in as seconds of any clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from transforms.fetch.guard import Refusal
from transforms.instants import parse_instant
from transforms.reasons import Reason

MAX_HOLD_UP = 0.05
"""Of the delay: how long a request may have been under way before the server saw it, for all that is known here."""
MAX_WAIT_S = 120.0
"""A server that wants to be left alone for longer (Retry-After, Crawl-delay) is given up for this run."""
MAX_REST_S = 86_400.0
"""A server that wants to be left alone for longer (Retry-After) is asked again after so long."""
BACKOFF_S = 1.0
MAX_BACKOFF_S = 30.0
SILENCES_TO_OPEN = 5
STATUSES_TO_OPEN = 10
"""Failures in a row after which a server is not asked any more; one that still answers, with errors, gets more."""
OPEN_S = 600.0
"""How long a server that only failed is left alone; a run of `stream` tries it again then."""
CRAWL_DELAY = "Crawl-delay: "
"""How the detail of a refusal begins that a later run need not meet, unlike that of a rule."""
RETRIED_STATUSES = frozenset({408, 429, *range(500, 600)})


class Standstill(NamedTuple):
    """Until when a server is not asked, and what it answered last."""

    until: float
    refusal: Refusal


class Pace:
    """The pace of one server: a gap between the starts of requests, longer after faults and on demand.

    Args:
        delay_s: between two starts.
        last_start: when it was asked before, if it was.
        not_before: until when an earlier run was asked to wait.
    """

    def __init__(self, delay_s: float, last_start: float | None = None, not_before: float | None = None) -> None:
        self.delay_s = delay_s
        self.last_start = last_start
        self.not_before = not_before
        self.is_silent: bool | None = None
        """Whether the latest request had no answer at all; None before the first one came to anything."""
        self._failures = 0
        self._last_failure: Refusal | None = None
        self._standstill: Standstill | None = None

    def next_start(self) -> float:
        """The earliest start of the next request; minus infinity for a server that was never asked."""
        after_last = float("-inf") if self.last_start is None else self.last_start + self.delay_s
        return max(after_last, float("-inf") if self.not_before is None else self.not_before)

    def refusal(self, now: float) -> Refusal | None:
        """Why the server is not asked any more, or None where waiting for `next_start` is worth it."""
        if self._standstill and now < self._standstill.until:
            return self._standstill.refusal
        wait_s = self.next_start() - now
        if wait_s <= MAX_WAIT_S:
            return None
        if self.not_before is not None and self.not_before - now > MAX_WAIT_S:
            seen = self._last_failure.detail if self._last_failure else "429 or 503 before"
            return Refusal(Reason.HTTP_STATUS, f"{seen}: the server asks to be left alone for {wait_s:.0f} s")
        return Refusal(Reason.ROBOTS, f"{CRAWL_DELAY}{self.delay_s:g}, the next request would be {wait_s:.0f} s away")

    def started(self, now: float) -> None:
        """A request began."""
        self.last_start = now

    def heard(self, now: float) -> None:
        """The server began to answer, so it saw the request before: a gap from here on is one for the server too."""
        if self.last_start is not None:
            self.last_start = min(max(now, self.last_start), self.last_start + self.delay_s * MAX_HOLD_UP)

    def answered(self) -> None:
        """The server works."""
        self.is_silent = False
        self._failures = 0
        self._standstill = None

    def failed(self, now: float, refusal: Refusal, retry_after_s: float | None = None) -> None:
        """A fault that may pass, or a status that says so: wait longer each time, or as long as the server says."""
        self._failures += 1
        self._last_failure = refusal
        backoff_s = min(BACKOFF_S * 2 ** min(self._failures - 1, 16), MAX_BACKOFF_S)
        self.not_before = now + (backoff_s if retry_after_s is None else min(max(retry_after_s, 0.0), MAX_REST_S))
        self.is_silent = refusal.reason != Reason.HTTP_STATUS
        if self._failures >= (SILENCES_TO_OPEN if self.is_silent else STATUSES_TO_OPEN):
            detail = f"{refusal.detail} (not asked: {self._failures} failures in a row)"
            self._standstill = Standstill(now + OPEN_S, Refusal(refusal.reason, detail))


def retry_after_s(value: str | None, now: datetime) -> float | None:
    """Seconds from a Retry-After header (RFC 9110, 10.2.3): a number of them, or a date; None where it is neither."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    if instant := parse_instant(text):
        return max((instant[0] - now.astimezone(UTC)).total_seconds(), 0.0)
    return None
