"""Sketches of distinct texts to the verdicts on those that are near copies.

Documents that share passages meet where their anchors are looked at, and are compared once; then each is decided in
rounds (`transforms.copies.rounds`). Nothing but ranks and sketches travels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import apache_beam as beam

from transforms.copies.candidates import Member, Voted, candidates, partition_votes
from transforms.copies.days import Recurring
from transforms.copies.days_transform import CountDays
from transforms.copies.rounds import Node, decide_rest, heard, node_of
from transforms.copies.score import Edge, Side, side
from transforms.copies.star import best
from transforms.copies.state_transform import PackedMember, packed_members, range_bits
from transforms.copies.verdicts import id_of, verdict_of
from transforms.copies.verify import edges_to
from transforms.elements import Sketch, Verdict
from transforms.generation import StatePlan

ROUNDS = 4
"""What they leave undecided is decided in one place: of real corpora it is a handful of documents, if any."""

_SIDES = 5_000

# Plain tuples of bytes and numbers travel in Beam's compact coders; a named tuple would be pickled.
PackedVotes = tuple[bytes, bytes]
Seen = tuple[bytes, bytes]
OpenNode = tuple[int, list[bytes]]
Weighed = tuple[Sketch, tuple[Seen, ...]]


class NearCopies(NamedTuple):
    """What `FindNearCopies` gives: (id, `Verdict`) for each copy of another text, and files for the next run."""

    verdicts: beam.PCollection
    day_files: beam.PCollection | None


class FindNearCopies(beam.PTransform):
    """Sketches of distinct texts to `NearCopies`.

    Args:
        plan: what is known from earlier runs; without it the run stands alone.
    """

    def __init__(self, plan: StatePlan | None = None) -> None:
        super().__init__()
        self._plan = plan

    def expand(self, sketches: beam.PCollection) -> NearCopies:  # noqa: D102
        bits = range_bits(sketches, self._plan)
        days = sketches | "CountDays" >> CountDays(bits, self._plan)
        edges = {"sketches": sketches, "seen": days.recurring} | "Compare" >> _CompareCandidates(bits)
        stands = edges | "Star" >> _DecideStars()
        verdicts = (
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
        return NearCopies(verdicts, days.files if self._plan else None)


class _CompareCandidates(beam.PTransform):
    """Sketches, and what of them recurs, to the edges between those that are copies, of the pairs that share anchors.

    Args:
        bits: the exponent of the number of ranges in which anchors meet.
    """

    def __init__(self, bits: beam.pvalue.AsSingleton) -> None:
        super().__init__()
        self._bits = bits

    def expand(self, given: dict[str, beam.PCollection]) -> beam.PCollection:
        sketches = given["sketches"]
        pairs = (
            sketches
            | "Anchors" >> beam.FlatMap(packed_members, bits=self._bits).with_output_types(tuple[int, PackedMember])
            | "ByRange" >> beam.GroupByKey()
            | "Votes" >> beam.FlatMap(_votes).with_output_types(tuple[bytes, PackedVotes])
            | "ByLater" >> beam.GroupByKey()
            | "Candidates" >> beam.FlatMap(_candidates).with_output_types(tuple[bytes, bytes])
        )
        by_rank = sketches | "ByRank" >> beam.Map(lambda one: (one.rank, one)).with_output_types(tuple[bytes, Sketch])
        later = pairs | "IsLater" >> beam.Map(lambda pair: (pair[1], True)).with_output_types(tuple[bytes, bool])
        weighed = (
            {"sketch": by_rank, "seen": given["seen"], "later": pairs, "is_later": later}
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


def _votes(group: tuple[int, Iterable[PackedMember]]) -> Iterator[tuple[bytes, PackedVotes]]:
    for later, earlier, votes in partition_votes(Member(*member) for member in group[1]):
        yield later, (earlier, votes)


def _candidates(group: tuple[bytes, Iterable[PackedVotes]]) -> Iterator[tuple[bytes, bytes]]:
    later, found = group
    yield from map(tuple, candidates(later, (Voted(later, *some) for some in found)))


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
