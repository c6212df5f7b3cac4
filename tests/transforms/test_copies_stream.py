"""`MergeArriving` on a real runner: what arrives is decided once, whatever becomes of a worker's memory."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.testing.test_pipeline import TestPipeline as CheckedPipeline
from apache_beam.testing.test_stream import TestStream as EventStream
from apache_beam.transforms.window import TimestampedValue
from apache_beam.utils.timestamp import Timestamp

from tests.build import record
from tests.transforms.running import run
from tests.transforms.test_copies import at, corpus, merge, prose
from transforms.copies.keep import write_days, write_standing
from transforms.copies.online import StandingIndex
from transforms.copies.sketch import rank, sketch
from transforms.copies.stream_transform import MergeArriving
from transforms.elements import Copy, Record
from transforms.generation import Generation, StatePlan
from transforms.journal import Cache, drop_carried
from transforms.ledger.known import write_known
from transforms.ledger.recognise import KnownIds
from transforms.ledger.stream_transform import RecogniseRecords

AT = datetime(2026, 3, 10, tzinfo=UTC)
AT_S = int(AT.timestamp())
WINDOW_S = 14 * 86_400.0
RESULTS_S = 60.0
Arriving = tuple[int, Record]
Kept = dict[str, list[Any]]


def arriving(records: Iterable[Record], every_s: int = 1) -> list[Arriving]:
    return [(number * every_s, one) for number, one in enumerate(records)]


def graph_of(
    elements: beam.PCollection,
    plan: StatePlan | None = None,
    carried_as: str | None = None,
    is_by_language: bool = False,
) -> dict[str, beam.PCollection]:
    recognise = RecogniseRecords(plan, carried_as)
    merged = elements | MergeArriving(plan, RESULTS_S, WINDOW_S, recognise, is_by_language, carried_as)
    return {**merged._asdict(), "times": merged.articles | beam.Map(lambda one, at=beam.DoFn.TimestampParam: at.micros)}


def stream(
    given: list[Arriving], plan: StatePlan | None = None, carried_as: str | None = None, is_by_language: bool = False
) -> Kept:
    def graph(p: beam.Pipeline, _: Any) -> dict[str, beam.PCollection]:
        elements = (
            p
            | beam.Create(given)
            | beam.MapTuple(lambda s, one: TimestampedValue(one, AT_S + s)).with_output_types(Record)
        )
        return graph_of(elements, plan, carried_as, is_by_language)

    kept = run(graph)
    assert len(kept["articles"]) + len(kept["copies"]) + len(kept["unchanged"]) == len(given), "lost or doubled"
    assert len(kept["standing"]) == len(kept["articles"])
    return kept


def parted(kept: Kept) -> tuple[set[tuple[str, int]], set[tuple[str, str, float | None]]]:
    articles: list[Record] = kept["articles"]
    copies: list[Copy] = kept["copies"]
    return (
        {(one.id, one.revision) for one in articles},
        {(one.id, one.copy_of, one.similarity) for one in copies},
    )


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that has lost its memory before every element."""
    monkeypatch.setattr(Cache, "keep", lambda *_: None)


