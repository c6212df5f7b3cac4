"""Records to distinct articles and their copies.

Only ids and sketches go through the groupings; a verdict meets its record once, by id, at the end. Copies are found
by canonical address (equal ids), then by folded text, then by what passages they share.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import apache_beam as beam

from transforms.copies.near_transform import FindNearCopies
from transforms.copies.sketch import sketch
from transforms.copies.verdicts import (
    RankedRef,
    add_ref,
    as_copy,
    copy_ref,
    first_record,
    follow,
    followers,
    standing,
    with_copies,
)
from transforms.elements import Copy, Record, Sketch, Verdict

Refs = tuple[int, list[RankedRef]]


class Merged(NamedTuple):
    """The two collections that records part into."""

    articles: beam.PCollection
    copies: beam.PCollection


class MergeCopies(beam.PTransform):
    """`Record` to `Merged`: standing `Record`s that name their copies, and a `Copy` for each other one."""

    def expand(self, records: beam.PCollection) -> Merged:  # noqa: D102
        sketches = records | "Sketch" >> beam.Map(sketch).with_output_types(Sketch)
        by_address = sketches | "ByAddress" >> _Collapse(lambda found: found.id.encode())
        by_text = by_address["heads"] | "ByText" >> _Collapse(lambda found: found.text_hash)
        near = by_text["heads"] | "NearCopies" >> FindNearCopies()
        equal = (
            {"followers": by_text["followers"] | "ByHead" >> beam.Map(_keyed_by_head), "verdict": near}
            | "JoinHeads" >> beam.CoGroupByKey()
            | "FollowHeads" >> beam.FlatMap(_follow_head).with_output_types(tuple[str, Verdict])
        )
        verdicts = (near, equal) | "Verdicts" >> beam.Flatten()
        references = (
            {
                "heads": by_address["heads"] | "HeadsById" >> beam.Map(lambda found: (found.id, found)),
                "followers": by_address["followers"] | "FollowersById" >> beam.Map(_keyed_by_head),
                "verdict": verdicts,
            }
            | "JoinSketches" >> beam.CoGroupByKey()
            | "References" >> beam.FlatMap(_references).with_output_types(tuple[str, RankedRef])
            | "FirstReferences" >> beam.CombinePerKey(_RefsCombineFn())
        )
        merged = (
            {
                "records": records | "RecordsById" >> beam.Map(lambda record: (record.id, record)),
                "verdict": verdicts,
                "references": references,
            }
            | "MeetVerdict" >> beam.CoGroupByKey()
            | "Decide" >> beam.ParDo(_DecideDoFn()).with_outputs("copies", main="articles")
        )
        articles, copies = merged["articles"], merged["copies"]
        articles.element_type, copies.element_type = Record, Copy
        return Merged(articles, copies)


class _Collapse(beam.PTransform):
    """Sketches with one key to the first of them (``heads``), and (head, other) for each other (``followers``)."""

    def __init__(self, key: Any) -> None:
        super().__init__()
        self._key = key

    def expand(self, sketches: beam.PCollection) -> Any:
        key = self._key
        return (
            sketches
            | "Key" >> beam.Map(lambda found: (key(found), found)).with_output_types(tuple[bytes, Sketch])
            | "Group" >> beam.GroupByKey()
            | "Stand" >> beam.ParDo(_StandDoFn()).with_outputs("followers", main="heads")
        )


class _StandDoFn(beam.DoFn):
    def process(self, group: tuple[bytes, Iterable[Sketch]]) -> Iterator[Any]:
        _, sketches = group
        head = standing(sketches)
        yield head
        for follower in followers(sketches, head):
            yield beam.pvalue.TaggedOutput("followers", (head, follower))


def _keyed_by_head(pair: tuple[Sketch, Sketch]) -> tuple[str, tuple[Sketch, Sketch]]:
    return pair[0].id, pair


def _follow_head(group: tuple[str, dict[str, Iterable[Any]]]) -> Iterator[tuple[str, Verdict]]:
    _, sides = group
    verdict = next(iter(sides["verdict"]), None)
    for head, follower in sides["followers"]:
        yield follower.id, follow(head, follower, verdict)


def _references(group: tuple[str, dict[str, Iterable[Any]]]) -> Iterator[tuple[str, RankedRef]]:
    """What the standing records are told of their copies: those by text and passages, and those by address."""
    _, sides = group
    verdict = next(iter(sides["verdict"]), None)
    if verdict is not None:
        yield from ((verdict.copy_of, copy_ref(head, verdict)) for head in sides["heads"])
    for head, follower in sides["followers"]:
        found = follow(head, follower, verdict)
        yield found.copy_of, copy_ref(follower, found)


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
        verdict: Verdict | None = next(iter(sides["verdict"]), None)
        head = first_record(sides["records"])
        if verdict is None:
            count, refs = next(iter(sides["references"]), (0, []))
            yield with_copies(head, refs, count)
        else:
            yield beam.pvalue.TaggedOutput("copies", as_copy(head, verdict))
        is_passed = False
        head_sketch: Sketch | None = None  # nearly every group is one record, and needs none
        for record in sides["records"]:
            if not is_passed and record == head:
                is_passed = True
                continue
            head_sketch = head_sketch or sketch(head)
            found = follow(head_sketch, sketch(record), verdict)
            yield beam.pvalue.TaggedOutput("copies", as_copy(record, found))
