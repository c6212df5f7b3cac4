"""`MergeCopies` on a real runner, against what a reader would say."""

from __future__ import annotations

import itertools
import random
from datetime import timedelta
from typing import Any

import apache_beam as beam
import pytest

from tests.build import DAY, record
from tests.transforms.running import run
from transforms.copies.reference import find_copies
from transforms.copies.sketch import sketch
from transforms.copies.transform import MergeCopies
from transforms.copies.verdicts import MAX_COPIES, id_of
from transforms.elements import Copy, Record


def merge(records: list[Record]) -> tuple[list[Record], list[Copy]]:
    def graph(p: beam.Pipeline, _: Any) -> dict[str, beam.PCollection]:
        merged = p | beam.Create(records).with_output_types(Record) | MergeCopies()
        return {"articles": merged.articles, "copies": merged.copies}

    kept = run(graph)
    assert len(kept["articles"]) + len(kept["copies"]) == len(records), "a record was lost or doubled"
    standing = {article.id for article in kept["articles"]}
    assert len(standing) == len(kept["articles"]), "two articles have one id"
    assert all(copy.copy_of in standing for copy in kept["copies"]), "a copy points at no article"
    for article in kept["articles"]:
        pointing = [copy for copy in kept["copies"] if copy.copy_of == article.id]
        assert article.copy_count == len(pointing)
        assert {ref.id for ref in article.copies} <= {copy.id for copy in pointing}
        assert len(article.copies) == min(MAX_COPIES, len(pointing))
    return kept["articles"], kept["copies"]


def at(minutes: int) -> dict[str, Any]:
    return {"published_at": DAY + timedelta(minutes=minutes), "published_precision": "minute"}


def test_earliest_publication_stands() -> None:
    texts = ["Der Hafen öffnet heute.", "Der  Hafen öffnet heute!", "DER HAFEN OEFFNET HEUTE"]
    records = [record(text, f"https://o{n}.example/a", **at(10 - n)) for n, text in enumerate(texts)]
    articles, copies = merge(records)
    assert [article.url for article in articles] == ["https://o2.example/a"]
    assert [(copy.similarity, copy.text) for copy in copies] == [(1.0, None), (1.0, None)]


def test_without_publication_the_fetch_counts() -> None:
    early = record("Ein Text.", "https://a.example/1", fetched_at=DAY)
    late = record("Ein Text.", "https://b.example/1", **at(5))
    articles, _ = merge([late, early])
    assert [article.url for article in articles] == ["https://a.example/1"]


def test_one_address_read_twice_is_a_copy_even_with_other_text() -> None:
    first = record("Fassung eins vom neuen Hafen.", "https://a.example/1", fetched_at=DAY)
    second = record("Etwas ganz anderes steht nun hier.", "http://a.example/1", fetched_at=DAY + timedelta(hours=1))
    articles, copies = merge([second, first])
    assert [article.text for article in articles] == ["Fassung eins vom neuen Hafen."]
    assert [(copy.id, copy.copy_of, copy.similarity) for copy in copies] == [(first.id, first.id, 0.0)]
    assert copies[0].text == second.text, "the other text is not lost"


def test_copies_of_a_copy_point_at_what_stands() -> None:
    stands = record("Ein Text.", "https://a.example/1", **at(0))
    copied = record("Ein Text.", "https://b.example/1", **at(1))
    again = record("Noch ein Text.", "https://b.example/1", **at(2))
    alone = record("Noch ein Text.", "https://c.example/1", **at(3))
    articles, copies = merge([alone, again, copied, stands])
    assert {article.url for article in articles} == {"https://a.example/1", "https://c.example/1"}
    assert {copy.copy_of for copy in copies} == {stands.id}
    assert [article.copy_count for article in articles if article.id == stands.id] == [2]


def test_equal_lines_are_counted_each() -> None:
    same = record("Ein Text.", "https://a.example/1", **at(0))
    articles, copies = merge([same] * 5)
    assert len(articles) == 1 and len(copies) == 4


def test_a_huge_cluster_names_its_first_copies_and_counts_all() -> None:
    records = [record("Ein Text.", f"https://o{n:04}.example/a", **at(n)) for n in range(300)]
    (article,), _ = merge(random.Random(1).sample(records, len(records)))
    assert article.copy_count == 299
    assert [ref.url for ref in article.copies[:2]] == ["https://o0001.example/a", "https://o0002.example/a"]


@pytest.mark.parametrize("seed", range(3))
def test_order_of_arrival_does_not_matter(seed: int) -> None:
    hosts, texts = range(4), ("Eins.", "Zwei.", "Drei.")
    records = [
        record(text, f"https://o{host}.example/{page}", source=f"s{n % 2}", **at(n % 5))
        for n, (host, text, page) in enumerate(itertools.product(hosts, texts, range(2)))
    ]
    expected = [sorted(map(repr, found)) for found in merge(records)]
    shuffled = random.Random(seed).sample(records, len(records))
    assert [sorted(map(repr, found)) for found in merge(shuffled)] == expected


WORDS = [
    f"{front}{back}"
    for front in ("hafen", "rat", "kran", "deich", "markt", "schul")
    for back in ("amt", "bau", "weg", "tag", "haus", "fest", "geld", "plan")
]


def prose(generator: random.Random, count: int) -> str:
    return " ".join(generator.choices(WORDS, k=count)).capitalize() + "."


def corpus(seed: int, stories: int) -> list[Record]:
    """Stories of invented words, each as sent, shortened, with another head, and with an outlet's paragraph added."""
    generator = random.Random(seed)
    records = []
    for number in range(stories):
        paragraphs = [prose(generator, 40) for _ in range(5)]
        versions = [
            paragraphs,
            paragraphs[:3],
            [prose(generator, 20), *paragraphs[1:]],
            [*paragraphs, prose(generator, 35)],
        ]
        for outlet, version in enumerate(versions[: generator.randint(1, 4)]):
            minutes = number * 60 + outlet * generator.randint(1, 50)
            records.append(record("\n".join(version), f"https://o{outlet}.example/{number}", **at(minutes)))
    return records


@pytest.mark.parametrize("seed", range(2))
def test_the_graph_decides_as_the_search_in_one_process(seed: int) -> None:
    records = corpus(seed, 40)
    articles, copies = merge(records)
    expected = find_copies(map(sketch, records))
    assert {(copy.id, copy.copy_of) for copy in copies} == {
        (id_of(edge.later), id_of(edge.earlier)) for edge in expected.values()
    }
    assert len(articles) == 40, "each story is one article"


def test_a_longer_version_is_a_copy_that_keeps_its_text() -> None:
    generator = random.Random(3)
    paragraphs = [prose(generator, 50) for _ in range(6)]
    early = record("\n".join(paragraphs[:3]), "https://a.example/ticker", **at(0))
    late = record("\n".join(paragraphs), "https://b.example/ticker", **at(300))
    (article,), (copy,) = merge([late, early])
    assert article.url == "https://a.example/ticker"
    assert copy.differs == ("longer",) and copy.text == late.text
    assert article.copies[0].differs == ("longer",)


def test_chains_longer_than_the_rounds_are_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transforms.copies.near_transform.ROUNDS", 1)
    records = corpus(7, 15)
    _, copies = merge(records)
    expected = find_copies(map(sketch, records))
    assert {(copy.id, copy.copy_of) for copy in copies} == {
        (id_of(edge.later), id_of(edge.earlier)) for edge in expected.values()
    }
