"""A table of the state, looked up and written anew by the ranges of its keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import apache_beam as beam
import pyarrow as pa

from transforms.elements import TableFile
from transforms.generation import ROWS_IN_RANGE, StatePlan, read_rows, write_rows
from transforms.hash_ranges import bits_for, range_of
from transforms.totals import total


class LookUpTable(beam.PTransform):
    """(key, value) to what a table has for them.

    Args:
        plan: names the base.
        table: its name.
        schema: of the columns to read.
        find: the values of one range and the table's rows of that range, to what is found.
    """

    def __init__(
        self,
        plan: StatePlan,
        table: str,
        schema: pa.Schema,
        find: Callable[[Iterable[Any], pa.Table], Iterable[Any]],
    ) -> None:
        super().__init__()
        self._plan, self._table, self._schema, self._find = plan, table, schema, find

    def expand(self, values: beam.PCollection) -> beam.PCollection:  # noqa: D102
        # What is asked for may be more than what is known: both are parted alike.
        bits = total(values, "CountRanges", partial(_bits, known=self._plan.known_rows(self._table)))
        return (
            values
            | "Range" >> beam.Map(_ranged, bits=bits)
            | "ByRange" >> beam.GroupByKey()
            | "LookUp" >> beam.FlatMap(_look_up, self._plan, self._table, self._schema, self._find, bits=bits)
        )


def _bits(count: int, known: int) -> int:
    return bits_for(count + known, ROWS_IN_RANGE)


def _ranged(keyed: tuple[int, Any], bits: int) -> tuple[int, Any]:
    key, value = keyed
    return range_of(key, bits), value


def _look_up(
    group: tuple[int, Iterable[Any]],
    plan: StatePlan,
    table: str,
    schema: pa.Schema,
    find: Callable[[Iterable[Any], pa.Table], Iterable[Any]],
    bits: int,
) -> Iterable[Any]:
    partition, values = group
    return find(values, read_rows(plan, table, partition, bits, schema))


class EachRange(beam.PTransform):
    """Every range once, so that one to which nothing is added is visited and written too.

    Args:
        bits: the exponent of their number.
    """

    def __init__(self, bits: beam.pvalue.AsSingleton) -> None:
        super().__init__()
        self._bits = bits

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection:  # noqa: D102
        return (
            begin
            | "Once" >> beam.Create([None])
            | "Each" >> beam.FlatMap(lambda _, bits: [(number, None) for number in range(1 << bits)], bits=self._bits)
        )


class KeepTable(beam.PTransform):
    """(key, value) to the files of the table in the next generation, with what the base has.

    Args:
        plan: names both.
        table: its name.
        schema: of its columns.
        merge: the values of one range and the base's rows of that range, to the new rows, sorted by key.
    """

    def __init__(
        self,
        plan: StatePlan,
        table: str,
        schema: pa.Schema,
        merge: Callable[[Iterable[Any], pa.Table], pa.Table],
    ) -> None:
        super().__init__()
        self._plan, self._table, self._schema, self._merge = plan, table, schema, merge

    def expand(self, values: beam.PCollection) -> beam.PCollection:  # noqa: D102
        known = self._plan.known_rows(self._table)
        bits = total(values, "CountRanges", partial(_bits, known=known))
        ranges = values.pipeline | "Ranges" >> EachRange(bits)
        found = values | "Range" >> beam.Map(_ranged, bits=bits)
        return (
            {"values": found, "range": ranges}
            | "ByRange" >> beam.CoGroupByKey()
            | "Write"
            >> beam.ParDo(_WriteDoFn(self._plan, self._table, self._schema, self._merge), bits=bits).with_output_types(
                TableFile
            )
        )


class _WriteDoFn(beam.DoFn):
    def __init__(
        self, plan: StatePlan, table: str, schema: pa.Schema, merge: Callable[[Iterable[Any], pa.Table], pa.Table]
    ) -> None:
        self._plan, self._table, self._schema, self._merge = plan, table, schema, merge

    def process(self, group: tuple[int, dict[str, Iterable[Any]]], bits: int) -> Iterator[TableFile]:
        partition, sides = group
        kept = read_rows(self._plan, self._table, partition, bits, self._schema)
        yield write_rows(self._plan, self._table, partition, bits, self._merge(sides["values"], kept))
