"""Records to distinct articles and their copies, as they arrive: `transforms.copies.transform` for a stream.

What arrives in one window of the results is judged together, in the order that batch has: by publication. What stood
before the window stands, and what was written is never written again: an article names the copies of its own window,
and the lines of all later ones name their article.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindows

from transforms.copies.online import StandingIndex
from transforms.copies.sketch import content_of, sketch
from transforms.copies.standing_base import log_of
from transforms.copies.verdicts import RankedRef, add_ref, as_copy, copy_ref, with_copies
from transforms.elements import Copy, Record, Sketch
from transforms.event_windows import closing_windows
from transforms.generation import StatePlan
from transforms.journal import LOG, VERSION, Cache, Journal

_LOG = beam.DoFn.StateParam(LOG)
_VERSION = beam.DoFn.StateParam(VERSION)
_ALL = "*"
_TAGS = ("copies", "readings", "standing", "sightings")


class Merged(NamedTuple):
    """What records part into.

    Args:
        articles: `Record`s that stand.
        copies: a `Copy` for each other one.
        unchanged: the id of each whose text was read there before.
        readings: (id, (content, stands, revision)) for the next run; whether it stands may be None, for unknown.
        standing: the `Sketch` of each article.
        sightings: days, and the shingles (packed) that were seen on them, for the table of days.
    """

    articles: beam.PCollection
    copies: beam.PCollection
    unchanged: beam.PCollection
    readings: beam.PCollection
    standing: beam.PCollection
    sightings: beam.PCollection


class MergeArriving(beam.PTransform):
    """`Record`s, with the times at which they arrived, to `Merged`; what a record comes to has its time.

    What is known of copies lies under one key, at one worker; or under the language of the records, at as many as there
    are languages. Then two copies that are taken for different languages do not meet.

    Args:
        plan: what is known from earlier runs.
        window_s: of the results' windows.
        copies_window_s: how long an article stands for later copies, to within a day.
        recognise: (`Record`, hash of its text) to ``new`` records, ids of the ``unchanged``, and ``readings``.
        is_by_language: whether each language has a key of its own.
        carried_as: see `transforms.journal.Cache`.
    """

    def __init__(
        self,
        plan: StatePlan | None,
        window_s: float,
        copies_window_s: float,
        recognise: beam.PTransform,
        is_by_language: bool = False,
        carried_as: str | None = None,
    ) -> None:
        super().__init__()
        self._window_s, self._recognise, self._is_by_language = window_s, recognise, is_by_language
        self._do_fn = _JudgeDoFn(plan, copies_window_s, carried_as)

    def expand(self, records: beam.PCollection) -> Merged:  # noqa: D102
        recognised = (
            records
            | "Content" >> beam.Map(lambda record: (record, content_of(record))).with_output_types(tuple[Record, bytes])
            | "Recognise" >> self._recognise
        )
        judged = (
            recognised.new
            | "Sketch" >> beam.Map(_keyed, self._is_by_language).with_output_types(tuple[str, tuple[Record, Sketch]])
            | "Windows" >> closing_windows(self._window_s)
            | "ByKey" >> beam.GroupByKey()
            | "AllTime" >> beam.WindowInto(GlobalWindows())
            | "Judge" >> beam.ParDo(self._do_fn).with_outputs(*_TAGS, main="articles")
        )
        readings = (recognised.readings, judged["readings"]) | "Readings" >> beam.Flatten()
        for name, kind in {"articles": Record, "copies": Copy, "standing": Sketch}.items():
            judged[name].element_type = kind
        return Merged(
            judged["articles"],
            judged["copies"],
            recognised.unchanged,
            readings,
            judged["standing"],
            judged["sightings"],
        )


def _keyed(record: Record, is_by_language: bool) -> tuple[str, tuple[Record, Sketch]]:
    return record.language if is_by_language else _ALL, (record, sketch(record))


class _Standing:
    """An article, and the copies of it that its window has."""

    def __init__(self, record: Record) -> None:
        self._record, self._count, self._refs = record, 0, list[RankedRef]()

    def add(self, ref: RankedRef) -> None:
        self._count += 1
        add_ref(self._refs, ref)

    def article(self) -> Record:
        return with_copies(self._record, self._refs, self._count)


class _JudgeDoFn(beam.DoFn):
    """A window's records of one key with their sketches, to articles and what else `Merged` names."""

    def __init__(self, plan: StatePlan | None, window_s: float, carried_as: str | None) -> None:
        self._plan, self._window_s = plan, window_s
        self._carried_as = carried_as and f"{carried_as}/judge"

    def setup(self) -> None:
        self._cache = Cache(self._build, self._carried_as)

    def process(
        self,
        keyed: tuple[str, Iterable[tuple[Record, Sketch]]],
        at: Any = beam.DoFn.TimestampParam,
        log: Any = _LOG,
        version: Any = _VERSION,
    ) -> Iterator[Any]:
        key, arrived = keyed
        at_s = max(0, at.micros // 1_000_000)
        journal = Journal(log, version)
        if journal.is_empty and self._carried_as is None:
            journal.replace(self._base(key))
        index = self._cache.get(key, journal)
        before_s = int(at_s - self._window_s)
        if index.is_trim_due(before_s):
            kept = index.snapshot(before_s)
            index = StandingIndex(kept)
            if self._carried_as is None:
                journal.replace(kept)
        articles, standing, entries = list[_Standing](), dict[str, _Standing](), list[bytes]()
        for record, found in sorted(arrived, key=lambda one: one[1].rank):
            taken = index.take(found, at_s)
            entries += taken.entries
            reading = content_of(record), taken.verdict is None, record.revision
            yield beam.pvalue.TaggedOutput("readings", (record.id, reading))
            if taken.verdict is None:
                standing[record.id] = _Standing(record)
                articles.append(standing[record.id])
                yield beam.pvalue.TaggedOutput("standing", found)
            else:
                if head := standing.get(taken.verdict.copy_of):
                    head.add(copy_ref(found, taken.verdict))
                yield beam.pvalue.TaggedOutput("copies", as_copy(record, taken.verdict))
            if taken.seen is not None:
                yield beam.pvalue.TaggedOutput("sightings", (taken.seen.day, taken.seen.shingles.tobytes()))
        if self._carried_as is None:
            journal.add(*entries)
        self._cache.keep(key, journal, index)
        yield from (head.article() for head in articles)

    def _build(self, key: str, entries: list[bytes]) -> StandingIndex:
        return StandingIndex(entries if self._carried_as is None else self._base(key))

    def _base(self, key: str) -> list[bytes]:
        return log_of(self._plan, None if key == _ALL else key) if self._plan else []
