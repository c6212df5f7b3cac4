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
from transforms.copies.transform import MergeCopies
from transforms.copies.verdicts import MAX_COPIES
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
    texts = ["Der Hafen öffnet.", "Der  Hafen öffnet!", "DER HAFEN OEFFNET"]
    records = [record(text, f"https://o{n}.example/a", **at(10 - n)) for n, text in enumerate(texts)]
    articles, copies = merge(records)
    # "oe" is not folded to "ö": that is another word in some languages.
    assert sorted(article.url or "" for article in articles) == ["https://o1.example/a", "https://o2.example/a"]
    assert [(copy.url, copy.similarity) for copy in copies] == [("https://o0.example/a", 1.0)]


def test_without_publication_the_fetch_counts() -> None:
    early = record("Ein Text.", "https://a.example/1", fetched_at=DAY)
    late = record("Ein Text.", "https://b.example/1", **at(5))
    articles, _ = merge([late, early])
    assert [article.url for article in articles] == ["https://a.example/1"]


def test_one_address_read_twice_is_a_copy_even_with_other_text() -> None:
    first = record("Fassung eins.", "https://a.example/1", fetched_at=DAY)
    second = record("Fassung zwei, länger.", "http://a.example/1", fetched_at=DAY + timedelta(hours=1))
    articles, copies = merge([second, first])
    assert [article.text for article in articles] == ["Fassung eins."]
    assert [(copy.id, copy.copy_of, copy.similarity) for copy in copies] == [(first.id, first.id, None)]


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
