"""What was read before, asked record by record: `transforms.ledger.transform` for a stream."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, NamedTuple

import apache_beam as beam

from transforms.elements import Record
from transforms.generation import StatePlan
from transforms.hash_ranges import range_of
from transforms.journal import LOG, VERSION, Cache, Journal
from transforms.ledger.known import id_key
from transforms.ledger.recognise import KnownIds, log_of

RANGES_BITS = 6
"""So many workers (as a power of two) can share the ids; each holds what is known of its ranges in memory."""

_LOG = beam.DoFn.StateParam(LOG)
_VERSION = beam.DoFn.StateParam(VERSION)


class Recognised(NamedTuple):
    """What `RecogniseRecords` gives.

    Args:
        new: `Record`s whose text was not read at their id before, with their revision.
        unchanged: the ids of the others.
        readings: (id, (content, None, revision)) of some of those, once a day, for the next run.
    """

    new: beam.PCollection
    unchanged: beam.PCollection
    readings: beam.PCollection


class RecogniseRecords(beam.PTransform):
    """(`Record`, hash of its text) to `Recognised`.

    Args:
        plan: what is known from earlier runs.
        carried_as: see `transforms.journal.Cache`.
    """

    def __init__(self, plan: StatePlan | None = None, carried_as: str | None = None) -> None:
        super().__init__()
        self._plan, self._carried_as = plan, carried_as

    def expand(self, records: beam.PCollection) -> Recognised:  # noqa: D102
        found = (
            records
            | "Range" >> beam.Map(_ranged).with_output_types(tuple[str, tuple[Record, bytes]])
            | "Recognise"
            >> beam.ParDo(_RecogniseDoFn(self._plan, self._carried_as)).with_outputs(
                "unchanged", "readings", main="new"
            )
        )
        found["new"].element_type = Record
        return Recognised(found["new"], found["unchanged"], found["readings"])


def _ranged(read: tuple[Record, bytes]) -> tuple[str, tuple[Record, bytes]]:
    return str(range_of(id_key(read[0].id), RANGES_BITS)), read


class _RecogniseDoFn(beam.DoFn):
    def __init__(self, plan: StatePlan | None, carried_as: str | None) -> None:
        self._plan, self._carried_as = plan, carried_as and f"{carried_as}/recognise"

    def setup(self) -> None:
        self._cache = Cache(self._build, self._carried_as)

    def process(
        self,
        keyed: tuple[str, tuple[Record, bytes]],
        at: Any = beam.DoFn.TimestampParam,
        log: Any = _LOG,
        version: Any = _VERSION,
    ) -> Iterator[Any]:
        key, (record, content) = keyed
        at_s = max(0, at.micros // 1_000_000)
        journal = Journal(log, version)
        if journal.is_empty and self._carried_as is None:
            journal.replace(self._base(key))
        known = self._cache.get(key, journal)
        found = known.take(record.id, content, at_s)
        if found.is_new:
            yield dataclasses.replace(record, revision=found.revision)
        else:
            yield beam.pvalue.TaggedOutput("unchanged", record.id)
            if found.entries:
                yield beam.pvalue.TaggedOutput("readings", (record.id, (content, None, found.revision)))
        if self._carried_as is None:
            journal.add(*found.entries)
        if known.is_long:
            kept = [known.compacted(at_s)]
            known = KnownIds(kept)
            if self._carried_as is None:
                journal.replace(kept)
        self._cache.keep(key, journal, known)

    def _build(self, key: str, entries: list[bytes]) -> KnownIds:
        return KnownIds(entries if self._carried_as is None else self._base(key))

    def _base(self, key: str) -> list[bytes]:
        return log_of(self._plan, int(key), RANGES_BITS) if self._plan else []
