"""What an agenda holds, and every change of it noted for a journal."""

from __future__ import annotations

import dataclasses
import heapq
from datetime import datetime
from typing import Any

from pipeline.agenda.hosts import HostNews
from pipeline.agenda.items import Moved, Naming, Poll, Waiting
from pipeline.agenda.known import KnownAddresses
from pipeline.agenda.lines import Lines, server_of
from pipeline.agenda.log import Log
from pipeline.agenda.reading import ListedPage, hints_from
from pipeline.requests import first_requests, normal, rules_of, source_named
from transforms.elements import FetchRequest, Hints, Source, Validators

_SLACK = 10_000


class Book:
    """Polls, pages that wait, and what is known of addresses.

    Args:
        sources: of the sources file.
        delay_s: between two requests to one host.
    """

    def __init__(self, sources: tuple[Source, ...], delay_s: float) -> None:
        self.known = KnownAddresses()
        self.polls: dict[str, Poll] = {}
        self.waiting: dict[str, Waiting] = {}
        self.lines = Lines(delay_s)
        self.log = Log()
        self.hosts = HostNews(self.log)
        self.sources = sources
        self._names = frozenset(source.name for source in sources)
        self._named: dict[str, Source | None] = {source.name: source for source in sources}
        self.below: dict[str, set[str]] = {}
        self.timetable: list[tuple[float, str]] = []
        for request in map(normal, first_requests(sources)):
            self.name(request, "", 0.0)

    # ---- when

    def call(self, now_s: float) -> None:
        """Let everything whose time has come stand in line."""
        while self.timetable and self.timetable[0][0] <= now_s:
            at_s, url = heapq.heappop(self.timetable)
            poll, waiting = self.polls.get(url), self.waiting.get(url)
            if poll:
                if poll.next_s == at_s and not poll.is_called:
                    self.line_up(url)
            elif waiting and waiting.later_s == at_s:
                self.waiting[url] = waiting._replace(later_s=0.0)
                self.line_up(url)

    def line_up(self, url: str) -> None:
        """To the end of the line."""
        poll = self.polls.get(url)
        if poll:
            poll.is_called = True
        moved = (poll or self.waiting[url]).moved
        self.lines.add(url, server_of(moved.url if moved else url), is_poll=poll is not None)

    def schedule(self, poll: Poll, at_s: float) -> None:
        """The next time for a poll."""
        poll.next_s, poll.is_called = at_s, False
        heapq.heappush(self.timetable, (at_s, poll.url))
        self.note(poll)

    # ---- what is polled

    def note(self, poll: Poll) -> None:
        """A poll has changed."""
        self.log.put("poll", poll.url, poll.packed())

    def name(self, request: FetchRequest, parent: str, at_s: float) -> None:
        """A list (or page) is polled because the sources file names it, or the list ``parent``; a new one at a time."""
        poll = self.polls.get(request.url)
        naming, how = Naming(request.source.name, parent), (request.depth, request.kind)
        if poll and poll.named_by.get(naming) == how:
            return
        is_new = poll is None
        poll = poll or self.polls.setdefault(request.url, Poll(request.url))
        poll.named_by[naming] = how
        if parent:
            self.below.setdefault(parent, set()).add(poll.url)
        if is_new:
            self.schedule(poll, at_s)
        else:
            self.note(poll)

    def unname(self, parent: str, but: set[str]) -> None:
        """A list names some addresses, and no more; what nobody names is not polled."""
        for url in self.below.get(parent, set()) - but:
            self.below[parent].discard(url)
            if poll := self.polls.get(url):
                poll.named_by = {naming: how for naming, how in poll.named_by.items() if naming.parent != parent}
                if poll.named_by:
                    self.note(poll)
                else:
                    self._drop(url)
        if not self.below.get(parent):
            self.below.pop(parent, None)

    def _drop(self, url: str) -> None:
        del self.polls[url]
        self.log.put("poll", url, None)
        self.log.put("told", url, None)
        self.unname(url, set())

    def mark(self, poll: Poll, marks: bytes) -> None:
        """Keep what the latest reading of a list gave."""
        if marks != poll.marks:
            poll.marks = marks
            self.log.put("told", poll.url, marks)

    # ---- what waits

    def put(self, url: str, waiting: Waiting) -> None:
        """A page waits, or waits otherwise."""
        self.waiting[url] = waiting
        self.log.put("page", url, tuple(waiting))
        if waiting.later_s:
            heapq.heappush(self.timetable, (waiting.later_s, url))

    def take_out(self, url: str) -> Waiting | None:
        """A page does not wait any more."""
        waiting = self.waiting.pop(url, None)
        if waiting:
            self.log.put("page", url, None)
        return waiting

    def list_page(self, page: ListedPage, poll: Poll, lists: tuple[str, ...], now: datetime) -> None:
        """A list names a page: it waits, if it was never asked for or is due again, and the list waits for it."""
        if page.url in self.polls:
            return
        waiting = self.waiting.get(page.url)
        if waiting is None:
            if self.known.is_due(page.url, now):
                self.put(page.url, Waiting(page.source, page.depth, page.hints, lists))
                self.lines.add(page.url, page.server)
                poll.waits += 1
        elif not waiting.later_s and poll.url not in waiting.lists:
            self.put(page.url, waiting._replace(lists=waiting.lists + lists))
            poll.waits += 1

    def learn(self, url: str, row: dict[str, Any]) -> None:
        """What is known of an address, as a row of the ledger."""
        self.log.put("known", *self.known.put(url, row))

    # ---- what is asked

    def request(self, url: str) -> FetchRequest | None:
        """The request for a poll or a page that waits, with what spares a reading; None where it is neither."""
        poll = self.polls.get(url)
        request: FetchRequest | None = self._poll_request(poll) if poll else self._page_request(url)
        known = self.known.get(url) if request else None
        if request and known and (known["rules"] or "") == rules_of(request):
            validators = Validators(known["etag"], known["last_modified"], known["final_url"])
            return dataclasses.replace(request, validators=validators)
        return request

    def _page_request(self, url: str) -> FetchRequest | None:
        waiting = self.waiting.get(url)
        source = self.source(waiting.source) if waiting else None
        if waiting is None or source is None:
            return None
        request = FetchRequest(url, "page", source, hints_from(waiting.hints), waiting.depth)
        return _moved_to(request, waiting.moved)

    def _poll_request(self, poll: Poll) -> FetchRequest | None:
        """For the first source by name, and with it for the others; of a page for the first alone."""
        by_name: dict[str, FetchRequest] = {}
        for naming, (depth, kind) in sorted(poll.named_by.items()):
            source = self.source(naming.source)
            if source and (source.name not in by_name or depth < by_name[source.name].depth):
                if source.name not in self._names:  # one feed of a subscription list
                    source = dataclasses.replace(source, kind="feed", urls=(poll.url,))
                by_name[source.name] = FetchRequest(poll.url, kind, source, Hints(), depth)
        if not by_name:
            return None
        first, *others = by_name.values()
        if first.kind != "page":
            first = dataclasses.replace(first, also=tuple(other.source for other in others))
        return _moved_to(first, poll.moved)

    def every_s(self, poll: Poll) -> float:
        """The cadence of the source that wants it most often."""
        sources = (self.source(naming.source) for naming in poll.named_by)
        return min((source.every_s for source in sources if source), default=float("inf"))

    def source(self, name: str) -> Source | None:
        """A source, or one below it; None for what is not in the file any more."""
        if name not in self._named:
            self._named[name] = source_named(name, self.sources)
        return self._named[name]

    @property
    def is_log_long(self) -> bool:
        """Whether more has been noted than there is, by so much that it is worth to begin anew."""
        live = 2 * len(self.polls) + len(self.waiting) + len(self.known) + len(self.hosts)
        return self.log.written > 2 * live + _SLACK


def _moved_to(request: FetchRequest, moved: Moved | None) -> FetchRequest:
    if moved is None:
        return request
    return dataclasses.replace(request, url=moved.url, hops=moved.hops, first_url=request.url)
