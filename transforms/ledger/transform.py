"""What earlier runs knew, looked up by ranges of its tables, and what the next one will know."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam

from transforms.elements import Known, Record, TableFile
from transforms.generation import StateError, StatePlan, commit, read_rows, table_bits, write_rows
from transforms.hash_ranges import bits_for, range_of
from transforms.ledger.known import KNOWN, SCHEMA, Reading, id_key, known_among, known_rows

_LOG = logging.getLogger(__name__)
IDS_IN_RANGE = 1 << 18
"""So many ids are in one file: some 8 MB, and 100 MB in memory while they are merged."""


class FindKnown(beam.PTransform):
    """`Record`s to (id, `Known`) of those whose id an earlier run has met."""

    def __init__(self, plan: StatePlan) -> None:
        super().__init__()
        self._plan = plan

    def expand(self, records: beam.PCollection) -> beam.PCollection:  # noqa: D102
        bits = table_bits(self._plan, KNOWN)
        return (
            records
            | "Id" >> beam.Map(_ranged_id, bits).with_output_types(tuple[int, str])
            | "ByRange" >> beam.GroupByKey()
            | "LookUp" >> beam.ParDo(_FindKnownDoFn(self._plan, bits)).with_output_types(tuple[str, Known])
        )


def _ranged_id(record: Record, bits: int) -> tuple[int, str]:
    return range_of(id_key(record.id), bits), record.id


class _FindKnownDoFn(beam.DoFn):
    def __init__(self, plan: StatePlan, bits: int) -> None:
        self._plan, self._bits = plan, bits

    def process(self, group: tuple[int, Iterable[str]]) -> Iterator[tuple[str, Known]]:
        partition, ids = group
        yield from known_among(ids, read_rows(self._plan, KNOWN, partition, self._bits, SCHEMA))


class KeepKnown(beam.PTransform):
    """(id, (content, stands, revision)) of all that a run has read to the files of the next generation."""

    def __init__(self, plan: StatePlan) -> None:
        super().__init__()
        self._plan = plan

    def expand(self, readings: beam.PCollection) -> beam.PCollection:  # noqa: D102
        known = self._plan.known_rows(KNOWN)
        bits = beam.pvalue.AsSingleton(
            readings
            | "Count" >> beam.combiners.Count.Globally()
            | "Bits" >> beam.Map(lambda count, known: bits_for(count + known, IDS_IN_RANGE), known)
        )
        found = readings | "Range" >> beam.Map(_ranged_reading, bits=bits)
        ranges = (
            readings.pipeline
            | "Once" >> beam.Create([None])
            | "Each" >> beam.FlatMap(lambda _, bits: [(number, None) for number in range(1 << bits)], bits=bits)
        )
        return (
            {"readings": found, "range": ranges}
            | "ByRange" >> beam.CoGroupByKey()
            | "Write" >> beam.ParDo(_KeepKnownDoFn(self._plan), bits=bits).with_output_types(TableFile)
        )


def _ranged_reading(
    reading: tuple[str, tuple[bytes, bool, int]], bits: int
) -> tuple[int, tuple[str, tuple[bytes, bool, int]]]:
    return range_of(id_key(reading[0]), bits), reading


class _KeepKnownDoFn(beam.DoFn):
    def __init__(self, plan: StatePlan) -> None:
        self._plan = plan

    def process(self, group: tuple[int, dict[str, Iterable[Any]]], bits: int) -> Iterator[TableFile]:
        partition, sides = group
        readings: dict[str, set[Reading]] = {}
        for identity, reading in sides["readings"]:
            readings.setdefault(identity, set()).add(Reading(*reading))
        kept = read_rows(self._plan, KNOWN, partition, bits, SCHEMA)
        yield write_rows(self._plan, KNOWN, partition, bits, known_rows(readings, kept, self._plan.at))


class CommitGeneration(beam.PTransform):
    """Makes the new generation of its files; what comes in passes once that is done.

    Where another run was faster, nothing passes: an exception would only make the runner try again. Whoever started the
    run finds no ``run.json`` at its end.
    """

    def __init__(self, plan: StatePlan, files: beam.PCollection) -> None:
        super().__init__()
        self._plan = plan
        self._files = files

    def expand(self, ready: beam.PCollection) -> beam.PCollection:  # noqa: D102
        return ready | "Commit" >> beam.FlatMap(_commit, plan=self._plan, files=beam.pvalue.AsList(self._files))


def _commit(ready: str, plan: StatePlan, files: list[TableFile]) -> Iterator[str]:
    try:
        commit(plan, files)
    except StateError as error:
        _LOG.warning("%s", error)
    else:
        yield ready
