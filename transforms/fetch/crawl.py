"""The crawl: many servers at once, each at its own pace; robots, redirects and retries."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import NamedTuple

from transforms.elements import Fetched, FetchedArchive, FetchRequest, HostFacts, Reject, Validators
from transforms.fetch.answer import Answer, FetchError, conditions, redirect_target, status_text
from transforms.fetch.archive_file import ArchiveFile
from transforms.fetch.guard import Refusal, checked_address
from transforms.fetch.hosts import Hosts, Origin
from transforms.fetch.http import Client
from transforms.fetch.pace import RETRIED_STATUSES
from transforms.fetch.policy import FetchPolicy
from transforms.fetch.progress import Counts
from transforms.fetch.robots import MAX_BYTES as MAX_ROBOTS_BYTES
from transforms.fetch.robots import MAX_REDIRECTS as MAX_ROBOTS_REDIRECTS
from transforms.fetch.site import Address, site_of
from transforms.fetch.spool import Spool
from transforms.reasons import Reason, Stage

MAX_CONCURRENT = 256
"""Requests under way to servers that answer, as many to new ones, and as many to those that were silent: dead servers
hold up no others."""

Outcome = Fetched | FetchedArchive | FetchRequest | Reject
"""A response, a redirect to another site (not followed here), or why there is neither."""

_AS_IT_IS = {"Accept-Encoding": "identity"}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NO_SERVER = ""


class _Job(NamedTuple):
    request: FetchRequest
    tries: int = 0


class Crawl:
    """Fetches what is added, inside of a running asyncio loop.

    Args:
        give: takes each outcome; while it waits, its server waits.
        failed: takes an exception that is no outcome of any request.
        spool: answers what a dead run fetched already, and keeps what is fetched now.
    """

    def __init__(
        self,
        policy: FetchPolicy,
        client: Client,
        give: Callable[[Outcome], Awaitable[None]],
        failed: Callable[[BaseException], None],
        spool: Spool | None = None,
    ) -> None:
        self.hosts = Hosts(policy)
        self.hosts.remember(spool.facts if spool else ())
        self._policy = policy
        self._client = client
        self._give = give
        self._failed = failed
        self._spool = spool
        self._queues: dict[str, deque[_Job]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = {is_silent: asyncio.Semaphore(MAX_CONCURRENT) for is_silent in (False, None, True)}
        self._counts = Counts()

    def add(self, request: FetchRequest) -> None:
        """Queue a request; it will have one outcome."""
        self._count(Counts(pages_asked=1) if request.kind == "page" else Counts(lists_asked=1))
        queue = self._queues.get(name := self._queue_of(request))
        if queue is None:
            queue = self._queues[name] = deque()
            task = asyncio.create_task(self._work(name))
            self._tasks.add(task)
            task.add_done_callback(self._done)
        queue.append(_Job(request))

    async def stop(self) -> None:
        """Drop what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def take_facts(self) -> Iterator[HostFacts]:
        """What is known of the hosts that were touched since the last call."""
        return self.hosts.take_facts()

    def counts(self) -> Counts:
        """What was done so far, and which server will take longest."""
        queues = {name: len(queue) for name, queue in self._queues.items() if name != _NO_SERVER}
        wait_s = {name: waiting * self.hosts.delay_s(name) for name, waiting in queues.items()}
        slowest = max(wait_s, key=lambda name: wait_s[name], default="")
        return self._counts._replace(
            hosts=len(queues), waits_for=slowest, waiting=queues.get(slowest, 0), wait_s=wait_s.get(slowest, 0.0)
        )

    def _queue_of(self, request: FetchRequest) -> str:
        """Requests to one server wait for each other; those that need none wait for nobody."""
        if self._spool and request in self._spool:
            return _NO_SERVER
        address = checked_address(request.url, self._policy.allow_private)
        return address.server if isinstance(address, Address) else _NO_SERVER

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self._failed(error)

    async def _work(self, name: str) -> None:
        queue = self._queues[name]
        while queue:
            job = queue.popleft()
            outcome: Outcome | None = self._spool.get(job.request) if self._spool else None
            if not outcome:
                outcome = await self._outcome(job)
                if self._spool and isinstance(outcome, Fetched | FetchedArchive):
                    self._spool.put(outcome)
            if outcome:
                self._count(_counts_of(job.request, outcome))
                await self._give(outcome)
            else:
                queue.append(job._replace(tries=job.tries + 1))
        del self._queues[name]

    def _count(self, more: Counts) -> None:
        self._counts = self._counts.plus(more)

    async def _outcome(self, job: _Job) -> Outcome | None:
        """What came of a request; None where it is to be tried again."""
        is_archive = job.request.kind == "archive"
        try:
            with self._archive_file() if is_archive else nullcontext() as file:
                return await self._follow(job.request, file)
        except FetchError as error:
            if error.is_passing and job.tries < self._policy.retries:
                return None
            tried = f" (after {job.tries + 1} attempts)" if error.is_passing and job.tries else ""
            return _reject(job.request, error.reason, error.detail + tried)
        except Exception as error:  # noqa: BLE001 - no input may end the crawl of all others
            return _reject(job.request, Reason.FAILED, f"{type(error).__name__}: {error}"[:500])

    def _archive_file(self) -> ArchiveFile:
        directory = self._spool.directory if self._spool else None
        return ArchiveFile(directory, lambda size: self._count(Counts(archive_bytes=size)))

    async def _follow(self, request: FetchRequest, file: ArchiveFile | None) -> Outcome:
        """Ask, and follow redirects inside of the site; validators are only for the address that they came with."""
        address = self._checked(request.url)
        first = address.url if request.first_url is None else None
        seen = {address.url}
        for hops in range(request.hops, self._policy.max_redirects + 1):
            await self._check_robots(address)
            is_theirs = address.url == (request.validators.url or first)
            asked = request if is_theirs else replace(request, validators=Validators())
            headers = conditions(asked.validators) | (_AS_IT_IS if file else {})
            answer, started_at = await self._ask(address, headers, file=file)
            location = answer.header("location")
            if answer.status not in _REDIRECTS or location is None:
                response = _settled(asked, address, answer, started_at)
                return file.keep(response) if file and response.status != HTTPStatus.NOT_MODIFIED else response
            target = self._checked(redirect_target(address, location))
            if target.url in seen:
                raise FetchError(Reason.REDIRECTS, f"{answer.status} leads in a circle: {target.url[:200]}")
            seen.add(target.url)
            if site_of(target.url) != site_of(address.url) and hops < self._policy.max_redirects:
                first_url = request.first_url or request.url
                return replace(request, url=target.url, hops=hops + 1, first_url=first_url)
            address = target
        raise FetchError(Reason.REDIRECTS, f"more than {self._policy.max_redirects}, the next to {address.url[:200]}")

    def _checked(self, url: str) -> Address:
        address = checked_address(url, self._policy.allow_private)
        if isinstance(address, Refusal):
            raise FetchError(address.reason, address.detail)
        return address

    async def _check_robots(self, address: Address) -> None:
        origin = self.hosts.origin(address)
        origin.touch()
        if not self._policy.respect_robots:
            return
        async with origin.asking:
            if not origin.is_known:
                await self._ask_robots(origin, address)
                self._keep_robots(origin)
        if origin.unreachable:
            raise FetchError(Reason.ROBOTS_UNREACHABLE, f"{address.origin}/robots.txt: {origin.unreachable}")
        if not origin.rules.allow(address.url):
            raise FetchError(Reason.ROBOTS, f"{address.origin}/robots.txt forbids it")

    async def _ask_robots(self, origin: Origin, address: Address) -> None:
        for attempt in range(self._policy.retries + 1):
            is_last = attempt == self._policy.retries
            try:
                answer = await self._robots_answer(origin, address)
            except FetchError as error:
                if error.is_of_host and origin.refusal(time.monotonic()):
                    raise  # and not a fault of a host that the robots.txt was moved to
                if is_last or not error.is_passing:
                    return origin.learn(None, f"{error.reason}: {error.detail}")
            else:
                if is_last or answer.status not in RETRIED_STATUSES:
                    return origin.learn(answer, status_text(answer.status))
        return None

    async def _robots_answer(self, origin: Origin, address: Address) -> Answer:
        """Ask for a robots.txt; redirects are followed inside of the site (RFC 9309, 2.3.1.2, would have all followed).

        Another site's hosts are asked by its own worker, which alone keeps their pace.
        What stands behind a redirect is taken without its headers: its validators are another address's.
        """
        target = self._checked(f"{address.origin}/robots.txt")
        for hops in range(MAX_ROBOTS_REDIRECTS + 1):
            answer, _ = await self._ask(target, {} if hops else origin.robots_conditions, MAX_ROBOTS_BYTES)
            location = answer.header("location")
            if answer.status not in _REDIRECTS or location is None:
                break
            target = self._checked(redirect_target(target, location))
            if site_of(target.url) != site_of(address.url):
                raise FetchError(Reason.REDIRECTS, f"{answer.status} to another site, not followed: {target.url[:200]}")
        if answer.status == HTTPStatus.NOT_MODIFIED and (hops or not origin.robots_conditions):
            raise FetchError(Reason.HTTP_STATUS, f"{status_text(answer.status)}, which was not asked for")
        return answer._replace(headers=()) if hops else answer

    def _keep_robots(self, origin: Origin) -> None:
        try:
            if self._spool and not origin.unreachable:
                self._spool.put_robots(origin.facts)
        except OSError as error:
            self._failed(error)

    async def _ask(
        self, address: Address, headers: dict[str, str], cut_at: int | None = None, file: ArchiveFile | None = None
    ) -> tuple[Answer, datetime]:
        """One request, when it is its server's turn; with the time when it began."""
        origin = self.hosts.origin(address)
        origin.touch()
        server = origin.server
        async with server.turn:
            await _wait_for(origin)
            async with self._slots[server.pace.is_silent]:
                server.started()
                try:
                    answer = await self._client.ask(address, headers, server.started, server.heard, cut_at, file)
                except FetchError as error:
                    origin.failed(error)
                    raise
                server.answered(answer)
        return answer, server.last_start_at or datetime.now(UTC)


