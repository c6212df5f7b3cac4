"""The sketches of articles that stand, as tables that outlive a run: rows of `transforms.generation`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from transforms.copies.candidates import ALL_PAIRS, ENOUGH_VOTES, FEW_ANCHORS, FIRST, PREVIOUS, Member
from transforms.copies.days import Sightings, packed, unpacked
from transforms.copies.shingles import within
from transforms.copies.sketch import as_known
from transforms.copies.verdicts import id_of
from transforms.elements import Sketch
from transforms.hash_ranges import key_of
from transforms.instants import epoch_seconds

SKETCHES, ANCHORS, DAYS = "sketches", "anchors", "days"

SKETCH_SCHEMA = pa.schema(
    [
        ("key", pa.uint32()),
        ("added_at", pa.int64()),
        ("text_hash", pa.binary(16)),
        ("rank", pa.binary(41)),
        ("content", pa.binary(8)),
        ("url", pa.string()),
        ("source", pa.string()),
        ("published_at", pa.timestamp("us", "UTC")),
        ("words", pa.int32()),
        ("shingles", pa.binary()),
        ("numbers", pa.binary()),
        ("number_places", pa.binary()),
        ("language", pa.string()),  # null where an older release has written the row
    ]
)
ANCHOR_SCHEMA = pa.schema(
    [("key", pa.uint32()), ("added_at", pa.int64()), ("sketch", pa.uint32()), ("anchors", pa.uint8())]
)
DAY_SCHEMA = pa.schema([("key", pa.uint32()), ("day", pa.uint32()), ("added_at", pa.int64())])

REF_BYTES = 4
"""Enough: two texts whose hashes begin alike are both looked at, and one of them turns out to be no copy."""


def ref_of(found: Sketch) -> bytes:
    """What the other tables call a sketch."""
    return found.text_hash[:REF_BYTES]


def sketch_rows(added: Iterable[Sketch], kept: pa.Table, at: datetime) -> pa.Table:
    """The table of sketches after a run.

    Args:
        added: of articles that came to stand, in any order.
        kept: what stood before; where a text is the same, the new sketch is taken.
        at: dates what is added.
    """
    by_text = {found.text_hash: as_known(found) for found in sorted(added, key=lambda one: one.rank, reverse=True)}
    rows: list[dict[str, Any]] = [
        {name: getattr(found, name) for name in SKETCH_SCHEMA.names[2:]}
        | {"key": key_of(found.text_hash), "added_at": epoch_seconds(at)}
        for found in by_text.values()
    ]
    is_other = np.array([text not in by_text for text in kept.column("text_hash").to_pylist()], np.bool_)
    table = pa.concat_tables([kept.filter(pa.array(is_other)), pa.Table.from_pylist(rows, SKETCH_SCHEMA)])
    return table.sort_by([("key", "ascending"), ("text_hash", "ascending")])


def wanted_sketches(refs: Iterable[bytes], rows: pa.Table) -> Iterator[Sketch]:
    """Those sketches of a table that are asked for."""
    wanted = set(refs)
    is_wanted = [text[:REF_BYTES] in wanted for text in rows.column("text_hash").to_pylist()]
    yield from sketches_of(rows.filter(pa.array(is_wanted, pa.bool_())))


def sketches_of(rows: pa.Table) -> Iterator[Sketch]:
    """What a table of sketches holds, row by row."""
    for row in rows.to_pylist():
        fields = {name: row[name] for name in SKETCH_SCHEMA.names[2:]} | {"language": row["language"] or "und"}
        yield Sketch(id=id_of(row["rank"]), **fields)


def anchor_rows(added: Iterable[Member], kept: pa.Table, at: datetime) -> pa.Table:
    """The table of anchors after a run.

    Args:
        added: of the sketches that are added, with `ref_of` in place of the rank.
        kept: what stood before.
        at: dates what is added.
    """
    members = sorted(added)
    sizes = [len(member.keys) // 8 for member in members]
    keys = np.frombuffer(b"".join(member.keys for member in members), "<u8") >> np.uint64(32)
    refs = np.array([int.from_bytes(member.rank, "big") for member in members], np.uint32)
    amounts = np.array([min(member.anchors, 255) for member in members], np.uint8)
    table = pa.table(
        [
            keys.astype(np.uint32),
            np.full(len(keys), epoch_seconds(at), np.int64),
            np.repeat(refs, sizes),
            np.repeat(amounts, sizes),
        ],
        schema=ANCHOR_SCHEMA,
    )
    return pa.concat_tables([kept, table]).sort_by(
        [("key", "ascending"), ("added_at", "ascending"), ("sketch", "ascending")]
    )


def day_rows(seen: Sightings, kept: pa.Table, at: datetime) -> pa.Table:
    """The table of days after a run; what was seen again is dated with this run.

    Both are sorted, and the table is mostly much longer: what is new is put in its places, and the rest is not touched.
    """
    known, new = packed(*sightings_of(kept)), packed(*seen)
    places = np.searchsorted(known, new)
    is_known = known[np.minimum(places, len(known) - 1)] == new if len(known) else np.zeros(len(new), np.bool_)
    added_at = kept.column("added_at").to_numpy().copy()
    added_at[places[is_known]] = epoch_seconds(at)
    new, places = new[~is_known], places[~is_known]
    both = unpacked(np.insert(known, places, new))
    return pa.table([both.shingles, both.days, np.insert(added_at, places, epoch_seconds(at))], schema=DAY_SCHEMA)


def sightings_of(rows: pa.Table) -> Sightings:
    """What a table of days says."""
    return Sightings(rows.column("key").to_numpy(), rows.column("day").to_numpy())


def kept_rows(rows: pa.Table, keep_after: datetime) -> pa.Table:
    """A table without what was added before a time."""
    is_kept = rows.column("added_at").to_numpy() >= epoch_seconds(keep_after)
    return rows if is_kept.all() else rows.filter(pa.array(is_kept))


class KnownPair(NamedTuple):
    """That a document shares anchors with one that stands: what sketch that is, and the votes of one partition."""

    sketch: bytes
    later: bytes
    votes: int


def known_votes(group: Iterable[Member], rows: pa.Table) -> Iterator[KnownPair]:
    """Which standing articles the documents of one partition may be copies of.

    Args:
        group: documents with their anchors of the partition.
        rows: the table of anchors, of the same partition. Of an anchor that very many have, only the first and the last
            are taken, as in `transforms.copies.candidates.partition_votes`.
    """
    members = list(group)
    sizes = [len(member.keys) // 8 for member in members]
    wanted = (np.frombuffer(b"".join(member.keys for member in members), "<u8") >> np.uint64(32)).astype(np.uint32)
    known = rows.column("key").to_numpy()
    first, end = np.searchsorted(known, wanted), np.searchsorted(known, wanted, "right")
    lengths = end - first
    amounts = np.where(lengths > ALL_PAIRS, FIRST + PREVIOUS, lengths)
    number = within(amounts)
    skips = np.repeat(lengths - amounts, amounts)
    places = np.repeat(first, amounts) + number + np.where(number >= FIRST, skips, 0)
    later = np.repeat(np.repeat(np.arange(len(members)), sizes), amounts)
    yield from _summed(members, later, rows.take(pa.array(places)))


def _summed(members: list[Member], later: NDArray[np.int64], hits: pa.Table) -> Iterator[KnownPair]:
    is_short = np.array([member.anchors < FEW_ANCHORS for member in members], np.bool_)[later]
    is_short |= hits.column("anchors").to_numpy() < FEW_ANCHORS
    refs, numbers = np.unique(hits.column("sketch").to_numpy(), return_inverse=True)
    pairs, places = np.unique(later * max(len(refs), 1) + numbers, return_inverse=True)
    votes = np.bincount(places, np.where(is_short, ENOUGH_VOTES, 1), len(pairs)).astype(int)
    for pair, vote in zip(pairs.tolist(), votes.tolist(), strict=True):
        member, ref = divmod(pair, len(refs))
        yield KnownPair(int(refs[ref]).to_bytes(REF_BYTES, "big"), members[member].rank, vote)
