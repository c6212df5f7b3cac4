"""Counting on how many days each word triple was seen, in this run and before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam

from transforms.copies.days import Part, merged, parts, recurring, sightings
from transforms.copies.standing import DAY_SCHEMA, DAYS, day_rows, kept_rows, sightings_of
from transforms.elements import Sketch
from transforms.generation import StatePlan, read_rows, write_rows
from transforms.tables import EachRange

FILES = "files"
PackedPart = tuple[bytes, bytes]
Seen = tuple[bytes, bytes]


class CountDays(beam.PTransform):
    """Sketches to (rank, what of it recurs); with a plan also ``files``, the table of days for the next run.

    Args:
        bits: the exponent of the number of ranges to work in.
        plan: what is known from earlier runs; without it the run stands alone.
    """

    def __init__(self, bits: beam.pvalue.AsSingleton, plan: StatePlan | None) -> None:
        super().__init__()
        self._bits, self._plan = bits, plan

    def expand(self, sketches: beam.PCollection) -> Any:  # noqa: D102
        found = sketches | "Parts" >> beam.FlatMap(_parts, bits=self._bits).with_output_types(tuple[int, PackedPart])
        sides = {"parts": found}
        if self._plan:
            sides["range"] = sketches.pipeline | "Ranges" >> EachRange(self._bits)
        return (
            sides
            | "ByRange" >> beam.CoGroupByKey()
            | "Recurring"
            >> beam.ParDo(_RecurringDoFn(self._plan), bits=self._bits).with_outputs(FILES, main="recurring")
        )


def _parts(found: Sketch, bits: int) -> Iterator[tuple[int, PackedPart]]:
    for partition, part in parts(found, bits):
        yield partition, (part.rank, part.shingles)


class _RecurringDoFn(beam.DoFn):
    def __init__(self, plan: StatePlan | None) -> None:
        self._plan = plan

    def process(self, group: tuple[int, dict[str, Iterable[Any]]], bits: int) -> Iterator[Any]:
        partition, sides = group
        found = [Part(*part) for part in sides["parts"]]
        seen = sightings(found)
        if self._plan:
            kept = kept_rows(read_rows(self._plan, DAYS, partition, bits, DAY_SCHEMA), self._plan.keep_after)
            rows = day_rows(seen, kept, self._plan.at)
            yield beam.pvalue.TaggedOutput(FILES, write_rows(self._plan, DAYS, partition, bits, rows))
            seen = merged(seen, sightings_of(kept))
        for some in recurring(found, seen):
            yield some.rank, (some.shingles, some.days)
