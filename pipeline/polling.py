"""The live sources of a stream: polled at their cadence, and what they lead to fetched, by one worker.

One key holds the whole crawl, so that pace, robots and redirects between sites need no rounds: a fetched page costs
half a millisecond here, and what costs twenty times as much, its extraction, is spread over all workers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.transforms.error_handling import ErrorHandler

from pipeline.agenda.agenda import Agenda
from pipeline.agenda.answers import Product
from pipeline.config import Live, Stream
from pipeline.fetching import Fetching, Taken, close, fetching, leave
from pipeline.turn import Turn
from transforms import metrics
from transforms.elements import Fetched, FetchedArchive, Gone, HostFacts, Page, Reject, Visit
from transforms.generation import StatePlan, read_rows, table_bits
from transforms.journal import LOG, VERSION, Cache, Journal
from transforms.ledger import addresses, hosts

_KEY = "crawl"
_LOG, _VERSION = beam.DoFn.StateParam(LOG), beam.DoFn.StateParam(VERSION)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KINDS: dict[str, type] = {
    "pages": Fetched,
    "documents": Page,
    "archives": FetchedArchive,
    "unchanged": str,
    "visits": Visit,
    "facts": HostFacts,
    "gone": Gone,
    "rejects": Reject,
}
_TAGS = {kind: name for name, kind in _KINDS.items()}

_AT_ONCE = 50


class Polled(NamedTuple):
    """What the live sources of a stream give.

    Args:
        pages: responses to requests for pages (`Fetched`).
        documents: those that lists carry themselves (`Page`).
        archives: responses that are archives (`FetchedArchive`); to be read where they were fetched.
        unchanged: the address of each list or page that was asked and had nothing new.
        visits: what the ledger is told of addresses (`Visit`), never ahead of the documents.
        facts: what it is told of hosts (`HostFacts`).
        gone: pages that are no more (`Gone`).
    """

    pages: beam.PCollection
    documents: beam.PCollection
    archives: beam.PCollection
    unchanged: beam.PCollection
    visits: beam.PCollection
    facts: beam.PCollection
    gone: beam.PCollection


class PollSources(beam.PTransform):
    """Ticks (microseconds since 1970) to `Polled`; all that comes of a tick has its timestamp.

    Args:
        live: what is read.
        stream: whether it is in pieces: then a tick lasts as long as its piece.
        plan: what is known from earlier runs.
        carried_as: see `transforms.journal.Cache`.
        rejects: collects the rejects of the whole run.
        started_at: of the stream, where it stops by itself.
    """

    def __init__(
        self,
        live: Live,
        stream: Stream,
        plan: StatePlan | None,
        carried_as: str | None,
        rejects: ErrorHandler,
        started_at: datetime | None = None,
    ) -> None:
        super().__init__()
        self._rejects = rejects
        self._do_fn = _PollDoFn(live, stream, plan, carried_as, started_at)

    def expand(self, ticks: beam.PCollection) -> Polled:  # noqa: D102
        others = [name for name in _KINDS if name != "pages"]
        found = (
            ticks
            | "Key" >> beam.Map(lambda at: (_KEY, at)).with_output_types(tuple[str, int])
            | "Poll" >> beam.ParDo(self._do_fn).with_outputs(*others, main="pages")
        )
        for name, kind in _KINDS.items():
            found[name].element_type = kind
        self._rejects.add_error_pcollection(found["rejects"])
        return Polled(*(found[name] for name in Polled._fields))


class _PollDoFn(beam.DoFn):
    def __init__(
        self,
        live: Live,
        stream: Stream,
        plan: StatePlan | None,
        carried_as: str | None,
        started_at: datetime | None,
    ) -> None:
        self._live, self._stream, self._plan, self._started_at = live, stream, plan, started_at
        self._carried_as = carried_as and f"{carried_as}/{_KEY}"
        self._crawl = self._carried_as or live

    def setup(self) -> None:
        self._cache = Cache(lambda _, entries: self._agenda(entries), self._carried_as)

    def process(self, tick: tuple[str, int], log: Any = _LOG, version: Any = _VERSION) -> Iterator[Any]:
        at = _EPOCH + timedelta(microseconds=tick[1])
        journal = Journal(log, version)
        crawl = fetching(self._crawl, self._live.policy, id(self))
        is_first = journal.is_empty
        agenda = self._cache.get(_KEY, journal)
        if crawl.is_new:
            agenda.recall()
            crawl.submit((), [*agenda.hosts.paces(), *(self._hosts() if is_first else ())])
        try:
            for product in self._turn(agenda, crawl, at):
                yield _tagged(product)
        except RuntimeError:  # the crawl ended; a retry begins another one
            close(self._crawl)
            raise
        self._write(agenda, journal, is_first)
        self._cache.keep(_KEY, journal, agenda)

    def teardown(self) -> None:
        if self._carried_as is None:
            leave(self._crawl, id(self))

    def _turn(self, agenda: Agenda, crawl: Fetching, at: datetime) -> Iterator[Product | HostFacts]:
        """Ask, and take what comes, until the tick is over."""
        turn = Turn(self._stream, at, self._started_at)
        is_over = False
        while not is_over:
            crawl.submit(agenda.due(turn.now()))
            taken = crawl.take(_AT_ONCE)
            yield from _settled(agenda, crawl, taken, turn.now())
            is_over = turn.is_over(agenda.out, [outcome for outcome, _ in taken])
        while turn.is_last and (taken := crawl.take(_AT_ONCE)):
            yield from _settled(agenda, crawl, taken, turn.now())

    def _write(self, agenda: Agenda, journal: Journal, is_first: bool) -> None:
        if self._carried_as is not None:
            agenda.drop_entries()
        elif is_first or agenda.is_log_long:
            journal.replace(agenda.snapshot())
        else:
            journal.add(*agenda.entries())

    def _agenda(self, entries: list[bytes]) -> Agenda:
        delay_s = self._live.policy.per_host_delay_s
        if entries:
            return Agenda.from_entries(self._live.sources, delay_s, entries)
        agenda = Agenda(self._live.sources, delay_s)
        if self._plan and self._plan.base:
            for rows in _tables(self._plan, addresses.ADDRESSES, addresses.SCHEMA):
                agenda.load(rows, self._plan.at)
        return agenda

    def _hosts(self) -> Iterator[HostFacts]:
        if self._plan and self._plan.base:
            for rows in _tables(self._plan, hosts.HOSTS, hosts.SCHEMA):
                yield from hosts.hosts_of(rows)


def _settled(agenda: Agenda, crawl: Fetching, taken: list[Taken], now: datetime) -> Iterator[Product | HostFacts]:
    for outcome, reading in taken:
        if (
            isinstance(outcome, Fetched)
            and reading is None
            and crawl.is_read_aside(outcome)
            and agenda.is_news(outcome)
        ):
            crawl.read_aside(outcome, now)
            continue
        products = agenda.settle(outcome, now, reading)
        if isinstance(outcome, FetchedArchive) and outcome not in products:
            _remove(outcome)
        yield from products
    if taken:
        yield from agenda.hosts.told(crawl.facts(), now)


def _tables(plan: StatePlan, table: str, schema: Any) -> Iterator[Any]:
    bits = table_bits(plan, table)
    for partition in range(1 << bits):
        yield read_rows(plan, table, partition, bits, schema)


def _tagged(product: Product | HostFacts) -> Any:
    if isinstance(product, Reject):
        metrics.rejected(product.stage, product.reason).inc()
    if isinstance(product, Fetched):
        return product
    return beam.pvalue.TaggedOutput(_TAGS[type(product)], product)


def _remove(archive: FetchedArchive) -> None:
    """Nobody reads it."""
    if archive.is_temporary:
        with suppress(OSError):
            Path(archive.path).unlink()
