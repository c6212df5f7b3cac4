"""The crawl's synchronous face: an asyncio loop in a thread of its own, requests in, outcomes out."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from transforms.elements import Fetched, FetchRequest, HostFacts
from transforms.fetch.crawl import Crawl, Outcome
from transforms.fetch.http import Client
from transforms.fetch.policy import FetchPolicy
from transforms.fetch.progress import keep_reporting
from transforms.fetch.spool import Spool

MAX_WAITING = 1_000
MAX_WAITING_BYTES = 64_000_000
"""Outcomes that wait for `Crawler.poll`; a crawl with more of them waits itself."""


class Crawler:
    """Fetches for one worker. Each submitted request has exactly one outcome, in whatever order.

    All methods are called from one thread. An exception that is no request's own (a full disk under the spool) is
    raised from the next call.

    Args:
        spool_dir: where responses are kept, and looked for, so that a run that is started again asks only for the
            others; None keeps none. The counts of the crawl are written there too (`transforms.fetch.progress`).
    """

    def __init__(self, policy: FetchPolicy, spool_dir: str | Path | None = None) -> None:
        self._policy = policy
        self._spool_dir = spool_dir
        self._changed = threading.Condition()
        self._waiting: deque[Outcome] = deque()
        self._waiting_bytes = 0
        self._outstanding = 0
        self._error: BaseException | None = None
        self._is_up = threading.Event()
        self._thread = threading.Thread(target=self._run, name="crawl", daemon=True)
        self._thread.start()
        self._is_up.wait()
        self._raise_error()

    def submit(self, requests: Iterable[FetchRequest], facts: Iterable[HostFacts] = ()) -> None:
        """Queue requests, with what is known of their hosts; returns at once."""
        self._raise_error()
        requests, facts = list(requests), list(facts)
        with self._changed:
            self._outstanding += len(requests)
        self._loop.call_soon_threadsafe(self._take, requests, facts)

    def poll(self, block: bool, most: int | None = None) -> list[Outcome]:
        """What is there; with ``block`` at least one outcome, or an empty list when every request has had its own.

        Args:
            block: whether to wait.
            most: leave the rest for the next call; None takes all.
        """
        with self._changed:
            while block and not self._waiting and self._outstanding and not self._error:
                self._changed.wait()
            count = len(self._waiting) if most is None else min(most, len(self._waiting))
            outcomes = [self._waiting.popleft() for _ in range(count)]
            self._waiting_bytes -= sum(map(_size, outcomes))
            self._outstanding -= len(outcomes)
        self._raise_error()
        if outcomes:
            self._loop.call_soon_threadsafe(self._room.set)
        return outcomes

    def finish(self) -> Iterator[Outcome | HostFacts]:
        """The outcomes of all requests submitted so far, then the facts of every host that was touched.

        More can be submitted afterwards; the paces of the hosts go on.
        """
        while outcomes := self.poll(block=True):
            yield from outcomes
        yield from self.facts()

    def facts(self) -> list[HostFacts]:
        """What is known of each host that was touched since this was last asked."""
        self._raise_error()
        return asyncio.run_coroutine_threadsafe(self._facts(), self._loop).result()

    def close(self) -> None:
        """Stop; what is under way is dropped."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()

    def _raise_error(self) -> None:
        if self._error:
            raise RuntimeError(f"the crawl ended: {self._error!r}") from self._error

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - it is raised in the caller's thread
            self._fail(error)
        finally:
            self._is_up.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self._room = asyncio.Event()
        spool = Spool(self._spool_dir) if self._spool_dir is not None else None
        try:
            async with Client(self._policy) as client:
                self._crawl = Crawl(self._policy, client, self._give, self._fail, spool)
                reports = asyncio.create_task(self._report(spool))
                self._is_up.set()
                await self._stopping.wait()
                await self._crawl.stop()
                reports.cancel()
                with suppress(asyncio.CancelledError):
                    await reports
        finally:
            if spool:
                spool.close()

    async def _report(self, spool: Spool | None) -> None:
        if spool:
            await keep_reporting(spool.directory, self._crawl.counts)

    def _take(self, requests: list[FetchRequest], facts: list[HostFacts]) -> None:
        try:
            self._crawl.hosts.remember(facts)
            for request in requests:
                self._crawl.add(request)
        except Exception as error:  # noqa: BLE001 - it is raised in the caller's thread
            self._fail(error)

    async def _give(self, outcome: Outcome) -> None:
        size = _size(outcome)
        while self._is_full(size):
            self._room.clear()
            if self._is_full(size):  # the caller may have taken everything in between
                await self._room.wait()
        with self._changed:
            self._waiting.append(outcome)
            self._waiting_bytes += size
            self._changed.notify()

    def _is_full(self, size: int) -> bool:
        with self._changed:
            waiting = len(self._waiting)
            return waiting >= MAX_WAITING or (waiting > 0 and self._waiting_bytes + size > MAX_WAITING_BYTES)

    async def _facts(self) -> list[HostFacts]:
        return list(self._crawl.hosts.take_facts())

    def _fail(self, error: BaseException) -> None:
        with self._changed:
            self._error = self._error or error
            self._changed.notify()


def _size(outcome: Outcome) -> int:
    return len(outcome.body) if isinstance(outcome, Fetched) else 0
