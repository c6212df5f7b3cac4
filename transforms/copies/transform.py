"""Records to distinct articles and their copies.

Only ids and sketches go through the groupings; a verdict meets its record once, by id, at the end. Copies are found
by canonical address (equal ids), then by folded text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import apache_beam as beam

from transforms.copies.sketch import sketch
from transforms.copies.verdicts import (
    RankedRef,
    add_ref,
    as_copy,
    copy_ref,
    first_record,
    followers,
    standing,
    with_copies,
)
from transforms.elements import Copy, Record, Sketch

Refs = tuple[int, list[RankedRef]]


class Merged(NamedTuple):
    """The two collections that records part into."""

    articles: beam.PCollection
    copies: beam.PCollection


class MergeCopies(beam.PTransform):
    """`Record` to `Merged`: standing `Record`s that name their copies, and a `Copy` for each other one."""

    def expand(self, records: beam.PCollection) -> Merged:  # noqa: D102
        sketches = records | "Sketch" >> beam.Map(sketch).with_output_types(Sketch)
        by_address = (
            sketches
            | "ById" >> beam.Map(lambda found: (found.id, found)).with_output_types(tuple[str, Sketch])
            | "GroupByAddress" >> beam.GroupByKey()
            | "StandByAddress" >> beam.ParDo(_StandDoFn()).with_outputs("followers", main="heads")
        )
        by_text = (
            by_address["heads"]
            | "ByText" >> beam.Map(lambda head: (head.text_hash, head)).with_output_types(tuple[bytes, Sketch])
            | "GroupByText" >> beam.GroupByKey()
            | "StandByText" >> beam.ParDo(_StandDoFn()).with_outputs("followers", main="heads")
        )
        verdicts = by_text["followers"] | "Verdicts" >> beam.Map(lambda pair: (pair[1].id, pair[0])).with_output_types(
            tuple[str, Sketch]
        )
        references = (
            {"followers": by_address["followers"] | "FollowersById" >> beam.Map(_keyed_by_head), "verdict": verdicts}
            | "FollowVerdict" >> beam.CoGroupByKey()
            | "PointAtStanding" >> beam.FlatMap(_point_at_standing).with_output_types(tuple[str, RankedRef])
        )
        refs = (
            (references, by_text["followers"] | "CopiesByText" >> beam.Map(_point_at_head))
            | "AllReferences" >> beam.Flatten()
            | "FirstReferences" >> beam.CombinePerKey(_RefsCombineFn())
        )
        merged = (
            {
                "records": records
                | "RecordsById" >> beam.Map(lambda record: (record.id, record)).with_output_types(tuple[str, Record]),
                "verdict": verdicts,
                "refs": refs,
            }
            | "MeetVerdict" >> beam.CoGroupByKey()
            | "Decide" >> beam.ParDo(_DecideDoFn()).with_outputs("copies", main="articles")
        )
        articles, copies = merged["articles"], merged["copies"]
        articles.element_type, copies.element_type = Record, Copy
        return Merged(articles, copies)


class _StandDoFn(beam.DoFn):
    """(key, sketches) to the one that stands, and to ``followers``: (standing, follower) for each other."""

    def process(self, group: tuple[Any, Iterable[Sketch]]) -> Iterator[Any]:
        _, sketches = group
        head = standing(sketches)
        yield head
        for follower in followers(sketches, head):
            yield beam.pvalue.TaggedOutput("followers", (head, follower))


def _keyed_by_head(pair: tuple[Sketch, Sketch]) -> tuple[str, tuple[Sketch, Sketch]]:
    return pair[0].id, pair


def _point_at_head(pair: tuple[Sketch, Sketch]) -> tuple[str, RankedRef]:
    head, follower = pair
    return head.id, copy_ref(follower, head.text_hash)


def _point_at_standing(group: tuple[str, dict[str, Iterable[Any]]]) -> Iterator[tuple[str, RankedRef]]:
    """Followers by address point at what their head points at, never through it."""
    _, sides = group
    verdict = next(iter(sides["verdict"]), None)
    for head, follower in sides["followers"]:
        target = verdict or head
        yield target.id, copy_ref(follower, target.text_hash)


class _RefsCombineFn(beam.CombineFn):
    """References to (their count, the first of them by rank)."""

    def create_accumulator(self) -> Refs:
        return 0, []

    def add_input(self, accumulator: Refs, ref: RankedRef) -> Refs:
        count, refs = accumulator
        add_ref(refs, ref)
        return count + 1, refs

    def merge_accumulators(self, accumulators: Iterable[Refs]) -> Refs:
        total, merged = 0, list[RankedRef]()
        for count, refs in accumulators:
            total += count
            for ref in refs:
                add_ref(merged, ref)
        return total, merged

    def extract_output(self, accumulator: Refs) -> Refs:
        return accumulator


class _DecideDoFn(beam.DoFn):
    """Records of one id, the verdict on it and the references to it, to one article or none, and copies."""

    def process(self, group: tuple[str, dict[str, Iterable[Any]]]) -> Iterator[Any]:
        _, sides = group
        verdict: Sketch | None = next(iter(sides["verdict"]), None)
        head = first_record(sides["records"])
        head_sketch = sketch(head)
        if verdict is None:
            count, refs = next(iter(sides["refs"]), (0, []))
            yield with_copies(head, refs, count)
        is_passed = verdict is not None
        target = verdict or head_sketch
        for record in sides["records"]:
            if not is_passed and record == head:
                is_passed = True
                continue
            _, ref = copy_ref(sketch(record), target.text_hash)
            yield beam.pvalue.TaggedOutput("copies", as_copy(record, target.id, ref.similarity))
