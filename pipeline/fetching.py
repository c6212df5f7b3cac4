"""The fetching of a stream: one crawl for the whole process, which goes on between ticks."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

from pipeline.agenda.reading import Reading, read_list
from pipeline.requests import asked_for
from transforms.elements import Fetched, FetchRequest, HostFacts
from transforms.fetch.crawl import Outcome
from transforms.fetch.crawler import Crawler
from transforms.fetch.policy import FetchPolicy
from transforms.fetch.visits import asked_url

READ_ASIDE_BYTES = 256_000
"""A list that is longer is looked into in a thread of its own: one of 10 MB takes a quarter of a minute."""
MAX_ASIDE = 8


Taken = tuple[Outcome, Reading | None]


class Fetching:
    """A crawler, and what is under way in it: nothing is asked twice, whatever a retry asks for.

    Called from one thread at a time.
    """

    def __init__(self, policy: FetchPolicy) -> None:
        self._crawler = Crawler(policy)
        self._under_way: set[str] = set()
        self._readers = ThreadPoolExecutor(1, thread_name_prefix="lists")
        self._aside: list[tuple[Fetched, Future[Reading]]] = []
        self.is_new = True
        self.users: set[int] = set()

    def submit(self, requests: Iterable[FetchRequest], facts: Iterable[HostFacts] = ()) -> None:
        """Queue requests, but for those that are under way, with what is known of hosts."""
        self.is_new = False
        new = [request for request in requests if asked_url(request) not in self._under_way]
        self._under_way.update(map(asked_url, new))
        facts = list(facts)
        if new or facts:
            self._crawler.submit(new, facts)

    def take(self, most: int) -> list[Taken]:
        """What has come, lists that have been looked into included; does not wait."""
        read = [(fetched, future) for fetched, future in self._aside if future.done()]
        self._aside = [(fetched, future) for fetched, future in self._aside if not future.done()]
        taken: list[Taken] = [(fetched, future.result()) for fetched, future in read]
        taken += [(outcome, None) for outcome in self._crawler.poll(block=False, most=most)]
        for outcome, _ in taken:
            self._under_way.discard(asked_for(outcome))
        return taken

    def is_read_aside(self, fetched: Fetched) -> bool:
        """Whether a response is a list so long that others would wait for it."""
        is_list = fetched.request.kind not in ("page", "archive")
        return is_list and len(fetched.body) > READ_ASIDE_BYTES and len(self._aside) < MAX_ASIDE

    def read_aside(self, fetched: Fetched, now: datetime) -> None:
        """Look into a list; `take` gives it again when that is done."""
        self._under_way.add(asked_for(fetched))
        self._aside.append((fetched, self._readers.submit(read_list, fetched, now)))

    def facts(self) -> list[HostFacts]:
        """What is known of each host that was touched since this was last asked."""
        return self._crawler.facts()

    def close(self) -> None:
        """Drop what is under way."""
        self._readers.shutdown(wait=False, cancel_futures=True)
        self._crawler.close()


_RUNNING: dict[Hashable, Fetching] = {}


def fetching(name: Hashable, policy: FetchPolicy, user: int) -> Fetching:
    """The crawl of a name in this process; a new one if there is none.

    Args:
        user: a number of whoever uses it, until `leave`.
    """
    if name not in _RUNNING:
        _RUNNING[name] = Fetching(policy)
    _RUNNING[name].users.add(user)
    return _RUNNING[name]


def leave(name: Hashable, user: int) -> None:
    """A user is gone; with the last one the crawl ends."""
    running = _RUNNING.get(name)
    if running and user in running.users:
        running.users.discard(user)
        if not running.users:
            close(name)


def close(name: Hashable) -> None:
    """End the crawl of a name, if there is one."""
    if running := _RUNNING.pop(name, None):
        running.close()
