"""Sketches of standing articles, read from the generation that a run starts from and written to the one it makes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import apache_beam as beam
import pyarrow as pa

from transforms.copies.candidates import ENOUGH_VOTES, Member, members
from transforms.copies.sketch import DOCUMENTS_IN_RANGE
from transforms.copies.standing import (
    ANCHOR_SCHEMA,
    ANCHORS,
    REF_BYTES,
    SKETCH_SCHEMA,
    SKETCHES,
    anchor_rows,
    kept_rows,
    known_votes,
    ref_of,
    sketch_rows,
    wanted_sketches,
)
from transforms.elements import Sketch, TableFile
from transforms.generation import StatePlan, read_rows, write_rows
from transforms.hash_ranges import bits_for, key_of, range_of
from transforms.tables import EachRange
from transforms.totals import total

PackedMember = tuple[bytes, int, bytes]


class FindStanding(beam.PTransform):
    """Sketches of a run's documents to those of earlier articles that one of them may be a copy of.

    The tables are looked up by the ranges that are asked for: no worker holds a whole one.
    """

    def __init__(self, plan: StatePlan) -> None:
        super().__init__()
        self._plan = plan

    def expand(self, sketches: beam.PCollection) -> beam.PCollection:  # noqa: D102
        bits = range_bits(sketches, self._plan)
        by_anchor = (
            sketches
            | "Anchors" >> beam.FlatMap(packed_members, bits=bits).with_output_types(tuple[int, PackedMember])
            | "ByRange" >> beam.GroupByKey()
            | "LookUp" >> beam.ParDo(_LookUpAnchorsDoFn(self._plan), bits=bits).with_output_types(tuple[bytes, int])
            | "Votes" >> beam.CombinePerKey(sum)
            | "Enough" >> beam.FlatMap(_enough).with_output_types(bytes)
        )
        by_text = sketches | "Texts" >> beam.Map(ref_of).with_output_types(bytes)
        return (
            (by_anchor, by_text)
            | "Both" >> beam.Flatten()
            | "Range" >> beam.Map(_ranged_ref, bits=bits).with_output_types(tuple[int, bytes])
            | "BySketchRange" >> beam.GroupByKey()
            | "Read" >> beam.ParDo(_ReadSketchesDoFn(self._plan), bits=bits).with_output_types(Sketch)
        )


def packed_members(found: Sketch, bits: int) -> Iterator[tuple[int, PackedMember]]:
    """A sketch's anchors by range, in a form that Beam's coders keep compact."""
    for partition, member in members(found, bits):
        yield partition, (member.rank, member.anchors, member.keys)


def _ranged_ref(ref: bytes, bits: int) -> tuple[int, bytes]:
    return range_of(key_of(ref), bits), ref


class _LookUpAnchorsDoFn(beam.DoFn):
    def __init__(self, plan: StatePlan) -> None:
        self._plan = plan

    def process(self, group: tuple[int, Iterable[PackedMember]], bits: int) -> Iterator[tuple[bytes, int]]:
        partition, found = group
        rows = kept_rows(read_rows(self._plan, ANCHORS, partition, bits, ANCHOR_SCHEMA), self._plan.keep_after)
        for pair in known_votes((Member(*member) for member in found), rows):
            yield pair.sketch + pair.later, pair.votes


def _enough(pair: tuple[bytes, int]) -> Iterator[bytes]:
    key, votes = pair
    if votes >= ENOUGH_VOTES:
        yield key[:REF_BYTES]


class _ReadSketchesDoFn(beam.DoFn):
    def __init__(self, plan: StatePlan) -> None:
        self._plan = plan

    def process(self, group: tuple[int, Iterable[bytes]], bits: int) -> Iterator[Sketch]:
        partition, refs = group
        rows = kept_rows(read_rows(self._plan, SKETCHES, partition, bits, SKETCH_SCHEMA), self._plan.keep_after)
        yield from wanted_sketches(refs, rows)


class KeepStanding(beam.PTransform):
    """Sketches of articles that came to stand to the files of the next generation, beside those that stood before."""

    def __init__(self, plan: StatePlan) -> None:
        super().__init__()
        self._plan = plan

    def expand(self, standing: beam.PCollection) -> beam.PCollection:  # noqa: D102
        bits = range_bits(standing, self._plan)
        ranges = standing.pipeline | "Ranges" >> EachRange(bits)
        sketches = standing | "ByText" >> beam.Map(_by_text, bits=bits).with_output_types(tuple[int, Sketch])
        anchors = standing | "ByAnchor" >> beam.FlatMap(_by_anchor, bits=bits).with_output_types(
            tuple[int, PackedMember]
        )
        return (
            {"added": sketches, "range": ranges}
            | "GroupSketches" >> beam.CoGroupByKey()
            | "WriteSketches" >> beam.ParDo(_WriteSketchesDoFn(self._plan), bits=bits).with_output_types(TableFile),
            {"added": anchors, "range": ranges}
            | "GroupAnchors" >> beam.CoGroupByKey()
            | "WriteAnchors" >> beam.ParDo(_WriteAnchorsDoFn(self._plan), bits=bits).with_output_types(TableFile),
        ) | "Files" >> beam.Flatten()


def range_bits(sketches: beam.PCollection, plan: StatePlan | None) -> beam.pvalue.AsSingleton:
    """The exponent of the number of ranges that sketches and the known ones ask for."""
    known = plan.known_rows(SKETCHES) if plan else 0
    return total(sketches, "CountRanges", partial(_bits, known=known))


def _bits(count: int, known: int) -> int:
    return bits_for(count + known, DOCUMENTS_IN_RANGE)


def _by_text(found: Sketch, bits: int) -> tuple[int, Sketch]:
    return range_of(key_of(found.text_hash), bits), found


def _by_anchor(found: Sketch, bits: int) -> Iterator[tuple[int, PackedMember]]:
    for partition, (_, anchors, keys) in packed_members(found, bits):
        yield partition, (ref_of(found), anchors, keys)


class _WriteSketchesDoFn(beam.DoFn):
    def __init__(self, plan: StatePlan) -> None:
        self._plan = plan

    def process(self, group: tuple[int, dict[str, Iterable[Any]]], bits: int) -> Iterator[TableFile]:
        partition, sides = group
        kept = kept_rows(read_rows(self._plan, SKETCHES, partition, bits, SKETCH_SCHEMA), self._plan.keep_after)
        yield write_rows(self._plan, SKETCHES, partition, bits, sketch_rows(sides["added"], kept, self._plan.at))


class _WriteAnchorsDoFn(beam.DoFn):
    def __init__(self, plan: StatePlan) -> None:
        self._plan = plan

    def process(self, group: tuple[int, dict[str, Iterable[Any]]], bits: int) -> Iterator[TableFile]:
        partition, sides = group
        kept = kept_rows(read_rows(self._plan, ANCHORS, partition, bits, ANCHOR_SCHEMA), self._plan.keep_after)
        rows: pa.Table = anchor_rows((Member(*member) for member in sides["added"]), kept, self._plan.at)
        yield write_rows(self._plan, ANCHORS, partition, bits, rows)
