"""What makes two documents copies, and what keeps them apart."""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
import time
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from tests.build import DAY, record
from transforms.copies.candidates import (
    ALL_PAIRS,
    ENOUGH_VOTES,
    FEW_ANCHORS,
    FIRST,
    PREVIOUS,
    Member,
    members,
    partition_votes,
)
from transforms.copies.compare import compare
from transforms.copies.days import Part, parts, recurring, sightings, weights
from transforms.copies.fold import folded
from transforms.copies.reference import find_copies
from transforms.copies.score import side
from transforms.copies.shingles import anchors, as_shingles, shingles, word_hashes
from transforms.copies.sketch import day_of, rank, sketch
from transforms.elements import Record

STORY = """Der Rat von Nordermühl hat am Donnerstag den Bau einer Drahtseilbrücke über die Wespe beschlossen. Die 214 \
Meter lange Brücke soll den alten Fährbetrieb ersetzen, der seit dem Hochwasser im Frühjahr ruht. Die Kosten schätzt \
das Bauamt auf 3,8 Millionen Kronen, von denen der Bezirk 40 Prozent trägt.

Bürgermeisterin Ilse Brandkorb sprach von einem guten Tag für Schüler und Pendler. Bisher müssen sie 17 Kilometer \
über das Wehr in Altenspring fahren. Der Naturschutzbund kündigte Widerspruch an, weil am Ufer Eisvögel brüten.

Mit den ersten Arbeiten rechnet die Verwaltung im Oktober. Ein Gutachten soll bis dahin klären, ob die Pfeiler auf \
dem sandigen Grund des südlichen Ufers halten. Der Fährmann Tönnes Aalkamp will sein Boot dem Museum schenken."""

OTHER = """In der Orgelwerkstatt von Sankt Velten ist in der Nacht zum Montag ein Feuer ausgebrochen. Drei Gesellen \
wurden mit Rauchvergiftungen in die Klinik gebracht, konnten sie aber am Mittag wieder verlassen. Nach Angaben der \
Feuerwehr brannte zuerst ein Stapel Fichtenholz neben dem Ofen, der zum Trocknen der Leimtöpfe dient. Die Windlade \
einer Kirche in Hinterau, an der zwei Jahre gearbeitet worden war, ist zerstört. Meisterin Jorun Pfeifle will den \
Betrieb dennoch nicht schließen, sie hofft auf die Versicherung und auf Spenden der Gemeinde."""

FURNITURE = """Das Agenturbüro Küste berichtet seit 1911 aus den Häfen und Städten zwischen Wespe und Grauer See. \
Seine Meldungen werden von 34 Zeitungen übernommen und erscheinen ohne Gewähr für Vollständigkeit."""


def doc(text: str, minutes: int = 0, **fields: Any) -> Record:
    at = DAY + timedelta(minutes=minutes)
    return record(text, f"https://o{minutes}.example/{len(text)}", published_at=at, fetched_at=at, **fields)


def copies_of(*texts: str) -> dict[int, int]:
    """Which text is a copy of which, by place; each is published an hour after the one before."""
    sketches = [sketch(doc(text, 60 * place)) for place, text in enumerate(texts)]
    places = {one.rank: place for place, one in enumerate(sketches)}
    found = find_copies(random.Random(4).sample(sketches, len(sketches)))
    return {places[later]: places[edge.earlier] for later, edge in found.items()}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Güterzug", "GUETERZUG"),
        ("Güterzug", "Guterzug"),
        ("Güterzug", "Gu\u0308terzug"),
        ("Strasse", "Straße"),
        ("Kai Ærø", "KAI AERO"),
        ("Schiff\u00adfahrt", "Schifffahrt"),
        ("Schifffahrts-\nkanal", "Schifffahrtskanal"),
        ("10.429,69", "10429,69"),
        ("10'429.69", "10 429,69"),
        ("1\u202f200\u00a0000", "1.200.000"),
        ("zwölf", "12"),
        ("seven", "7"),
        ("5 %", "fünf Prozent"),
        ("07:30", "7.30"),
        ("„Halt“", "«halt»"),
    ],
)
def test_spellings_fold_to_one(one: str, other: str) -> None:
    assert folded(one) == folded(other)