def test_a_corpus_that_streams_in_gives_the_records_of_a_batch() -> None:
    records = sorted(corpus(1, 40), key=rank)
    articles, copies = merge(records)
    kept = stream(arriving(records))
    assert parted(kept)[0] == {(one.id, 1) for one in articles}
    assert parted(kept)[1] == {(one.id, one.copy_of, one.similarity) for one in copies}
    first = {number for number, one in enumerate(records) if (one.id, 1) in parted(kept)[0]}
    windows = {at // (RESULTS_S * 1_000_000) for at in kept["times"]}
    assert windows == {(AT_S + number) // RESULTS_S for number in first}, "the window of arrival is kept"


@pytest.mark.usefixtures("forgetful")
def test_a_worker_without_memory_decides_the_same() -> None:
    records = random.Random(2).sample(corpus(2, 25), 50)
    once = stream(arriving(records, int(RESULTS_S)))
    assert parted(once) == parted_with_memory(records)


def test_what_arrives_in_one_window_is_judged_by_publication() -> None:
    records = corpus(12, 30)
    kept = stream(arriving(random.Random(13).sample(records, len(records)), 0))
    assert parted(kept) == parted_with_memory(sorted(records, key=rank))
    refs = {(one.id, ref.id, ref.similarity) for one in kept["articles"] for ref in one.copies}
    assert refs == {(one.copy_of, one.id, one.similarity) for one in kept["copies"]}
    assert sum(one.copy_count for one in kept["articles"]) == len(kept["copies"]) > 5


def parted_with_memory(records: list[Record]) -> tuple[Any, Any]:
    """What one index says of the records, without a runner."""
    index, articles, copies = StandingIndex(), set(), set()
    for one in records:
        verdict = index.take(sketch(one), AT_S).verdict
        if verdict is None:
            articles.add((one.id, 1))
        else:
            copies.add((one.id, verdict.copy_of, verdict.similarity))
    return articles, copies


def test_what_is_delivered_twice_is_told_once() -> None:
    dice, records = random.Random(3), corpus(3, 15)
    twice = [one for one in records for _ in range(2 if dice.random() < 0.5 else 1)]
    kept = stream(arriving(twice))
    assert len(kept["unchanged"]) == len(twice) - len(records)
    assert parted(kept) == parted(stream(arriving(records)))


def test_another_text_at_an_address_is_its_next_revision() -> None:
    dice = random.Random(4)
    texts = [prose(dice, 60) for _ in range(3)]
    given = [record(text, "https://a.example/1", **at(0)) for text in (texts[0], texts[1], texts[0], texts[2])]
    kept = stream(arriving(given))
    assert sorted((one.text, one.revision) for one in kept["articles"]) == sorted(
        (text, number) for number, text in enumerate(texts, 1)
    )
    assert kept["unchanged"] == [given[0].id]
    readings = sorted((stands, revision) for _, (_, stands, revision) in kept["readings"])
    assert readings == [(True, 1), (True, 2), (True, 3)]


def test_languages_can_be_decided_apart() -> None:
    text = prose(random.Random(5), 60)
    given = [record(text, f"https://{name}.example/1", language=name) for name in ("de", "en")]
    assert len(stream(arriving(given))["articles"]) == 1
    kept = stream(arriving(given), is_by_language=True)
    assert len(kept["articles"]) == 2 and {one.language for one in kept["standing"]} == {"de", "en"}


@pytest.mark.parametrize("carried_as", [None, "test"])
def test_articles_stand_for_their_time(carried_as: str | None) -> None:
    text = prose(random.Random(6), 60)
    day = 86_400
    given = [(n * day, record(text, f"https://o{n}.example/1", **at(n))) for n in (0, 13, 16, 17)]
    try:
        kept = stream(given, carried_as=carried_as)
    finally:
        drop_carried("test")
    assert {one.url for one in kept["articles"]} == {f"https://o{n}.example/1" for n in (0, 16)}


def test_a_stream_in_pieces_goes_on_where_the_last_one_ended() -> None:
    records = sorted(corpus(7, 20), key=rank)
    again = [*records, *records[:3]]
    whole = stream(arriving(again))
    try:
        pieces = [
            stream(arriving(again[start : start + 9]), carried_as="pieces/x") for start in range(0, len(again), 9)
        ]
    finally:
        drop_carried("pieces")
    joined: Kept = {name: [one for piece in pieces for one in piece[name]] for name in pieces[0]}
    assert parted(joined) == parted(whole)
    assert sorted(joined["unchanged"]) == sorted(whole["unchanged"]) and len(joined["unchanged"]) == 3


@pytest.mark.parametrize("carried_as", [None, "after"])
def test_a_stream_that_was_killed_goes_on_from_what_its_windows_left(tmp_path: Path, carried_as: str | None) -> None:
    records = sorted(corpus(8, 30), key=rank)
    half = len(records) // 2
    before = stream(arriving(records[:half]))
    plan = StatePlan(str(tmp_path), None, 1, "run", "a", AT, AT - timedelta(seconds=WINDOW_S))
    files = [
        *write_known(plan, before["readings"]),
        *write_standing(plan, before["standing"]),
        *write_days(plan, before["sightings"]),
    ]
    later = replace(plan, base=Generation(1, "run", "a", None, tuple(files)), number=2, attempt="b")
    given = arriving([*records[half - 4 :]])
    try:
        after = stream(given, later, carried_as)
    finally:
        drop_carried("after")
    assert len(after["unchanged"]) == 4, "read before the kill"
    both: Kept = {name: [*before[name], *after[name]] for name in after}
    assert parted(both) == parted(stream(arriving(records)))


def test_what_is_long_is_made_short_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transforms.ledger.recognise._FEW", 1)
    compacted = list[int]()
    make = KnownIds.compacted

    def noted(self: KnownIds, at_s: int) -> bytes:
        compacted.append(at_s)
        return make(self, at_s)

    monkeypatch.setattr(KnownIds, "compacted", noted)
    records = corpus(9, 40)
    kept = stream(arriving([*records, *records]))
    assert len(kept["unchanged"]) == len(records) and compacted


_OUT: list[tuple[str, str]] = []


def _note(element: Record | Copy, kind: str) -> None:
    _OUT.append((kind, element.id))


def test_late_documents_are_copies_and_none_is_dropped() -> None:
    """Behind the watermark, with bundles as they come in a stream."""
    records = sorted(corpus(10, 12), key=rank)
    late = random.Random(11).sample(records, 8)
    on_time = [one for one in records if one not in late]
    events = EventStream(coder=beam.coders.registry.get_coder(Record))
    for number, one in enumerate(on_time):
        events = events.add_elements([TimestampedValue(one, AT_S + number)])
        events = events.advance_watermark_to(Timestamp(AT_S + number))
    events = events.advance_watermark_to(Timestamp(AT_S + 5 * 86_400))
    events = events.add_elements([TimestampedValue(one, AT_S) for one in late]).advance_watermark_to_infinity()
    options = PipelineOptions()
    options.view_as(StandardOptions).streaming = True
    _OUT.clear()
    with CheckedPipeline(runner="BundleBasedDirectRunner", options=options) as p:
        merged = p | events | MergeArriving(None, RESULTS_S, WINDOW_S, RecogniseRecords())
        _ = merged.articles | "Articles" >> beam.Map(_note, "article")
        _ = merged.copies | "Copies" >> beam.Map(_note, "copy")
    expected = parted_with_memory([*on_time, *late])
    assert {one for kind, one in _OUT if kind == "article"} == {one for one, _ in expected[0]}
    assert {one for kind, one in _OUT if kind == "copy"} == {one for one, _, _ in expected[1]}
    assert len(_OUT) == len(records)
