"""A book from and to what outlives it: a journal's entries, and what earlier runs left."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import pyarrow as pa

from pipeline.agenda.book import Book
from pipeline.agenda.items import Moved, Poll, Waiting
from pipeline.agenda.log import Change
from pipeline.agenda.reading import packed_hints
from pipeline.requests import LONGEST_WAIT, pending_request, rules_of
from transforms.discover.rules import pattern_against
from transforms.ledger.addresses import pending

_ROWS_AT_ONCE = 4_096
_AT_ONCE_S = 1.0


def load(book: Book, rows: pa.Table, at: datetime) -> None:
    """Take over what earlier runs knew (rows of `transforms.ledger.addresses`)."""
    for visited in pending(rows, at + LONGEST_WAIT):
        for asked in pending_request(visited, book.sources):
            later_s = max(visited.ask_again_at.timestamp(), _AT_ONCE_S)
            book.put(asked.url, Waiting(asked.source.name, 0, packed_hints(asked.hints), (), later_s))
    for batch in rows.to_batches(max_chunksize=_ROWS_AT_ONCE):
        for row in batch.to_pylist():
            url = row["url"]
            book.learn(url, row)
            poll = book.polls.get(url)
            if poll and not book.known.is_due(url, at):
                request = book.request(url)
                if request and rules_of(request) == (row["rules"] or ""):
                    book.schedule(poll, float(row["ask_again_at"]))


def changes(book: Book) -> Iterator[Change]:
    """All that a book holds, as if it had just come to be."""
    for poll in book.polls.values():
        yield "poll", poll.url, poll.packed()
        if poll.marks:
            yield "told", poll.url, poll.marks
    for url, waiting in book.waiting.items():
        yield "page", url, tuple(waiting)
    for key, packed in book.known.packed():
        yield "known", key, packed
    yield from book.hosts.changes()


def restore(book: Book, entries: Iterable[bytes]) -> None:
    """Take over what a journal tells, but for what was removed from the sources."""
    kept: dict[str, dict[Any, Any]] = {"poll": {}, "told": {}, "page": {}, "host": {}}
    for kind, key, value in book.log.replay(entries):
        if kind == "known":
            book.known.put_packed(key, value)
            continue
        kept[kind].pop(key, None)  # what was noted last comes last
        if value is not None:
            kept[kind][key] = value
    book.hosts.restore(kept["host"])
    _restore_polls(book, kept["poll"], kept["told"])
    for url, value in kept["page"].items():
        _restore_page(book, url, Waiting(*value))
    for poll in book.polls.values():
        heapq.heappush(book.timetable, (poll.next_s, poll.url))
        if not poll.waits:  # for pages of a source that was removed
            poll.withheld = None


def _restore_polls(book: Book, packed: dict[str, tuple[Any, ...]], marks: dict[str, bytes]) -> None:
    """Those that the sources file names, and what is reached from there."""
    found = {url: book.polls.get(url) or Poll(url) for url in packed}
    for url, poll in found.items():
        poll.unpack(packed[url])
        poll.marks = marks.get(url, b"")
    reached = set(book.polls)
    while more := {
        url
        for url, poll in found.items()
        if url not in reached and any(naming.parent in reached for naming in poll.named_by)
    }:
        reached |= more
    for url in reached & set(found):
        poll = found[url]
        for naming in [one for one in poll.named_by if one.parent]:
            if naming.parent in reached and book.source(naming.source):
                book.below.setdefault(naming.parent, set()).add(url)
            else:
                del poll.named_by[naming]
        if poll.named_by:
            book.polls[url] = poll


def _restore_page(book: Book, url: str, waiting: Waiting) -> None:
    source = book.source(waiting.source)
    if source is None or pattern_against(url, source) is not None:
        return
    lists = tuple(one for one in waiting.lists if one in book.polls)
    for one in lists:
        book.polls[one].waits += 1
    book.waiting[url] = waiting._replace(lists=lists, moved=waiting.moved and Moved(*waiting.moved))
    if waiting.later_s:
        heapq.heappush(book.timetable, (waiting.later_s, url))
    elif url not in book.polls:
        book.line_up(url)
