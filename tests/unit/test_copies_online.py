"""Copies among documents that come one by one: as in one run over all, and the same whatever becomes of the memory."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.build import DAY, record
from transforms.copies.candidates import FIRST, PREVIOUS
from transforms.copies.days import Part, Recurring, recurring, sightings, weights
from transforms.copies.keep import write_days, write_standing
from transforms.copies.online import StandingIndex, Taken
from transforms.copies.reference import find_copies
from transforms.copies.seen import DaySeen, SeenDays
from transforms.copies.sketch import rank, sketch
from transforms.copies.sorted_runs import SortedRuns
from transforms.copies.standing_base import log_of
from transforms.copies.verdicts import id_of
from transforms.elements import Sketch, Verdict
from transforms.generation import Generation, StatePlan

WORDS = [front + back for front in ("hafen", "rat", "kran", "deich", "markt") for back in ("amt", "bau", "weg", "tag")]
AT = datetime(2026, 3, 10, tzinfo=UTC)
AT_S = int(AT.timestamp())


def prose(dice: random.Random, count: int) -> str:
    return " ".join(dice.choices(WORDS, k=count)).capitalize() + "."


def doc(text: str, minutes: int, name: str | None = None) -> Sketch:
    at = DAY + timedelta(minutes=minutes)
    return sketch(record(text, f"https://o.example/{name or minutes}", published_at=at, fetched_at=at, language="de"))


def corpus(seed: int, stories: int, minutes: int) -> list[Sketch]:
    """Stories with shortened, edited and lengthened versions; they follow one another in so many minutes."""
    dice, found = random.Random(seed), []
    furniture = prose(dice, 30)
    for number in range(stories):
        parts = [prose(dice, 40) for _ in range(5)]
        if dice.random() < 0.3:
            parts.append(furniture)
        versions = [parts, parts[:3], [prose(dice, 20), *parts[1:]], [*parts, prose(dice, 35)], parts]
        for outlet, version in enumerate(versions[: dice.randint(1, 5)]):
            found.append(
                doc(" ".join(version), minutes * number + 7 * outlet + dice.randrange(5), f"{number}/{outlet}")
            )
    return sorted(found, key=lambda one: one.rank)


def take_all(index: StandingIndex, found: Iterable[Sketch]) -> list[Taken]:
    return [index.take(one, AT_S) for one in found]


def verdicts(taken: Iterable[Taken]) -> list[Verdict | None]:
    return [one.verdict for one in taken]


@pytest.mark.parametrize("seed", range(4))
def test_in_the_order_of_publication_all_is_decided_as_in_one_run(seed: int) -> None:
    found = corpus(seed, 50, 20)
    expected = {id_of(edge.later): (id_of(edge.earlier), edge.similarity) for edge in find_copies(found).values()}
    taken = verdicts(take_all(StandingIndex(), found))
    assert {
        one.id: (verdict.copy_of, verdict.similarity)
        for one, verdict in zip(found, taken, strict=True)
        if verdict is not None
    } == expected
    assert len(expected) > 30


@pytest.mark.parametrize("order", ["as published", "some late"])
def test_an_index_that_is_built_anew_at_every_step_decides_the_same(order: str) -> None:
    dice, found = random.Random(5), corpus(6, 40, 60 * 5)  # over several days: their weights are kept too
    if order == "some late":
        found.sort(key=lambda one: one.rank[:9] if dice.random() < 0.7 else b"\x01" + dice.randbytes(1))
    undisturbed = take_all(StandingIndex(), found)
    log, again = list[bytes](), []
    for number, one in enumerate(found):
        dice.shuffle(log)
        index = StandingIndex(log)
        if number % 3 == 0:
            log = index.snapshot()
            index = StandingIndex(log)
        again.append(index.take(one, AT_S))
        log += again[-1].entries
    assert verdicts(again) == verdicts(undisturbed)
    assert [one.seen is None for one in again] == [one.seen is None for one in undisturbed]


def test_what_an_earlier_run_knew_is_taken_up(tmp_path: Path) -> None:
    found = corpus(8, 60, 60 * 4)
    half = len(found) // 2
    index = StandingIndex()
    before = take_all(index, found[:half])
    plan = StatePlan(str(tmp_path), None, 1, "run", "a", AT, AT - timedelta(days=14))
    standing = [one for one, taken in zip(found, before, strict=False) if taken.verdict is None]
    seen = [(taken.seen.day, taken.seen.shingles.tobytes()) for taken in before if taken.seen is not None]
    files = write_standing(plan, [*standing, standing[0]]) + write_days(plan, seen)
    assert sum(file.rows for file in files if file.table == "sketches") == len(standing)
    base = Generation(1, "run", "a", None, tuple(files))
    later = replace(plan, base=base, number=2, attempt="b", at=AT + timedelta(hours=1))
    restored = StandingIndex(log_of(later, "de"))
    assert len(restored) == len(index)
    assert verdicts(take_all(restored, found[half:])) == verdicts(take_all(index, found[half:]))
    assert log_of(later, "en") == [], "what stands in another language"
    # A second window is written on top of the first.
    new = doc(prose(random.Random(1), 90), 50_000)
    files = write_standing(later, [new])
    assert sum(file.rows for file in files if file.table == "sketches") == len(standing) + 1
    forgotten = replace(later, at=AT + timedelta(days=20), keep_after=AT + timedelta(days=6))
    assert log_of(forgotten, "de") == [], "what was added before the time from which on it is kept"


def test_rows_that_name_no_language_belong_to_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from transforms.copies import keep, standing

    old = standing.SKETCH_SCHEMA.remove(standing.SKETCH_SCHEMA.get_field_index("language"))
    plan = StatePlan(str(tmp_path), None, 1, "run", "a", AT, AT - timedelta(days=14))
    one = doc(prose(random.Random(2), 60), 0)
    with monkeypatch.context() as patch:
        patch.setattr(standing, "SKETCH_SCHEMA", old)
        patch.setattr(keep, "SKETCH_SCHEMA", old)
        files = write_standing(plan, [one])
    later = replace(plan, base=Generation(1, "run", "a", None, tuple(files)), number=2)
    for language in ("de", "en"):
        (taken,) = take_all(StandingIndex(log_of(later, language)), [doc(prose(random.Random(2), 60), 9)])
        assert taken.verdict == Verdict(one.id, 1.0)


def test_nothing_is_written_where_nothing_came(tmp_path: Path) -> None:
    plan = StatePlan(str(tmp_path), None, 1, "run", "a", AT, AT)
    assert write_standing(plan, []) == [] and write_days(plan, []) == []


def test_the_first_to_arrive_stands_whatever_was_published_first() -> None:
    text = prose(random.Random(1), 90)
    index = StandingIndex()
    late, early = doc(text + " Ende.", 500), doc(text, 0)
    assert index.take(late, AT_S).verdict is None
    verdict = index.take(early, AT_S).verdict
    assert verdict is not None and verdict.copy_of == late.id


def test_copies_do_not_chain() -> None:
    """The third is near the second only, and the second is a copy."""
    dice = random.Random(3)
    parts = [prose(dice, 40) for _ in range(10)]
    index = StandingIndex()
    texts = [parts[0:4], parts[1:6], parts[4:10]]
    taken = take_all(index, [doc(" ".join(text), 10 * number) for number, text in enumerate(texts)])
    assert [one.verdict is None for one in taken] == [True, False, True]
    assert len(index) == 2


def test_a_new_text_of_an_article_stands_in_the_place_of_the_old_one() -> None:
    dice = random.Random(4)
    old, new, other = prose(dice, 90), prose(dice, 90), prose(dice, 90)
    index = StandingIndex()
    take_all(index, [doc(old, 0, "story"), doc(other, 1)])
    assert index.take(doc(other, 2, "story"), AT_S).verdict is None, "though it is the text of another article"
    assert index.take(doc(new, 3, "story"), AT_S).verdict is None
    assert len(index) == 2
    verdict = index.take(doc(new + " Ende.", 4), AT_S).verdict
    assert verdict is not None and verdict.copy_of == doc(new, 3, "story").id
    assert index.take(doc(old, 5), AT_S).verdict is None, "the old text is no more"


def test_articles_are_forgotten_after_their_time() -> None:
    dice = random.Random(5)
    old, new = prose(dice, 90), prose(dice, 90)
    day = 86_400
    index = StandingIndex()
    index.take(doc(old, 0), AT_S)
    index.take(doc(new, 1), AT_S + 3 * day)
    assert not index.is_trim_due(AT_S), "what came on that day is kept"
    assert index.is_trim_due(AT_S + day)
    trimmed = StandingIndex(index.snapshot(AT_S + day))
    assert len(trimmed) == 1 and not trimmed.is_trim_due(AT_S + day)
    assert verdicts(take_all(trimmed, [doc(old, 2), doc(new, 3)])) == [None, Verdict(doc(new, 1).id, 1.0)]


def test_furniture_of_other_days_counts_little_also_where_only_copies_showed_it() -> None:
    dice = random.Random(6)
    furniture = prose(dice, 60)
    index, story = StandingIndex(), prose(dice, 200)
    index.take(doc(story, 0), AT_S)
    for day in range(1, 8):
        copied = doc(f"{story} {furniture}" if day < 7 else f"{prose(dice, 60)} {furniture}", 1440 * day)
        taken = index.take(copied, AT_S)
        assert (taken.verdict is None) == (day == 7)
    fresh = doc(f"{prose(dice, 60)} {furniture}", 1440 * 8)
    assert index.take(fresh, AT_S).verdict is None, "a page was merged for its furniture"
    assert (
        StandingIndex(index.snapshot()).take(doc(f"{prose(dice, 60)} {furniture}", 1440 * 8 + 1), AT_S).verdict is None
    )


def test_a_passage_that_very_many_share_costs_few_comparisons(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(7)
    passage = prose(dice, 40)
    index, compared = StandingIndex(), list[int]()
    find = StandingIndex._candidates

    def counted(self: StandingIndex, keys: np.ndarray) -> list[int]:
        places = find(self, keys)
        compared.append(len(places))
        return places

    monkeypatch.setattr(StandingIndex, "_candidates", counted)
    letters = "abcdefghijklmnop"
    for number in range(200):
        own = " ".join("".join(dice.choices(letters, k=7)) for _ in range(150))
        assert index.take(doc(f"{own} {passage}", number), AT_S).verdict is None
    assert max(compared[:60]) == 59 and max(compared[80:]) <= FIRST + PREVIOUS
    rebuilt = StandingIndex(index.snapshot())
    last = doc(f"{own} {passage}", 300, "copy")
    verdict = index.take(last, AT_S).verdict
    assert verdict == rebuilt.take(last, AT_S).verdict and verdict is not None, "the last of the passage is met"


def test_any_text_is_taken() -> None:
    index = StandingIndex()
    texts = ["", "ja", "\ud800\x00", "x" * 300_000, "wort " * 30_000, "7 8 9", "\x00" * 50]
    for number, text in enumerate(texts):
        assert index.take(doc(text, number), AT_S).verdict is None, repr(text[:20])
        index = StandingIndex(index.snapshot())
    again = [index.take(doc(text, 100 + number), AT_S).verdict for number, text in enumerate(texts)]
    assert again == [Verdict(doc(text, number).id, 1.0) for number, text in enumerate(texts)]


def test_sorted_runs_hold_what_was_added_in_its_order() -> None:
    dice = random.Random(8)
    for start in (0, 3_000):
        keys = np.array(dice.choices(range(2_000), k=start), np.uint32)
        runs = SortedRuns(np.uint32, keys, np.arange(start))
        expected = defaultdict[int, list[int]](list)
        for place, key in enumerate(keys.tolist()):
            expected[key].append(place)
        for number in range(start, start + 3_000):
            some = np.array(sorted(dice.sample(range(2_000), 5)), np.uint32)
            runs.add(some, np.full(5, number))
            for key in some.tolist():
                expected[key].append(number)
        wanted = np.arange(2_100, dtype=np.uint32)
        found = defaultdict[int, list[int]](list)
        for span in runs.spans(wanted):
            for key, first, amount in zip(wanted.tolist(), span.first.tolist(), span.amounts.tolist(), strict=True):
                found[key] += span.values[first : first + amount].tolist()
        assert {key: values for key, values in found.items() if values} == expected
        assert runs.counts(wanted).tolist() == [len(expected[key]) for key in wanted.tolist()]
        assert len(runs) == start + 15_000 and len(runs.runs()) < 5


def test_days_are_counted_as_in_one_run() -> None:
    dice = random.Random(9)
    seen, parts, shown = SeenDays(), list[Part](), Counter[bool]()
    for number in range(120):
        at = DAY + timedelta(days=dice.randrange(6))
        values = np.array(sorted(dice.sample(range(700), 40)), np.uint32)
        one = record(f"Text {number}.", f"https://o.example/{number}", published_at=at)
        parts.append(Part(rank(one), values.tobytes()))
        day = int.from_bytes(parts[-1].rank[1:9], "big") // 86_400_000_000
        met = seen.met(day, values)
        known: list[Recurring] = [found for found in recurring(parts, sightings(parts)) if found.rank == parts[-1].rank]
        (found,) = seen.weights([values], values[met.is_further])
        assert np.array_equal(found, weights(values, known))
        shown.update(met.is_same.tolist())
        seen.add(DaySeen(day, values, 0, is_copy=True), met)
        if number % 10 == 0:
            seen = SeenDays(seen.told_by_copies(0))
    assert shown[True] > 500 and shown[False] > 500
