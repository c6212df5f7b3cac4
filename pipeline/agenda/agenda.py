"""What a stream asks for next, and what becomes of the answers. Without a clock or sockets: time and answers come in.

An agenda lives in memory, beside a journal of its changes, from which it can be built anew: then what was out is asked
for once more. What it gives out for the ledger (`Visit`) is never ahead of the documents: a list's visit, which would
have the next run see "304 Not Modified", is held back until all that the list named has been had or refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import pyarrow as pa

from pipeline.agenda.answers import NOT_MODIFIED, Missed, Product, is_confirmed, learn, miss
from pipeline.agenda.book import Book
from pipeline.agenda.hosts import HostNews
from pipeline.agenda.items import Moved, Poll, wait_s
from pipeline.agenda.keeping import changes, load, restore
from pipeline.agenda.reading import Reading, marks_in, read_list
from pipeline.requests import HOPS, asked_for, rest, visit_with_rules
from transforms.elements import (
    Fetched,
    FetchedArchive,
    FetchRequest,
    Reject,
    Source,
)
from transforms.fetch.crawl import Outcome
from transforms.fetch.freshness import stated_lifetime_s
from transforms.fetch.visits import asked_url, leads_to_lists
from transforms.ledger.addresses import KEPT_FOR
from transforms.reasons import Reason

_FORGET_EVERY_S = 86_400.0


class Agenda:
    """What is polled, what waits, and what is known.

    Args:
        sources: of the sources file.
        delay_s: between two requests to one host.
    """

    def __init__(self, sources: tuple[Source, ...], delay_s: float) -> None:
        self._book = Book(sources, delay_s)
        self._asked_s: dict[str, float] = {}
        self._forget_s = 0.0

    @classmethod
    def from_entries(cls, sources: tuple[Source, ...], delay_s: float, entries: Iterable[bytes]) -> Agenda:
        """The agenda that a journal's entries, in any order, tell of; without what was removed from the sources."""
        agenda = cls(sources, delay_s)
        restore(agenda._book, entries)
        return agenda

    def load(self, rows: pa.Table, at: datetime) -> None:
        """Take over what earlier runs knew (rows of `transforms.ledger.addresses`), before anything is asked."""
        load(self._book, rows, at)

    @property
    def out(self) -> int:
        """How many requests are out."""
        return self._book.lines.out

    @property
    def hosts(self) -> HostNews:
        """What has been told of hosts, and is to be told."""
        return self._book.hosts

    @property
    def waiting(self) -> int:
        """How many pages wait for their turn, are out, or are to be tried again."""
        return len(self._book.waiting)

    def __len__(self) -> int:
        return len(self._book.known)

    # ---- the journal

    def entries(self) -> list[bytes]:
        """What changed since this was last called, for the journal."""
        return self._book.log.take()

    def drop_entries(self) -> None:
        """There is no journal."""
        self._book.log.drop()

    @property
    def is_log_long(self) -> bool:
        """Whether the journal is so much longer than what it tells of that `snapshot` should replace it."""
        return self._book.is_log_long

    def snapshot(self) -> Iterator[bytes]:
        """Entries that tell everything; to be used up before anything else is called."""
        return self._book.log.rewrite(changes(self._book))

    # ---- asking

    def due(self, now: datetime) -> list[FetchRequest]:
        """The requests that are to go out now."""
        now_s = now.timestamp()
        if now_s >= self._forget_s:
            self._book.known.forget(now - KEPT_FOR)
            self._book.hosts.forget(now)
            self._forget_s = now_s + _FORGET_EVERY_S
        self._book.call(now_s)
        requests = []
        for url in self._book.lines.take():
            request = self._book.request(url)
            if request is None:  # it was dropped while it waited
                self._book.lines.done(url)
            else:
                self._asked_s[url] = now_s
                requests.append(request)
        return requests

    def recall(self) -> None:
        """Whoever had the requests that are out is gone: they go out again."""
        for url in self._book.lines.recall():
            if url in self._book.polls or url in self._book.waiting:
                self._book.line_up(url)
        self._asked_s.clear()

    def is_news(self, fetched: Fetched) -> bool:
        """Whether a fetched list has to be looked into."""
        poll = self._book.polls.get(asked_url(fetched.request))
        if fetched.status == NOT_MODIFIED or fetched.request.kind in ("page", "archive") or poll is None:
            return False
        known, visit = self._book.known.get(poll.url), visit_with_rules(fetched)
        # What an earlier run has read below a list of lists is not polled yet.
        is_read = poll.is_read or not leads_to_lists(fetched)
        return not (known and is_read and known["body_hash"] == visit.body_hash and known["rules"] == visit.rules)

    def settle(self, outcome: Outcome, now: datetime, reading: Reading | None = None) -> list[Product]:
        """What comes of an outcome; nothing where nobody waits for it.

        Args:
            outcome: of a request that `due` gave, in this process or before a fault.
            now: what ages are counted from.
            reading: of a list, if it has been looked into already (`read_list`).
        """
        url = asked_for(outcome)
        if url not in self._book.lines:
            return []
        self._book.lines.done(url)
        asked_s = self._asked_s.pop(url)
        if url not in self._book.polls and url not in self._book.waiting:  # dropped while it was out
            return []
        if isinstance(outcome, FetchRequest):
            fault = self._follow(url, outcome)
            return [] if fault is None else self._fault(url, fault, now)
        if isinstance(outcome, Reject):
            return self._fault(url, outcome, now)
        response = outcome.response if isinstance(outcome, FetchedArchive) else outcome
        if response.status == NOT_MODIFIED and not is_confirmed(self._book, response):
            self._book.line_up(url)
            return []
        products = self._read(response, now, reading) if self._is_list(response) else self._had(outcome)
        products += self._no_more(url)
        if poll := self._book.polls.get(url):
            self._poll_again(poll, response, max(asked_s, min(response.fetched_at.timestamp(), now.timestamp())))
        return products

    # ---- answers

    def _is_list(self, response: Fetched) -> bool:
        return response.request.kind not in ("page", "archive")

    def _had(self, outcome: Fetched | FetchedArchive) -> list[Product]:
        """A page or an archive."""
        visit, is_same = learn(self._book, outcome)
        response = outcome.response if isinstance(outcome, FetchedArchive) else outcome
        return [response.url if is_same else outcome, visit]

    def _read(self, response: Fetched, now: datetime, reading: Reading | None) -> list[Product]:
        """A list."""
        poll = self._book.polls[asked_url(response.request)]
        is_news = self.is_news(response)
        poll.withheld, _ = learn(self._book, response)
        if not is_news:
            return [response.url, *self._told(poll)]
        reading = reading or read_list(response, now)
        told = marks_in(poll.marks)
        products: list[Product] = [found for mark, found in reading.documents if mark not in told]
        self._book.mark(poll, b"".join(sorted({mark for mark, _ in reading.documents})))
        lists = (poll.url,)
        for page in reading.pages:
            self._book.list_page(page, poll, lists, now)
        below = {request.url for request in reading.lists} - {poll.url}
        for request in reading.lists:
            if request.url in below:
                self._book.name(request, poll.url, self._first_s(request.url, now))
        if reading.is_whole:
            self._book.unname(poll.url, below)
        poll.is_read = True
        return products + self._told(poll)

    def _first_s(self, url: str, now: datetime) -> float:
        """When a list that has just been named is polled: at once, or when what an earlier run had of it has aged."""
        known = self._book.known.get(url)
        return float(known["ask_again_at"]) if known and not self._book.known.is_due(url, now) else now.timestamp()

    def _told(self, poll: Poll) -> list[Product]:
        """What the ledger is told of a list, as soon as the list waits for nothing."""
        if poll.waits or poll.withheld is None:
            return []
        visit, poll.withheld = poll.withheld, None
        return [visit]

    def _no_more(self, url: str) -> list[Product]:
        """A page does not wait any more, and lists do not wait for it."""
        waiting = self._book.take_out(url)
        products = list[Product]()
        for name in waiting.lists if waiting else ():
            if poll := self._book.polls.get(name):
                poll.waits -= 1
                products += self._told(poll)
        return products

    def _poll_again(self, poll: Poll, response: Fetched, asked_s: float) -> None:
        poll.failing_s, poll.moved = 0.0, None
        known = self._book.known.get(poll.url)
        changed_s = known["changed_at"] if known else None
        fresh_s = stated_lifetime_s(dict(reversed(response.headers)), response.fetched_at)
        quiet_s = asked_s - (changed_s or asked_s)
        self._book.schedule(poll, asked_s + wait_s(self._book.every_s(poll), quiet_s, fresh_s))

    # ---- faults

    def _follow(self, url: str, request: FetchRequest) -> Reject | None:
        """Queue a redirect to another site; a reject where it is one too many."""
        poll = self._book.polls.get(url)
        before = (poll or self._book.waiting[url]).moved
        moved = Moved(request.url, request.hops, before.sites + 1 if before else 1)
        if moved.sites >= HOPS:
            return rest(request, Reason.REDIRECTS, f"through more than {HOPS} sites")
        if poll:
            poll.moved = moved
            self._book.note(poll)
        else:
            self._book.put(url, self._book.waiting[url]._replace(moved=moved))
        self._book.line_up(url)
        return None

    def _fault(self, url: str, reject: Reject, now: datetime) -> list[Product]:
        poll, waiting = self._book.polls.get(url), self._book.waiting.get(url)
        is_page = poll is None or any(kind == "page" for _, kind in poll.named_by.values())
        missed = miss(self._book, url, reject, now) if is_page else Missed([], 0.0, False)
        products: list[Product] = [reject, *missed.told, *self._no_more(url)]
        if poll:
            now_s = now.timestamp()
            poll.failing_s, poll.moved = poll.failing_s or now_s, None
            wait = wait_s(self._book.every_s(poll), now_s - poll.failing_s)
            self._book.schedule(poll, max(now_s + wait, missed.again_s))
        elif waiting and missed.is_pending:
            self._book.put(url, waiting._replace(lists=(), later_s=missed.again_s, moved=None))
        return products
