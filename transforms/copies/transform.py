"""Records to distinct articles and their copies.

Only ids and sketches go through the groupings; a verdict meets its record once, by id, at the end. Copies are found
by canonical address (equal ids), then by folded text, then by what passages they share.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import apache_beam as beam

from transforms.copies.near_transform import FindNearCopies
from transforms.copies.sketch import as_known, content_of, is_known, sketch
from transforms.copies.state_transform import FindStanding, KeepStanding
from transforms.copies.verdicts import (
    RankedRef,
    add_ref,
    as_copy,
    copy_ref,
    first_record,
    follow,
    followers,
    is_read,
    standing,
    with_copies,
)
from transforms.elements import Copy, Known, Record, Sketch, Verdict
from transforms.generation import StatePlan

Refs = tuple[int, list[RankedRef]]


class Merged(NamedTuple):
    """What records part into.

    Args:
        articles: standing `Record`s that name their copies.
        copies: a `Copy` for each other one.
        unchanged: the id of each that an earlier run read with the same text.
        readings: (id, (content, stands, revision)) of each record, for the next run.
        files: what the next run finds copies with; None without a state.
    """

    articles: beam.PCollection
    copies: beam.PCollection
    unchanged: beam.PCollection
    readings: beam.PCollection
    files: beam.PCollection | None


class MergeCopies(beam.PTransform):
    """`Record`s to `Merged`.

    Args:
        plan: what is known from earlier runs; without it the run stands alone.
        known: (id, `Known`) of those of the records' ids that an earlier run has read.
    """

    def __init__(self, plan: StatePlan | None = None, known: beam.PCollection | None = None) -> None:
        super().__init__()
        self._plan = plan
        self._known = {} if known is None else {"known": known}

    def expand(self, records: beam.PCollection) -> Merged:  # noqa: D102
        by_address = (
            {
                "sketches": records
                | "Sketch" >> beam.Map(lambda record: (record.id, sketch(record))).with_output_types(tuple[str, Sketch])
            }
            | self._known
            | "ByAddress" >> beam.CoGroupByKey()
            | "OneAddress" >> beam.ParDo(_OneAddressDoFn()).with_outputs("followers", main="heads")
        )
        heads = by_address["heads"]
        heads.element_type = Sketch
        if self._plan and self._plan.base:
            candidates = (heads, heads | "FindStanding" >> FindStanding(self._plan)) | "WithStanding" >> beam.Flatten()
        else:
            candidates = heads
        by_text = (
            candidates
            | "Text" >> beam.Map(lambda found: (found.text_hash, found)).with_output_types(tuple[bytes, Sketch])
            | "ByText" >> beam.GroupByKey()
            | "OneText" >> beam.ParDo(_OneTextDoFn()).with_outputs("followers", main="heads")
        )
        near = by_text["heads"] | "NearCopies" >> FindNearCopies(self._plan)
        equal = (
            {"followers": by_text["followers"] | "ByHead" >> beam.Map(_keyed_by_head), "verdict": near.verdicts}
            | "JoinHeads" >> beam.CoGroupByKey()
            | "FollowHeads" >> beam.FlatMap(_follow_head).with_output_types(tuple[str, Verdict])
        )
        verdicts = (near.verdicts, equal) | "Verdicts" >> beam.Flatten()
        judged = (
            {
                "heads": heads | "HeadsById" >> beam.Map(lambda found: (found.id, found)),
                "followers": by_address["followers"] | "FollowersById" >> beam.Map(_keyed_by_head),
                "verdict": verdicts,
            }
            | "JoinSketches" >> beam.CoGroupByKey()
            | "References" >> beam.ParDo(_ReferencesDoFn()).with_outputs("standing", main="references")
        )
        decided = (
            {
                "records": records | "RecordsById" >> beam.Map(lambda record: (record.id, record)),
                "verdict": verdicts,
                "references": judged["references"] | "FirstReferences" >> beam.CombinePerKey(_RefsCombineFn()),
            }
            | self._known
            | "MeetVerdict" >> beam.CoGroupByKey()
            | "Decide" >> beam.ParDo(_DecideDoFn()).with_outputs("copies", "unchanged", "readings", main="articles")
        )
        files = None
        if self._plan:
            standing = judged["standing"]
            standing.element_type = Sketch
            files = (near.day_files, standing | "KeepStanding" >> KeepStanding(self._plan)) | "Files" >> beam.Flatten()
        articles, copies = decided["articles"], decided["copies"]
        articles.element_type, copies.element_type = Record, Copy
        return Merged(articles, copies, decided["unchanged"], decided["readings"], files)


class _OneAddressDoFn(beam.DoFn):
    """Sketches of one id to the first that is not known, and (head, other) for each other as ``followers``."""

    def process(self, group: tuple[str, dict[str, Iterable[Any]]]) -> Iterator[Any]:
        _, sides = group
        known: Known | None = next(iter(sides.get("known", ())), None)
        head = standing(found for found in sides["sketches"] if not is_read(found.content, known))
        if head is None:
            return
        yield as_known(head) if known is not None and known.stands else head
        for follower in followers((found for found in sides["sketches"] if not is_read(found.content, known)), head):
            yield beam.pvalue.TaggedOutput("followers", (head, follower))


class _OneTextDoFn(beam.DoFn):
    """Sketches of one text to those that stand, and (head, other) for each other as ``followers``."""

    def process(self, group: tuple[bytes, Iterable[Sketch]]) -> Iterator[Any]:
        _, sketches = group
        head = standing(sketches)
        if head is None:
            return
        yield head
        for follower in followers(sketches, head):
            if is_known(follower.rank):  # it stood before, and stands
                yield follower
            else:
                yield beam.pvalue.TaggedOutput("followers", (head, follower))


def _keyed_by_head(pair: tuple[Sketch, Sketch]) -> tuple[str, tuple[Sketch, Sketch]]:
    return pair[0].id, pair


def _follow_head(group: tuple[str, dict[str, Iterable[Any]]]) -> Iterator[tuple[str, Verdict]]:
    _, sides = group
    verdict = next(iter(sides["verdict"]), None)
    for head, follower in sides["followers"]:
        yield follower.id, follow(head, follower, verdict)


class _ReferencesDoFn(beam.DoFn):
    """What the standing records are told of their copies: those by text and passages, and those by address.

    As ``standing`` the sketches of those that no other one stands for.
    """

    def process(self, group: tuple[str, dict[str, Iterable[Any]]]) -> Iterator[Any]:
        _, sides = group
        verdict = next(iter(sides["verdict"]), None)
        for head in sides["heads"]:
            if verdict is None:
                yield beam.pvalue.TaggedOutput("standing", head)
            else:
                yield verdict.copy_of, copy_ref(head, verdict)
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
    """Records of one id, what is known of it, the verdict on it and the references to it: one article or none, copies.

    As ``unchanged`` the id of each whose text was read before; as ``readings`` what the next run will know.
    """

    def process(self, group: tuple[str, dict[str, Iterable[Any]]]) -> Iterator[Any]:
        identity, sides = group
        known: Known | None = next(iter(sides.get("known", ())), None)
        verdict: Verdict | None = next(iter(sides["verdict"]), None)
        head = first_record(record for record in sides["records"] if not is_read(content_of(record), known))
        revision = known.revision + (head is not None) if known else 1
        is_passed = False
        head_sketch: Sketch | None = None  # nearly every group is one record, and needs none
        for record in sides["records"]:
            stands = verdict is None
            if is_read(content_of(record), known):
                yield beam.pvalue.TaggedOutput("unchanged", identity)
            elif not is_passed and record == head:
                is_passed = True
                if verdict is None:
                    count, refs = next(iter(sides["references"]), (0, []))
                    yield dataclasses.replace(with_copies(record, refs, count), revision=revision)
                else:
                    yield beam.pvalue.TaggedOutput("copies", as_copy(record, verdict))
            elif head is not None:
                head_sketch = head_sketch or sketch(head)
                found = follow(head_sketch, sketch(record), verdict)
                yield beam.pvalue.TaggedOutput("copies", as_copy(record, found))
            if head is None and known is not None:
                stands = known.stands
            yield beam.pvalue.TaggedOutput("readings", (identity, (content_of(record), stands, revision)))
