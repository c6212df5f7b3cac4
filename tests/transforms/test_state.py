"""Runs one after the other on one state: what the later ones know, and what they write for the next."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest

from tests.build import DAY, record
from tests.transforms.running import run
from tests.transforms.test_copies import corpus, prose
from transforms.copies.transform import MergeCopies
from transforms.elements import Copy, Record, TableFile
from transforms.generation import Generation, StateError, StatePlan, commit, load
from transforms.ledger.transform import FindKnown, KeepKnown

AT = datetime(2026, 3, 10, tzinfo=UTC)


class State:
    """A state directory, and runs of the merge on it."""

    def __init__(self, root: Path) -> None:
        self.root = str(root)
        self.base: Generation | None = None
        self.at = AT
        self.unchanged = 0
        self.window = timedelta(days=14)

    def plan(self, attempt: str = "a") -> StatePlan:
        number = self.base.number + 1 if self.base else 1
        return StatePlan(self.root, self.base, number, "run", attempt, self.at, self.at - self.window)

    def merge(self, records: list[Record]) -> tuple[list[Record], list[Copy]]:
        """One run; commits its generation."""
        plan = self.plan()

        def graph(p: beam.Pipeline, _: Any) -> dict[str, beam.PCollection]:
            elements = p | beam.Create(records).with_output_types(Record)
            merged = elements | MergeCopies(plan, elements | FindKnown(plan))
            files = (merged.files, merged.readings | KeepKnown(plan)) | "StateFiles" >> beam.Flatten()
            return {
                "articles": merged.articles,
                "copies": merged.copies,
                "unchanged": merged.unchanged,
                "files": files,
            }

        kept = run(graph)
        assert len(kept["articles"]) + len(kept["copies"]) + len(kept["unchanged"]) == len(records), "lost or doubled"
        self.unchanged = len(kept["unchanged"])
        commit(plan, kept["files"])
        self.base = load(self.root, plan.number)
        return kept["articles"], kept["copies"]


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path)


def at(minutes: int) -> dict[str, Any]:
    return {"published_at": DAY + timedelta(minutes=minutes), "published_precision": "minute"}


def clusters(pairs: list[tuple[str, str]]) -> set[frozenset[str]]:
    """Documents that one article stands for, by their ids: which of them stands does not matter."""
    found: dict[str, set[str]] = {}
    for one, stands in pairs:
        found.setdefault(stands, {stands}).add(one)
    return {frozenset(some) for some in found.values()}


@pytest.mark.parametrize(("seed", "in_range"), [(0, 1 << 14), (1, 8)])
def test_days_one_after_the_other_end_in_the_clusters_of_one_run(
    state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, in_range: int
) -> None:
    monkeypatch.setattr("transforms.copies.state_transform.DOCUMENTS_IN_RANGE", in_range)
    monkeypatch.setattr("transforms.tables.ROWS_IN_RANGE", 2 * in_range)
    records = corpus(seed, 70)
    articles, copies = State(tmp_path / "whole").merge(records)
    expected = clusters([(a.id, a.id) for a in articles] + [(c.id, c.copy_of) for c in copies])
    pairs, standing = [], set()
    days = [list(day) for _, day in groupby(sorted(records, key=_day), key=_day)]
    assert len(days) == 4
    for day in days:
        some, others = state.merge(random.Random(seed).sample(day, len(day)))
        standing |= {article.id for article in some}
        assert all(copy.copy_of in standing for copy in others), "a copy points at no article of this run or before"
        pairs += [(a.id, a.id) for a in some] + [(c.id, c.copy_of) for c in others]
    assert clusters(pairs) == expected
    assert state.base is not None and state.base.rows("sketches") == len(standing)
    assert (len(state.base.files) > 4) == (in_range == 8), "the tables were meant to be parted"


def _day(one: Record) -> Any:
    return one.published_at.date() if one.published_at else None


def test_what_was_read_before_is_unchanged_and_another_text_is_the_next_revision(state: State) -> None:
    dice = random.Random(1)
    first, other, later = prose(dice, 90), prose(dice, 90), prose(dice, 90)
    state.merge([record(first, "https://a.example/1", **at(0)), record(first, "https://b.example/1", **at(5))])
    articles, copies = state.merge(
        [
            record(first, "https://a.example/1", **at(0)),
            record(first, "https://b.example/1", **at(5)),
            record(other, "https://c.example/1", **at(6)),
        ]
    )
    assert state.unchanged == 2 and [article.url for article in articles] == ["https://c.example/1"] and not copies
    articles, copies = state.merge([record(later, "https://a.example/1", **at(0))])
    assert [(article.id, article.revision) for article in articles] == [
        (record(first, "https://a.example/1").id, 2)
    ] and not copies
    state.merge([record(later, "https://a.example/1", **at(0))])
    assert state.unchanged == 1, "the new text is what is known now"


def test_an_article_that_stood_stands_with_its_new_text_and_takes_copies_of_both(state: State) -> None:
    dice = random.Random(2)
    story, more, agency = prose(dice, 120), prose(dice, 60), prose(dice, 120)
    state.merge([record(story, "https://a.example/1", **at(10)), record(agency, "https://w.example/1", **at(0))])
    articles, copies = state.merge(
        [
            record(agency, "https://a.example/1", **at(10)),  # the whole text of another article that stands
            record(story + " " + more, "https://b.example/1", **at(20)),
            record(agency + " " + more, "https://c.example/1", **at(21)),
        ]
    )
    assert [(article.url, article.revision) for article in articles] == [("https://a.example/1", 2)]
    by_url = {copy.url: copy.copy_of for copy in copies}
    ids = {record("x", f"https://{host}.example/1").id for host in "aw"}
    assert by_url["https://b.example/1"] == record("x", "https://a.example/1").id
    assert by_url["https://c.example/1"] in ids


def test_a_copy_that_got_a_text_of_its_own_stands(state: State) -> None:
    dice = random.Random(3)
    story, own = prose(dice, 90), prose(dice, 90)
    state.merge([record(story, "https://a.example/1", **at(0)), record(story, "https://b.example/1", **at(5))])
    articles, copies = state.merge([record(own, "https://b.example/1", **at(5))])
    assert [(article.url, article.revision) for article in articles] == [("https://b.example/1", 2)] and not copies


def test_two_texts_at_one_address_do_not_take_turns(state: State) -> None:
    """A feed and a page may give one address with two texts, run after run."""
    dice = random.Random(4)
    both = [record(prose(dice, 60), "https://a.example/1", source=name, **at(0)) for name in ("feed", "page")]
    articles, copies = state.merge(both)
    assert len(articles) == 1 and len(copies) == 1
    for again in (both, both[:1], both[1:], both):
        assert state.merge(again) == ([], []), "read before"


def test_an_earlier_publication_that_comes_later_is_a_copy_all_the_same(state: State) -> None:
    story = prose(random.Random(5), 90)
    (first,), _ = state.merge([record(story, "https://a.example/1", **at(500))])
    articles, copies = state.merge([record(story + " Ende.", "https://b.example/1", **at(0))])
    assert not articles and [copy.copy_of for copy in copies] == [first.id]


def test_furniture_of_earlier_days_is_known(state: State) -> None:
    """What a page of every day has in common says little on a later day, though the run itself shows it only once."""
    dice = random.Random(6)
    furniture = prose(dice, 60)
    pages = [record(f"{prose(dice, 60)} {furniture}", f"https://m.example/{n}", **at(1440 * n)) for n in range(8)]
    for page in pages[:-1]:
        state.merge([page])
        state.at += timedelta(days=1)
    articles, _ = state.merge(pages[-1:])
    assert len(articles) == 1, "a page was merged for its furniture"


def test_sketches_are_forgotten_after_the_window_and_ids_are_not(state: State) -> None:
    story = prose(random.Random(7), 90)
    state.merge([record(story, "https://a.example/1", **at(0))])
    state.at += timedelta(days=15)
    articles, _ = state.merge([record(story, "https://a.example/1"), record(story, "https://b.example/1", **at(1))])
    assert state.unchanged == 1 and [article.url for article in articles] == ["https://b.example/1"]
    assert state.base is not None and state.base.rows("sketches") == 1 and state.base.rows("known") == 2


def test_the_later_of_two_runs_from_one_generation_does_not_commit(state: State) -> None:
    state.merge([record("Ein Text.", "https://a.example/1")])
    one, other = state.plan("one"), state.plan("other")
    commit(one, [TableFile("known", 0, "x", 1)])
    commit(one, [TableFile("known", 0, "x", 1)])  # a retry of the same run is no other run
    with pytest.raises(StateError, match="run has committed generation 2"):
        commit(other, [])
    assert load(state.root, 2).attempt == "one"
    commit(replace(state.plan("third"), number=3), [])
    (Path(state.root) / "generation-000002.json").unlink()  # dropped, as old ones are
    with pytest.raises(StateError, match="generation 3 has been committed"):
        commit(other, [])
    assert not list(Path(state.root).glob("*.part"))


def test_a_state_of_another_layout_is_told(state: State) -> None:
    state.merge([record("Ein Text.", "https://a.example/1")])
    path = Path(state.root) / "generation-000001.json"
    path.write_text(path.read_text().replace('"layout": 1', '"layout": 7'))
    with pytest.raises(StateError, match="layout 7"):
        load(state.root, 1)
    path.write_text("{")
    with pytest.raises(StateError, match="cannot be read"):
        load(state.root, 1)


def test_many_texts_at_one_address_are_all_known(state: State) -> None:
    texts = [record(prose(random.Random(n), 30), "https://a.example/1", **at(n)) for n in range(40)]
    state.merge(texts)
    assert state.merge(texts) == ([], [])


def test_no_article_becomes_a_copy_of_what_it_was(state: State) -> None:
    """Though its id was met longer ago than ids are kept, its sketch is there, for the window is longer."""
    story = record(prose(random.Random(9), 60), "https://a.example/1", **at(0))
    state.window = timedelta(days=900)
    state.merge([story])
    state.at += timedelta(days=500)
    state.merge([record(prose(random.Random(10), 60), "https://b.example/1", **at(1))])
    assert state.merge([story]) == ([], []) and state.unchanged == 1


def test_a_retry_writes_the_same(state: State, tmp_path: Path) -> None:
    records = corpus(3, 10)
    state.merge(records)
    again = State(tmp_path / "again")
    again.merge(list(reversed(records)))
    for one, other in zip(sorted(tmp_path.glob("0*/*")), sorted((tmp_path / "again").glob("0*/*")), strict=True):
        assert one.name == other.name and one.read_bytes() == other.read_bytes(), one.name


def test_fields_come_back_as_they_were(state: State) -> None:
    whole = replace(record(prose(random.Random(8), 50), "https://a.example/1", **at(3)), source="Quelle „eins“")
    (first,), _ = state.merge([whole])
    _, (copy,) = state.merge([record(whole.text.upper(), "https://b.example/1", **at(9))])
    assert (copy.copy_of, copy.similarity) == (first.id, 1.0)
