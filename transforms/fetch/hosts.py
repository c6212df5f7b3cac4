"""What a crawl knows of the hosts it asks: their pace and their robots.txt, from and to `HostFacts`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from transforms.elements import HostFacts, Validators
from transforms.fetch.answer import Answer, FetchError, conditions, status_text
from transforms.fetch.guard import Refusal
from transforms.fetch.pace import MAX_REST_S, OPEN_S, RETRIED_STATUSES, Pace, Standstill, retry_after_s
from transforms.fetch.policy import FetchPolicy
from transforms.fetch.robots import MAX_BYTES, Rules, is_unreachable, rules_for
from transforms.fetch.site import Address, parse_address
from transforms.reasons import Reason

ROBOTS_MAX_AGE = timedelta(days=1)
UNREACHABLE_MAX_AGE = timedelta(hours=1)
"""A verdict that forbids because a server did not answer is asked again sooner than one that the server gave."""
FORGET_AFTER_S = 3_600.0
"""So long after its last request a host is dropped from memory; longer than any standstill (`OPEN_S`)."""


class Server:
    """One server (host and port; http and https on their own ports are one): asked one request at a time."""

    def __init__(self, delay_s: float) -> None:
        self.pace = Pace(delay_s)
        self.turn = asyncio.Lock()
        self.last_start_at: datetime | None = None

    def started(self) -> None:
        """A request goes out now."""
        self.pace.started(time.monotonic())
        self.last_start_at = datetime.now(UTC)

    def heard(self) -> None:
        """The answer to the latest request begins."""
        self.pace.heard(time.monotonic())

    def answered(self, answer: Answer) -> None:
        """The answer to the latest request came whole: go on, or wait as it says."""
        if answer.status not in RETRIED_STATUSES:
            self.pace.answered()
            return
        told_s = retry_after_s(answer.header("retry-after"), datetime.now(UTC)) if answer.status in (429, 503) else None
        self.pace.failed(time.monotonic(), Refusal(Reason.HTTP_STATUS, status_text(answer.status)), told_s)

    def remember(self, facts: HostFacts) -> None:
        """Take over what an earlier stage or run knew of the pace."""
        now = datetime.now(UTC)
        if facts.last_start_at:
            last_start_at = min(facts.last_start_at, now)  # another machine's clock may be ahead
            if self.last_start_at is None or last_start_at > self.last_start_at:
                self.last_start_at = last_start_at
                self.pace.last_start = _monotonic_of(last_start_at)
        rest_s = (facts.not_before - now).total_seconds() if facts.not_before else 0.0
        if 0 < rest_s < 2 * MAX_REST_S:  # what lies further ahead was written by a clock that was wrong
            self.pace.not_before = max(self.pace.not_before or 0.0, time.monotonic() + min(rest_s, MAX_REST_S))


class Origin:
    """One scheme, host and port: what one robots.txt holds for."""

    def __init__(self, facts: HostFacts, server: Server, user_agent: str) -> None:
        self.server = server
        self.asking = asyncio.Lock()
        self.is_touched = False
        self._used_at = time.monotonic()
        self.rules = Rules()
        self.unreachable: str | None = None
        self._standstill: Standstill | None = None
        self._user_agent = user_agent
        self._facts = facts
        self._read()

    @property
    def is_known(self) -> bool:
        """Whether what is known of the robots.txt still holds."""
        if self._facts.robots_at is None or self._facts.robots_status == 0:
            return False
        max_age = UNREACHABLE_MAX_AGE if is_unreachable(self._facts.robots_status) else ROBOTS_MAX_AGE
        return abs(datetime.now(UTC) - self._facts.robots_at) < max_age

    @property
    def facts(self) -> HostFacts:
        """For later stages and runs."""
        pace = self.server.pace
        is_waiting = pace.not_before is not None and pace.not_before > time.monotonic()
        not_before = _instant_of(pace.not_before) if is_waiting else None
        return replace(self._facts, last_start_at=_instant_of(pace.last_start), not_before=not_before)

    def touch(self) -> None:
        """It is being asked: its facts are news for later stages."""
        self.is_touched = True
        self._used_at = time.monotonic()

    def is_forgettable(self, now: float) -> bool:
        """Whether nothing that is known here matters any more before the next time that it comes with its facts."""
        is_resting = self.server.pace.not_before is not None and self.server.pace.not_before > now
        is_busy = self.asking.locked() or self.server.turn.locked()
        return not (self.is_touched or is_resting or is_busy) and now - self._used_at > FORGET_AFTER_S

    def refusal(self, now: float) -> Refusal | None:
        """Why nothing is asked here, or None (see `Pace.refusal`)."""
        if self._standstill and now < self._standstill.until:
            return self._standstill.refusal
        return self.server.pace.refusal(now)

    def failed(self, error: FetchError) -> None:
        """There was no answer: wait longer each time, or give up after a fault that would meet every request.

        Such are no such name, a private address, a bad certificate.
        """
        refusal = Refusal(error.reason, error.detail)
        if error.is_of_host:
            self._standstill = Standstill(time.monotonic() + OPEN_S, refusal)
        elif error.is_passing:
            self.server.pace.failed(time.monotonic(), refusal)

    def remember(self, facts: HostFacts) -> None:
        """Take over what an earlier stage or run knew, where it is newer."""
        self.server.remember(facts)
        if facts.robots_at and (self._facts.robots_at is None or facts.robots_at > self._facts.robots_at):
            self._facts = facts
            self._read()

    @property
    def robots_conditions(self) -> dict[str, str]:
        """Headers that ask for the robots.txt only if it is another one than what is known."""
        has_text = self._facts.robots_status is not None and 200 <= self._facts.robots_status < 300
        return conditions(self._facts.robots_validators) if has_text else {}

    def learn(self, answer: Answer | None, seen: str) -> None:
        """Take the answer to ``/robots.txt``; ``seen`` is said where it, or none, makes the host unreachable.

        304 confirms what is known; of an answer that a redirect led to nothing can be confirmed later.
        """
        now = datetime.now(UTC)
        if answer and answer.status == HTTPStatus.NOT_MODIFIED and self.robots_conditions:
            self._facts = replace(self._facts, robots_at=now)
        else:
            self._facts = replace(
                self._facts,
                robots_status=answer.status if answer else None,
                robots=answer.body[:MAX_BYTES] if answer else b"",
                robots_at=now,
                robots_validators=answer.validators if answer else Validators(),
            )
        self._read(seen)

    def _read(self, seen: str = "") -> None:
        status = self._facts.robots_status
        if status == 0:
            return
        self.rules = rules_for(self._facts.robots, status, self._user_agent)
        self.unreachable = (seen or f"{status or 'no answer'}") if is_unreachable(status) else None
        self.server.pace.delay_s = max(self.server.pace.delay_s, self.rules.crawl_delay_s or 0.0)


class Hosts:
    """All servers and origins of a crawl."""

    def __init__(self, policy: FetchPolicy) -> None:
        self._policy = policy
        self._servers: dict[str, Server] = {}
        self._origins: dict[str, Origin] = {}

    def remember(self, facts: Iterable[HostFacts]) -> None:
        """Take over what earlier stages or runs knew; facts of what is no origin are left alone."""
        for fact in facts:
            try:
                address = parse_address(fact.origin)
            except ValueError:
                continue
            self.origin(address).remember(fact)

    def server(self, address: Address) -> Server:
        """The server that an address leads to."""
        if address.server not in self._servers:
            self._servers[address.server] = Server(self._policy.per_host_delay_s)
        return self._servers[address.server]

    def origin(self, address: Address) -> Origin:
        """The origin of an address."""
        if address.origin not in self._origins:
            facts = HostFacts(address.origin)
            self._origins[address.origin] = Origin(facts, self.server(address), self._policy.user_agent)
        return self._origins[address.origin]

    def delay_s(self, server: str) -> float:
        """The gap between two requests to a server, as far as it is known."""
        known = self._servers.get(server)
        return known.pace.delay_s if known else self._policy.per_host_delay_s

    def take_facts(self) -> Iterator[HostFacts]:
        """Facts of every origin that was touched since this was last called; long unused ones are forgotten."""
        now = time.monotonic()
        for origin in self._origins.values():
            if origin.is_touched:
                origin.is_touched = False
                yield origin.facts
        self._origins = {name: origin for name, origin in self._origins.items() if not origin.is_forgettable(now)}
        used = {id(origin.server) for origin in self._origins.values()}
        self._servers = {name: server for name, server in self._servers.items() if id(server) in used}


def _instant_of(monotonic: float | None) -> datetime | None:
    return None if monotonic is None else datetime.now(UTC) + timedelta(seconds=monotonic - time.monotonic())


def _monotonic_of(instant: datetime) -> float:
    return time.monotonic() - (datetime.now(UTC) - instant).total_seconds()
