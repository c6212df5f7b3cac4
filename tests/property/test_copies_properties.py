"""The star by Hypothesis, and the whole search on invented corpora."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.build import record
from transforms.copies.compare import compare, passages
from transforms.copies.fold import fold, folded, joined, token_spans, tokens
from transforms.copies.reference import find_copies
from transforms.copies.rounds import Node, decide_rest, heard, node_of
from transforms.copies.score import Edge
from transforms.copies.sketch import sketch
from transforms.copies.star import assigned, star

TEXTS = st.text(st.characters(), max_size=300)
CHANCES = st.sampled_from([0.4, 0.55, 0.95, 1.0])
Graph = tuple[list[bytes], list[Edge]]


def graphs() -> st.SearchStrategy[Graph]:
    def of(size: int) -> st.SearchStrategy[Graph]:
        ranks = [bytes([number]) for number in range(size)]
        pairs = [(ranks[a], ranks[b]) for b in range(size) for a in range(b)]
        if not pairs:
            return st.just((ranks, []))
        chosen = st.dictionaries(st.sampled_from(pairs), CHANCES, max_size=3 * size)
        return chosen.map(lambda found: (ranks, [Edge(*pair, chance, 1.0, ()) for pair, chance in found.items()]))

    return st.integers(1, 14).flatmap(of)


@given(graphs(), st.randoms(use_true_random=False))
def test_star_is_independent_maximal_and_does_not_hang_on_order(graph: Graph, dice: random.Random) -> None:
    ranks, edges = graph
    standing = star(ranks, edges)
    assert not any(edge.earlier in standing and edge.later in standing for edge in edges), "two neighbours stand"
    copies = assigned(standing, edges)
    assert standing | set(copies) == set(ranks) and not standing & set(copies), (
        "a document neither stands nor is a copy"
    )
    assert all(edge.earlier in standing for edge in copies.values()), "a copy of a copy"
    dice.shuffle(ranks)
    dice.shuffle(edges)
    assert star(ranks, edges) == standing
    assert assigned(standing, edges) == copies


@given(graphs(), st.integers(0, 6))
def test_rounds_find_the_star(graph: Graph, rounds: int) -> None:
    ranks, edges = graph
    nodes = [
        node_of(rank, (e.earlier for e in edges if e.later == rank), (e.later for e in edges if e.earlier == rank))
        for rank in ranks
    ]
    standing, news = set[bytes](), list[tuple[bytes, bool]]()
    for _ in range(rounds):
        left, told = list[Node](), list[tuple[bytes, bool]]()
        for node in nodes:
            found = heard(node, [stands for rank, stands in news if rank == node.rank])
            if isinstance(found, Node):
                left.append(found)
                continue
            standing |= {node.rank} if found else set()
            told += [(later, found) for later in node.later]
        nodes, news = left, told
    standing |= {rank for rank, stands in decide_rest(nodes, news).items() if stands}
    assert standing == star(ranks, edges)


@given(st.lists(st.integers(0, 4), max_size=30), st.lists(st.integers(0, 4), max_size=30))
def test_passages_are_common_and_do_not_overlap_on_the_left(left: list[int], right: list[int]) -> None:
    end = 0
    for found in passages(left, right):
        size = found.left_end - found.left_start - 2
        assert size == found.right_end - found.right_start - 2 > 0
        assert left[found.left_start :][:size] == right[found.right_start :][:size]
        assert found.left_start >= end
        end = found.left_start + size


@given(TEXTS)
def test_any_text_folds_and_sketches(text: str) -> None:
    assert len(folded(text)) == len(tokens(joined(text))) == len(token_spans(joined(text)))
    assert all(fold(token) for token in tokens(joined(text)) if token.isascii())
    one = sketch(record(text))
    assert one == sketch(record(text))
    assert len(one.shingles) == 4 * max(min(one.words, 1), one.words - 2)


@given(TEXTS, TEXTS)
def test_comparison_is_symmetric(left: str, right: str) -> None:
    one, other = compare(record(left), record(right)), compare(record(right), record(left))
    assert (one.is_copy, one.probability, one.similarity) == (other.is_copy, other.probability, other.similarity)
    assert 0 <= one.similarity <= 1


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_search_does_not_hang_on_order(seed: int) -> None:
    dice = random.Random(seed)
    words = [f"w{number}" for number in range(300)]
    stories = [dice.choices(words, k=dice.randrange(8, 90)) for _ in range(6)]
    texts = [
        " ".join(story[dice.randrange(len(story) // 2) :] + dice.choice(stories)[: dice.choice((0, 0, 30))])
        for story in stories * 5
    ]
    sketches = [sketch(record(text, f"https://o.example/{number}")) for number, text in enumerate(texts)]
    found = find_copies(sketches)
    assert find_copies(dice.sample(sketches, len(sketches))) == found
    assert not {edge.earlier for edge in found.values()} & set(found), "a copy of a copy"