async def _wait_for(origin: Origin) -> None:
    if refusal := origin.refusal(time.monotonic()):
        raise FetchError(refusal.reason, refusal.detail, is_of_host=True)
    wait_s = origin.server.pace.next_start() - time.monotonic()
    if wait_s > 0:
        await asyncio.sleep(wait_s)


def _counts_of(request: FetchRequest, outcome: Outcome) -> Counts:
    is_page = request.kind == "page"
    if isinstance(outcome, Reject):
        return Counts(rejects=1)
    if isinstance(outcome, FetchRequest):  # another round's
        return Counts(pages_asked=-1) if is_page else Counts(lists_asked=-1)
    return Counts(pages=1) if is_page else Counts(lists=1)


def _settled(request: FetchRequest, address: Address, answer: Answer, started_at: datetime) -> Fetched:
    is_unchanged = answer.status == HTTPStatus.NOT_MODIFIED and bool(conditions(request.validators))
    if not is_unchanged and not 200 <= answer.status < 300:
        raise FetchError(Reason.HTTP_STATUS, status_text(answer.status), is_passing=answer.status in RETRIED_STATUSES)
    return Fetched(request, address.url, answer.status, answer.headers, answer.body, started_at)


def _reject(request: FetchRequest, reason: Reason, detail: str) -> Reject:
    url = request.first_url or request.url
    return Reject(Stage.FETCH, reason, url, detail, request.source.name, datetime.now(UTC))