def test_what_a_reader_tells_apart_stays_apart() -> None:
    assert folded("2,5") != folded("25")
    assert folded("100, 200 Gäste") == ["100", "200", "gaste"], "a comma and a space part numbers"
    assert folded("1.3.2026") == ["1.3.2026"]
    assert len(folded("東京都は新しい橋")) == 8, "scripts without spaces are taken character by character"


def test_hashes_are_equal_in_every_process() -> None:
    text = "Die Fähre fährt um 7.30 Uhr ab"
    code = (
        f"from transforms.copies.shingles import shingles, word_hashes\nprint(shingles(word_hashes({text!r})).tolist())"
    )
    environment = {"PYTHONHASHSEED": "77", "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == str(shingles(word_hashes(text)).tolist())


def test_a_teaser_meets_the_article_it_begins() -> None:
    teaser = " ".join(STORY.split()[:24])
    long, short = (set(anchors(shingles(word_hashes(text))).keys.tolist()) for text in (STORY + OTHER, teaser))
    assert long & short


def test_a_sketch_is_small() -> None:
    words = random.Random(1).choices(STORY.split() + OTHER.split(), k=400)
    found = sketch(doc(" ".join(words)))
    assert len(found.shingles) + len(found.numbers) + len(found.number_places) + len(found.rank) < 2000


@pytest.mark.parametrize(
    "text", ["", "…", "Ja", "Ja nein", "\ud800 \x00", "a" * 1_000_000, "1." * 300_000, "- " * 300_000, "-\n" * 300_000]
)
def test_any_text_has_a_sketch_in_no_time(text: str) -> None:
    start = time.process_time()
    found = sketch(record(text))
    assert side(found).weight >= 0
    assert time.process_time() - start < 2
    assert compare(record(text), record(text)).is_copy


def test_rank_is_publication_then_fetch_then_id() -> None:
    first = record("Ein Text.", "https://z.example/", published_at=DAY, fetched_at=DAY + timedelta(days=2))
    second = record("Ein Text.", "https://a.example/", fetched_at=DAY + timedelta(days=1))
    unknown = record("Ein Text.", "https://b.example/")
    assert rank(first) < rank(second) < rank(unknown)
    assert day_of(rank(second)) - day_of(rank(first)) == 1


def test_edits_of_outlets_are_copies() -> None:
    paragraphs = STORY.split("\n\n")
    edits = [
        "\n\n".join(paragraphs[:2]),
        "\n\n".join(paragraphs[1:]),
        "Brücke statt Fähre: Nordermühl baut.\n\n" + STORY,
        " ".join(reversed(paragraphs)),
        STORY.replace("ü", "ue").replace("ö", "oe").replace("ä", "ae"),
        STORY.replace("beschlossen", "gebilligt").replace("guten", "großen").replace("Oktober", "Herbst"),
        STORY.replace("3,8 Millionen", "3,8 Mio.").replace("40 Prozent", "40 %"),
        STORY + "\n\n" + FURNITURE,
    ]
    assert copies_of(STORY, *edits) == dict.fromkeys(range(1, len(edits) + 1), 0)


def test_other_stories_stand() -> None:
    assert copies_of(STORY, OTHER) == {}
    assert copies_of(STORY + "\n\n" + FURNITURE, OTHER + "\n\n" + FURNITURE) == {}, "they share only the background"


def test_a_template_with_other_numbers_is_another_report() -> None:
    def market(*numbers: str) -> str:
        first, second, third, fourth = numbers
        return (
            f"Der Wespe-Index schloss am Abend bei {first} Punkten und damit {second} Prozent fester als am Vortag. "
            f"Ein Fass Heringsöl kostete zuletzt {third} Kronen, eine Krone notierte bei {fourth} Talern. Händler "
            "verwiesen auf die ruhige Lage in den Häfen, viele Anleger hielten sich zurück."
        )

    one, other = market("4.211,37", "1,27", "83,42", "1,1012"), market("4.388,90", "0,64", "79,15", "1,0933")
    assert copies_of(one, other) == {}
    assert copies_of(one, one.replace("am Abend ", "")) == {1: 0}


def test_a_correction_is_a_copy_that_says_so() -> None:
    found = compare(doc(STORY), doc(STORY.replace("214 Meter", "241 Meter"), 5))
    assert found.is_copy and found.differs == ("numbers",)
    left, right = (
        [words.text[slice(*words.spans[place])] for place in places]
        for words, places in ((found.left, found.left_numbers), (found.right, found.right_numbers))
    )
    assert (left, right) == (["214"], ["241"])


def test_a_ticker_that_went_on_is_a_longer_copy() -> None:
    news = ". ".join(OTHER.split(". ")[:2]) + ". "
    found = compare(doc(STORY), doc(news + STORY, 300))
    assert found.is_copy and found.differs == ("longer",) and found.similarity > 0.95
    assert compare(doc(news + STORY, 300), doc(STORY)).differs == ("longer",), "it hangs on who is asked about first"


def test_news_that_bring_an_old_story_as_their_background_stand() -> None:
    news = " ".join(
        f"Absatz {n}: {who} sprach in {where} über {what} und die Folgen für das Umland, {what} bleibe umstritten."
        for n, (who, where, what) in enumerate(
            itertools.product(
                ("Der Amtmann", "Die Küsterin"), ("Hinterau", "Sankt Velten"), ("Deiche", "Lotsen", "Torf")
            )
        )
    )
    first = STORY.split("\n\n")[0]
    found = compare(doc(first), doc(f"{news} {first}", 300))
    assert found.is_mostly_new and not found.is_copy and found.similarity > 0.9
    assert copies_of(first, f"{news} {first}") == {}
    assert copies_of(f"{news} {first}", first) == {1: 0}, "what is cut from a longer text is its copy"


def test_a_round_up_stands_by_itself_and_takes_nothing_along() -> None:
    assert copies_of(STORY, OTHER, STORY + "\n\n" + OTHER, STORY.replace("guten", "schönen")) == {3: 0}


def test_short_texts_merge_only_if_they_are_the_same() -> None:
    one = "Die Fähre nach Altenspring fährt heute wegen Nebels nicht vor zehn Uhr."
    assert copies_of(one, one.upper().replace("Ä", "AE")) == {1: 0}
    assert copies_of(one, "Die Fähre nach Hinterau fährt heute wegen Sturms nicht vor neun Uhr.") == {}
    stub = "Dieser Beitrag ist nur mit einem Hafenpass zu lesen."
    assert copies_of(stub, f"{STORY} {stub}") == {}
    assert not compare(doc(stub, title="Rat baut Brücke über die Wespe"), doc(stub, 5, title="Orgel brennt")).is_copy


def test_passages_are_found_where_they_moved() -> None:
    first, second, third = STORY.split("\n\n")
    found = compare(doc(STORY), doc("\n\n".join([third, first, second]), 5))
    sizes = [len(folded(part)) for part in (first + " " + second, third)]
    assert [passage.left_end - passage.left_start for passage in found.passages] == sizes
    assert [passage.right_start for passage in found.passages] == [sizes[1], 0]
    assert found.left.text[slice(*found.left.spans[0])] == "Der"


def packed(*keys: int) -> bytes:
    return b"".join(key.to_bytes(8, "little") for key in keys)


def pairs_of(members: list[Member]) -> list[tuple[bytes, bytes, int]]:
    size = len(members[0].rank)
    return [
        (some.earlier[place * size : (place + 1) * size], some.later, vote)
        for some in partition_votes(members)
        for place, vote in enumerate(some.votes)
    ]


@pytest.mark.parametrize("size", [2, ALL_PAIRS, ALL_PAIRS + 1, 5000])
def test_a_bucket_gives_a_bounded_number_of_pairs(size: int) -> None:
    members = [Member(b"\1" + number.to_bytes(4, "big"), 30, packed(7)) for number in range(size)]
    found = pairs_of(random.Random(2).sample(members, size))
    assert len(found) == len(set(found))
    assert all(earlier < later for earlier, later, _ in found)
    assert len(found) <= (size * (size - 1) // 2 if size <= ALL_PAIRS else size * (FIRST + PREVIOUS))
    assert sum(earlier == members[0].rank for earlier, _, _ in found) == size - 1, "not all meet the first"
    last = members[-1].rank
    assert {earlier for earlier, later, _ in found if later == last} >= {one.rank for one in members[-4:-1]}


@pytest.mark.parametrize("at_once", [1, 1 << 20])
def test_votes_are_the_anchors_that_two_share(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr("transforms.copies.candidates._PAIRS_AT_ONCE", at_once)
    dice = random.Random(5)
    members = []
    for number in range(50):
        keys = sorted(dice.sample(range(1, 60), dice.randint(1, 12)))
        flag = b"\0" if number < 10 else b"\1"  # the first ten stood before
        members.append(Member(flag + bytes([number]), len(keys), packed(*keys)))
    expected = {}
    for place, later in enumerate(members):
        for earlier in members[:place]:
            common = set.intersection(
                *({one.keys[n : n + 8] for n in range(0, len(one.keys), 8)} for one in (earlier, later))
            )
            weight = ENOUGH_VOTES if min(earlier.anchors, later.anchors) < FEW_ANCHORS else 1
            if (votes := weight * len(common)) and not (earlier.rank[0] == later.rank[0] == 0):
                expected[earlier.rank, later.rank] = votes
    found = pairs_of(dice.sample(members, len(members)))
    assert {(earlier, later): vote for earlier, later, vote in found} == expected
    assert len(found) == len(expected)


def test_work_in_many_ranges_is_the_work_in_one() -> None:
    sketches = [sketch(doc(text, place)) for place, text in enumerate([STORY, STORY + " " + OTHER, OTHER + FURNITURE])]
    whole = {rank: (total, keys) for found in sketches for _, (rank, total, keys) in members(found, 0)}
    for found in sketches:
        some = dict(members(found, 4))
        assert len(some) > 1 and all(key < 16 for key in some)
        joined = b"".join(member.keys for _, member in sorted(some.items()))
        assert (len(joined) // 8, joined) == whole[found.rank]
        values = b"".join(part.shingles for _, part in sorted(parts(found, 4)))
        assert values == next(parts(found, 0))[1].shingles


def test_days_are_counted_once_each() -> None:
    texts = [(0, STORY + " " + FURNITURE), (1, STORY), (1440, OTHER + " " + FURNITURE), (2880, FURNITURE)]
    sketches = [sketch(doc(text, minutes)) for minutes, text in texts]
    groups: dict[int, list[Part]] = {}
    for one in sketches:
        for key, part in parts(one, 3):
            groups.setdefault(key, []).append(part)
    assert len(groups) == 8
    seen = [
        one
        for group in groups.values()
        for one in recurring(reversed(group), sightings(group))
        if one.rank == sketches[0].rank
    ]
    values = np.unique(as_shingles(sketches[0].shingles))
    weight = dict(zip(values.tolist(), weights(values, seen).tolist(), strict=True))
    assert {weight[one] for one in shingles(word_hashes(STORY)).tolist()} == {1.0}
    assert {round(1 / weight[one]) for one in shingles(word_hashes(FURNITURE)).tolist()} == {3}
