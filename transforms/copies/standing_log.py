"""What is kept of the documents of a stream: a log whose entries say by themselves where they belong, in any order.

An article that stands is an entry with its sketch, without what only a table needs; any other document is one with
those of its word triples that were not seen on its day before.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np

from transforms.copies.seen import DaySeen
from transforms.copies.shingles import Shingles, anchors, as_shingles
from transforms.copies.sketch import day_of
from transforms.copies.verdicts import ID, id_of
from transforms.elements import Sketch

_STANDING, _SEEN = b"S", b"D"
_STANDING_HEAD = struct.Struct("<cQIIHHHH16s41s")  # number, day added, words, distinct, sizes of the arrays, …
_SEEN_HEAD = struct.Struct("<cII")  # day added, day
_HASH_BYTES, _PLACE_BYTES = 4, 2
_RANK_BYTES = 41
_KEY_SHIFT = np.uint64(32)


class Standing(NamedTuple):
    """An article that stands.

    Args:
        number: counts the articles that came to stand.
        added: on which day of the stream, counted from 1970.
        sketch: without what only a table needs.
        anchors: its `anchor_keys`.
        distinct: how many distinct shingles it has.
    """

    number: int
    added: int
    sketch: Sketch
    anchors: Shingles
    distinct: int


def anchor_keys(found: Sketch) -> Shingles:
    """The highest 32 bits of a document's anchors, sorted, as in the table of anchors."""
    return (anchors(as_shingles(found.shingles)).keys >> _KEY_SHIFT).astype(np.uint32)


def standing_entry(one: Standing) -> bytes:
    """The entry of an article."""
    found = one.sketch
    sizes = (size // _HASH_BYTES for size in (len(found.shingles), len(found.numbers), one.anchors.nbytes))
    head = _STANDING_HEAD.pack(
        _STANDING, one.number, one.added, found.words, one.distinct, *sizes, found.text_hash, found.rank
    )
    return b"".join((head, found.shingles, found.numbers, found.number_places, one.anchors.astype("<u4").tobytes()))


def standing_of(entry: bytes) -> Standing:
    """What `standing_entry` was made of."""
    _, number, added, words, distinct, shingles, numbers, keys, text_hash, rank = _STANDING_HEAD.unpack_from(entry)
    start, parts = _STANDING_HEAD.size, []
    for size in (shingles * _HASH_BYTES, numbers * _HASH_BYTES, numbers * _PLACE_BYTES, keys * _HASH_BYTES):
        parts.append(entry[start : start + size])
        start += size
    found = Sketch(id_of(rank), rank, b"", text_hash, None, "", None, words, parts[0], parts[1], parts[2])
    return Standing(number, added, found, as_shingles(parts[3]), distinct)


def is_standing(entry: bytes) -> bool:
    """Whether an entry is that of an article, and not `seen_entry`."""
    return entry[:1] == _STANDING


def identity_of(entry: bytes) -> bytes:
    """The 16 bytes of the id of an article's entry."""
    return entry[_STANDING_HEAD.size - _RANK_BYTES : _STANDING_HEAD.size][ID]


def added_of(entry: bytes) -> int:
    """On which day of the stream an article's entry was added, counted from 1970."""
    added: int = _STANDING_HEAD.unpack_from(entry)[2]
    return added


def shingles_of(entry: bytes) -> tuple[Shingles, int]:
    """The shingles of an article's entry, and how many of them are distinct."""
    fields = _STANDING_HEAD.unpack_from(entry)
    return np.frombuffer(entry, "<u4", fields[5], _STANDING_HEAD.size), fields[4]


def seen_entry(seen: DaySeen) -> bytes:
    """The entry of what was seen on a day."""
    return _SEEN_HEAD.pack(_SEEN, seen.added, seen.day) + seen.shingles.astype("<u4").tobytes()


def seen_of(entry: bytes) -> DaySeen:
    """What an entry, of whichever kind, says was seen on which day."""
    if is_standing(entry):
        one = standing_of(entry)
        return DaySeen(day_of(one.sketch.rank), np.unique(as_shingles(one.sketch.shingles)), one.added, is_copy=False)
    _, added, day = _SEEN_HEAD.unpack_from(entry)
    return DaySeen(day, as_shingles(entry[_SEEN_HEAD.size :]), added, is_copy=True)
