"""Sketches of distinct texts to the verdicts on those that are near copies.

Documents that share passages meet in the groups of their anchors and are compared once; then each is decided in rounds
(`transforms.copies.rounds`). Nothing but ranks and sketches travels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import apache_beam as beam

from transforms.copies.candidates import ENOUGH_VOTES, Member, bucket_pairs
from transforms.copies.days import Part, Recurring, parts, recurring
from transforms.copies.rounds import Node, decide_rest, heard, node_of
from transforms.copies.score import Edge, Side, side
from transforms.copies.shingles import anchors, as_shingles
from transforms.copies.star import best
from transforms.copies.verdicts import id_of, verdict_of
from transforms.copies.verify import edges_to
from transforms.elements import Sketch, Verdict

ROUNDS = 5
"""What they leave undecided is decided in one place: of real corpora it is a handful of documents, if any."""

_SIDES = 5_000

# Plain tuples of bytes and numbers travel in Beam's compact coders; a named tuple would be pickled.
AnchorMember = tuple[bytes, int]
ShinglePart = tuple[bytes, bytes]
Seen = tuple[bytes, bytes]
OpenNode = tuple[int, list[bytes]]
Weighed = tuple[Sketch, tuple[Seen, ...]]


class FindNearCopies(beam.PTransform):
    """Sketches of distinct texts to (id, `Verdict`) for each that is a copy of another."""

    def expand(self, sketches: beam.PCollection) -> beam.PCollection:  # noqa: D102
        edges = sketches | "Compare" >> _CompareCandidates()
        stands = edges | "Star" >> _DecideStars()
        return (
            {
                "stands": stands
                | "Standing" >> beam.Map(lambda rank: (rank, True)).with_output_types(tuple[bytes, bool]),
                "edges": edges
                | "ByEarlier" >> beam.Map(lambda edge: (edge.earlier, edge)).with_output_types(tuple[bytes, Edge]),
            }
            | "JoinStanding" >> beam.CoGroupByKey()
            | "StandingEdges" >> beam.FlatMap(_standing_edges).with_output_types(tuple[bytes, Edge])
            | "ByCopy" >> beam.GroupByKey()
            | "Best"
            >> beam.MapTuple(lambda rank, found: (id_of(rank), verdict_of(best(found)))).with_output_types(
                tuple[str, Verdict]
            )
        )


class _CompareCandidates(beam.PTransform):
    """Sketches to the edges between those that are copies, of the pairs that share passages."""

    def expand(self, sketches: beam.PCollection) -> beam.PCollection:
        pairs = (
            sketches
            | "Anchors" >> beam.FlatMap(_members).with_output_types(tuple[bytes, AnchorMember])
            | "ByAnchor" >> beam.GroupByKey()
            | "Pairs" >> beam.FlatMap(_votes).with_output_types(tuple[bytes, int])
            | "Votes" >> beam.CombinePerKey(sum)
            | "Candidates" >> beam.FlatMap(_candidates).with_output_types(tuple[bytes, bytes])
        )
        seen = (
            sketches
            | "Parts" >> beam.FlatMap(_parts).with_output_types(tuple[bytes, ShinglePart])
            | "ByPart" >> beam.GroupByKey()
            | "Recurring" >> beam.FlatMap(_recurring).with_output_types(tuple[bytes, Seen])
        )
        by_rank = sketches | "ByRank" >> beam.Map(lambda one: (one.rank, one)).with_output_types(tuple[bytes, Sketch])
        later = pairs | "IsLater" >> beam.Map(lambda pair: (pair[1], True)).with_output_types(tuple[bytes, bool])
        weighed = (
            {"sketch": by_rank, "seen": seen, "later": pairs, "is_later": later}
            | "JoinPairs" >> beam.CoGroupByKey()
            | "Weigh" >> beam.ParDo(_WeighDoFn()).with_outputs("own", main="earlier")
        )
        return (
            {"earlier": weighed["earlier"], "own": weighed["own"]}
            | "JoinSides" >> beam.CoGroupByKey()
            | "Verify" >> beam.FlatMap(_edges).with_output_types(Edge)
        )


class _DecideStars(beam.PTransform):
    """Edges to the ranks of those of their documents that stand."""

    def expand(self, edges: beam.PCollection) -> beam.PCollection:
        open_nodes = (
            edges
            | "Ends" >> beam.FlatMap(_ends).with_output_types(tuple[bytes, tuple[bool, bytes]])
            | "ByEnd" >> beam.GroupByKey()
            | "Nodes" >> beam.Map(_node).with_output_types(tuple[bytes, OpenNode])
        )
        decided = []
        news = None
        for number in range(ROUNDS):
            heard_now = {"nodes": open_nodes} | ({"news": news} if news is not None else {})
            result = (
                heard_now
                | f"Hear{number}" >> beam.CoGroupByKey()
                | f"Round{number}" >> beam.ParDo(_RoundDoFn()).with_outputs("news", "stands", main="open")
            )
            open_nodes, news = result["open"], result["news"]
            decided.append(result["stands"])
        rest = (
            {"nodes": open_nodes | "LeftNodes" >> beam.Map(_left), "news": news | "LeftNews" >> beam.Map(_left)}
            | "Gather" >> beam.CoGroupByKey()
            | "DecideRest" >> beam.FlatMap(_decide_rest).with_output_types(bytes)
        )
        return (*decided, rest) | "AllStanding" >> beam.Flatten()


def _members(found: Sketch) -> Iterator[tuple[bytes, AnchorMember]]:
    keys = anchors(as_shingles(found.shingles)).keys
    member = (found.rank, len(keys))
    for key in keys:
        yield key.tobytes(), member


def _votes(bucket: tuple[bytes, Iterable[AnchorMember]]) -> Iterator[tuple[bytes, int]]:
    for pair, votes in bucket_pairs(Member(*member) for member in bucket[1]):
        yield pair.earlier + pair.later, votes


def _candidates(pair: tuple[bytes, int]) -> Iterator[tuple[bytes, bytes]]:
    key, votes = pair
    if votes >= ENOUGH_VOTES:
        yield key[: len(key) // 2], key[len(key) // 2 :]


def _parts(found: Sketch) -> Iterator[tuple[bytes, ShinglePart]]:
    for key, part in parts(found):
        yield key.to_bytes(1, "big"), (part.rank, part.shingles)


def _recurring(group: tuple[bytes, Iterable[ShinglePart]]) -> Iterator[tuple[bytes, Seen]]:
    for found in recurring(Part(*part) for part in group[1]):
        yield found.rank, (found.shingles, found.days)


class _WeighDoFn(beam.DoFn):
    """A sketch with its recurring shingles, to each later document of a pair, and as ``own`` if it is one itself."""

    def process(self, group: tuple[bytes, dict[str, Iterable[Any]]]) -> Iterator[Any]:
        rank, sides = group
        weighed: Weighed = next(iter(sides["sketch"])), tuple(sorted(sides["seen"]))
        for later in sides["later"]:
            yield later, weighed
        if any(sides["is_later"]):
            yield beam.pvalue.TaggedOutput("own", (rank, weighed))


def _edges(group: tuple[bytes, dict[str, Iterable[Weighed]]]) -> Iterator[Edge]:
    _, sides = group
    for found, seen in sides["own"]:
        ordered = sorted(sides["earlier"], key=lambda one: one[0].rank)
        earlier = ((other, _side(other, its)) for other, its in ordered)
        yield from edges_to((found, _side(found, seen)), earlier)


@lru_cache(_SIDES)
def _side(found: Sketch, seen: tuple[Seen, ...]) -> Side:
    """Unpacked once, where a document is compared with many."""
    return side(found, (Recurring(found.rank, *some) for some in seen))


def _ends(edge: Edge) -> Iterator[tuple[bytes, tuple[bool, bytes]]]:
    yield edge.earlier, (True, edge.later)
    yield edge.later, (False, edge.earlier)


def _node(group: tuple[bytes, Iterable[tuple[bool, bytes]]]) -> tuple[bytes, OpenNode]:
    rank, ends = group
    neighbours: dict[bool, set[bytes]] = {True: set(), False: set()}
    for is_later, other in ends:
        neighbours[is_later].add(other)
    node = node_of(rank, neighbours[False], neighbours[True])
    return rank, (node.waiting, list(node.later))


class _RoundDoFn(beam.DoFn):
    """One round: open nodes, the ``news`` of those that were decided, and the ranks of those that stand."""

    def process(self, group: tuple[bytes, dict[str, Iterable[Any]]]) -> Iterator[Any]:
        rank, sides = group
        for waiting, neighbours in sides["nodes"]:  # none, where news come to a document that is decided
            found = heard(Node(rank, waiting, tuple(neighbours)), sides.get("news", ()))
            if isinstance(found, Node):
                yield rank, (found.waiting, neighbours)
                continue
            if found:
                yield beam.pvalue.TaggedOutput("stands", rank)
            for later in neighbours:
                yield beam.pvalue.TaggedOutput("news", (later, found))


def _left(element: tuple[bytes, Any]) -> tuple[bytes, tuple[bytes, Any]]:
    return b"", element


def _decide_rest(group: tuple[bytes, dict[str, Iterable[tuple[bytes, Any]]]]) -> Iterator[bytes]:
    _, sides = group
    nodes = [Node(rank, waiting, tuple(later)) for rank, (waiting, later) in sides["nodes"]]
    if nodes:
        yield from (rank for rank, stands in decide_rest(nodes, sides["news"]).items() if stands)


def _standing_edges(group: tuple[bytes, dict[str, Iterable[Any]]]) -> Iterator[tuple[bytes, Edge]]:
    _, sides = group
    if any(sides["stands"]):
        yield from ((edge.later, edge) for edge in sides["edges"])
