"""Copies among documents that come one by one: the first to arrive stands, and what stands is never near what stands.

The same questions are asked as by `transforms.copies.reference`, of those that stand only. What a document is judged by
hangs on what came before it, and not on how that lies in memory: an index that is built anew from its log goes on as
if nothing had been.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from transforms.copies.candidates import ALL_PAIRS, ENOUGH_VOTES, FEW_ANCHORS, FIRST, PREVIOUS
from transforms.copies.score import THRESHOLD, Features, Shared, Side, containment, probability, side
from transforms.copies.seen import DaySeen, SeenDays
from transforms.copies.shingles import Positions, Shingles, within
from transforms.copies.sketch import day_of
from transforms.copies.sorted_runs import SortedRuns, Span
from transforms.copies.standing_log import (
    Standing,
    added_of,
    anchor_keys,
    identity_of,
    is_standing,
    seen_entry,
    seen_of,
    shingles_of,
    standing_entry,
    standing_of,
)
from transforms.copies.star import best
from transforms.copies.verdicts import ID, verdict_of
from transforms.copies.verify import edges_to
from transforms.elements import Sketch, Verdict

MAX_CANDIDATES = 100
"""A document is compared with so many at most, those with the most votes: a bound on a flood that is made up."""

_SIDES = 2_000
_NOTHING = np.zeros(0, np.bool_)
_ROUNDING = 1e-3
_SECONDS_OF_DAY = 86_400


class Taken(NamedTuple):
    """What became of a document.

    Args:
        verdict: None where it stands.
        entries: for the log.
        seen: its day, and those of its shingles that were not seen on that day before; None if there are none.
    """

    verdict: Verdict | None
    entries: tuple[bytes, ...]
    seen: DaySeen | None


class StandingIndex:
    """The articles of one language that stand.

    Args:
        log: the entries of what was taken so far, in any order (see `transforms.copies.standing_log`).
    """

    def __init__(self, log: Iterable[bytes] = ()) -> None:
        entries = list(log)
        placed = [(standing_of(entry), entry) for entry in entries if is_standing(entry)]
        placed.sort(key=lambda one: one[0].number)
        found = [one for one, _ in placed]
        places = np.arange(len(found))
        self._next = found[-1].number + 1 if found else 0
        self._standing = [entry for _, entry in placed]  # empty where it stood anew
        self._ids = SortedRuns(np.uint32, _keys(one.sketch.rank[ID] for one in found), places)
        self._texts = SortedRuns(np.uint32, _keys(one.sketch.text_hash for one in found), places)
        self._amounts = bytearray(min(len(one.anchors), 0xFF) for one in found)
        sizes = [len(one.anchors) for one in found]
        together = np.concatenate([np.zeros(0, np.uint32), *(one.anchors for one in found)])
        self._anchors = SortedRuns(np.uint32, together, np.repeat(places, sizes))
        latest = {one.sketch.id: place for place, one in enumerate(found)}
        for place, one in enumerate(found):
            if latest[one.sketch.id] != place:
                self._standing[place] = b""
        seen = [seen_of(entry) for entry in entries]
        self._days = SeenDays(seen)
        self._oldest = min((one.added for one in seen), default=None)
        self._unpacked = lru_cache(_SIDES)(self._unpack)  # some are candidates again and again

    def __len__(self) -> int:
        return sum(map(bool, self._standing))

    def take(self, found: Sketch, at_s: int) -> Taken:
        """Decide a document, and remember it.

        One whose id stands already stands again, in the place of the older one.

        Args:
            found: its sketch.
            at_s: seconds since 1970.
        """
        before = self._place_of_id(found.rank[ID])
        if before is None and (equal := self._equal(found)) is not None:
            return Taken(Verdict(equal, 1.0), (), None)
        own, keys = side(found), anchor_keys(found)
        day, added = day_of(found.rank), at_s // _SECONDS_OF_DAY
        met = self._days.met(day, own.values)
        verdict = self._verdict(found, own, keys, own.values[met.is_further]) if before is None else None
        seen = DaySeen(day, own.values, added, is_copy=verdict is not None)
        self._days.add(seen, met)
        new = seen._replace(shingles=own.values[~met.is_same])
        if verdict is not None:
            entries = (seen_entry(new),) if len(new.shingles) else ()
        else:
            if before is not None:
                self._standing[before] = b""
            entries = (self._insert(Standing(self._next, added, found, keys, len(own.values))),)
        if entries:
            self._oldest = added if self._oldest is None else min(self._oldest, added)
        return Taken(verdict, entries, new if len(new.shingles) else None)

    def is_trim_due(self, before_s: int) -> bool:
        """Whether there is something of a day before that of a time (seconds since 1970)."""
        return self._oldest is not None and self._oldest < before_s // _SECONDS_OF_DAY

    def snapshot(self, before_s: int = 0) -> list[bytes]:
        """A log that the index can be built of, without what was added on a day before that of a time."""
        added_after = before_s // _SECONDS_OF_DAY
        kept = [entry for entry in self._standing if entry and added_of(entry) >= added_after]
        return [*kept, *map(seen_entry, self._days.told_by_copies(added_after))]

    def _insert(self, one: Standing) -> bytes:
        entry, place = standing_entry(one), np.array([len(self._standing)], np.uint32)
        self._standing.append(entry)
        self._next += 1
        self._amounts.append(min(len(one.anchors), 0xFF))
        self._ids.add(_keys([one.sketch.rank[ID]]), place)
        self._texts.add(_keys([one.sketch.text_hash]), place)
        self._anchors.add(one.anchors, np.repeat(place, len(one.anchors)))
        return entry

    def _place_of_id(self, identity: bytes) -> int | None:
        for place, entry in self._under(self._ids, identity):
            if identity_of(entry) == identity:
                return place
        return None

    def _equal(self, found: Sketch) -> str | None:
        """The id of the first article of the same text."""
        for _, entry in self._under(self._texts, found.text_hash):
            other = standing_of(entry).sketch
            if other.text_hash == found.text_hash:
                return other.id
        return None

    def _under(self, runs: SortedRuns, digest: bytes) -> Iterable[tuple[int, bytes]]:
        for span in runs.spans(_keys([digest])):
            for place in span.values[span.first[0] : span.first[0] + span.amounts[0]].tolist():
                entry = self._standing[place]
                if entry:
                    yield place, entry

    def _verdict(self, found: Sketch, own: Side, keys: Shingles, further: Shingles) -> Verdict | None:
        places = [place for place in self._candidates(keys) if self._standing[place]]
        if not places:
            return None
        (own,) = self._weighed([own], further)
        compared = [self._unpacked(place) for place in self._promising(own, places)]
        if not compared:
            return None
        compared.sort(key=lambda one: one[0].rank)
        others = self._weighed([one for _, one in compared], further)
        edges = edges_to((found, own), zip((one for one, _ in compared), others, strict=True))
        return verdict_of(best(edges)) if edges else None

    def _promising(self, own: Side, places: list[int]) -> Iterator[int]:
        """Those of some articles that `transforms.copies.score.judge` does not turn down at its first look.

        Nearly all others are told from the arrays as they lie: what is shared weighs so much at most, and an article
        weighs what it has of shingles that were seen on one day at least.
        """
        parts = [shingles_of(self._standing[place]) for place in places]
        together = np.concatenate([shingles for shingles, _ in parts])
        at = np.minimum(np.searchsorted(own.values, together), len(own.values) - 1)
        is_shared = own.values[at] == together
        is_own = ~is_shared & self._days.are_of_one_day(together)
        starts = np.cumsum([0, *(len(shingles) for shingles, _ in parts[:-1])])
        shared = np.add.reduceat(np.where(is_shared, own.weights[at], 0), starts, dtype=np.float64)
        owned = np.add.reduceat(is_own, starts, dtype=np.int64)
        for place, (shingles, distinct), most, least in zip(places, parts, shared, owned, strict=True):
            weight = most + max(0, least - (len(shingles) - distinct))
            both = Shared(_NOTHING, _NOTHING, most + _ROUNDING, 1)
            if probability(Features(containment(own._replace(weight=weight), own, both), 1.0, 0.0)) >= THRESHOLD:
                yield place

    def _unpack(self, place: int) -> tuple[Sketch, Side]:
        found = standing_of(self._standing[place]).sketch
        return found, side(found)

    def _weighed(self, sides: list[Side], further: Shingles) -> Iterator[Side]:
        for one, weights in zip(sides, self._days.weights([one.values for one in sides], further), strict=True):
            yield one._replace(weights=weights, weight=float(weights.sum()))

    def _candidates(self, keys: Shingles) -> list[int]:
        """Articles that share anchors enough, as `transforms.copies.candidates.partition_votes` counts them."""
        places, votes = np.unique(self._sharing(keys), return_counts=True)
        is_short = len(keys) < FEW_ANCHORS
        found = [
            (-vote, place)
            for place, vote in zip(places.tolist(), votes.tolist(), strict=True)
            if vote >= ENOUGH_VOTES or is_short or self._amounts[place] < FEW_ANCHORS
        ]
        return [place for _, place in sorted(found)[:MAX_CANDIDATES]]

    def _sharing(self, keys: Shingles) -> Positions:
        """The place of an article for each anchor that it shares; of one that very many have, the first and last."""
        spans = list(self._anchors.spans(keys))
        totals = sum((span.amounts for span in spans), np.zeros(len(keys), np.int64))
        is_hot = totals > ALL_PAIRS
        done = np.zeros(len(keys), np.int64)
        found = [np.zeros(0, np.int64)]
        for span in spans:
            begin = np.where(is_hot, np.clip(FIRST - done, 0, span.amounts), span.amounts)
            rest = np.where(is_hot, np.clip(totals - PREVIOUS - done, begin, span.amounts), span.amounts)
            found += [_values(span, np.zeros_like(begin), begin), _values(span, rest, span.amounts)]
            done += span.amounts
        return np.concatenate(found)


def _values(span: Span, begins: Positions, ends: Positions) -> Positions:
    amounts = ends - begins
    return span.values[np.repeat(span.first + begins, amounts) + within(amounts)].astype(np.int64)


def _keys(digests: Iterable[bytes]) -> Shingles:
    return np.frombuffer(b"".join(digest[:4] for digest in digests), ">u4").astype(np.uint32)
