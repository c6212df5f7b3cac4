"""The tables that copies are found with, written for the next generation, range by range."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

import numpy as np

from transforms.copies.candidates import Member, members
from transforms.copies.days import Sightings, distinct, packed, unpacked
from transforms.copies.shingles import as_shingles
from transforms.copies.sketch import DOCUMENTS_IN_RANGE
from transforms.copies.standing import (
    ANCHOR_SCHEMA,
    ANCHORS,
    DAY_SCHEMA,
    DAYS,
    SKETCH_SCHEMA,
    SKETCHES,
    anchor_rows,
    day_rows,
    kept_rows,
    ref_of,
    sketch_rows,
)
from transforms.elements import Sketch, TableFile
from transforms.generation import StatePlan, read_rows, write_rows
from transforms.hash_ranges import KEY_BITS, bits_for, key_of, range_of

_DAY_ROWS_IN_RANGE = DOCUMENTS_IN_RANGE << 8


def write_standing(plan: StatePlan, standing: Iterable[Sketch]) -> list[TableFile]:
    """The files of sketches and anchors of the next generation; none where nothing came to stand.

    Args:
        plan: names the base, whose rows are kept for as long as it says, and the next generation.
        standing: sketches of what came to stand, in any order. Of one that came twice either is taken.
    """
    found = sorted({one.rank: one for one in standing}.values(), key=attrgetter("rank"))
    if not found:
        return []
    bits, files = bits_for(len(found) + plan.known_rows(SKETCHES), DOCUMENTS_IN_RANGE), list[TableFile]()
    sketches: list[list[Sketch]] = [[] for _ in range(1 << bits)]
    parts: list[list[Member]] = [[] for _ in range(1 << bits)]
    for one in found:
        sketches[range_of(key_of(one.text_hash), bits)].append(one)
        for partition, member in members(one, bits):
            parts[partition].append(member._replace(rank=ref_of(one)))
    for partition in range(1 << bits):
        kept = kept_rows(read_rows(plan, SKETCHES, partition, bits, SKETCH_SCHEMA), plan.keep_after)
        files.append(write_rows(plan, SKETCHES, partition, bits, sketch_rows(sketches[partition], kept, plan.at)))
        kept = kept_rows(read_rows(plan, ANCHORS, partition, bits, ANCHOR_SCHEMA), plan.keep_after)
        files.append(write_rows(plan, ANCHORS, partition, bits, anchor_rows(parts[partition], kept, plan.at)))
    return files


def write_days(plan: StatePlan, seen: Iterable[tuple[int, bytes]]) -> list[TableFile]:
    """The files of days of the next generation; none where nothing was seen.

    Args:
        plan: names the base, whose rows are kept for as long as it says, and the next generation.
        seen: days, and shingles (packed) that were seen on them, in any order.
    """
    parts = [(np.uint32(day), as_shingles(shingles)) for day, shingles in seen]
    if not parts:
        return []
    pairs = distinct(np.concatenate([packed(shingles, np.full(len(shingles), day)) for day, shingles in parts]))
    found, files = unpacked(pairs), list[TableFile]()
    bits = bits_for(len(pairs) + plan.known_rows(DAYS), _DAY_ROWS_IN_RANGE)
    edges = np.arange((1 << bits) + 1, dtype=np.uint64) << np.uint64(KEY_BITS - bits)
    cuts = np.searchsorted(found.shingles.astype(np.uint64), edges)
    for partition in range(1 << bits):
        some = slice(cuts[partition], cuts[partition + 1])
        kept = kept_rows(read_rows(plan, DAYS, partition, bits, DAY_SCHEMA), plan.keep_after)
        rows = day_rows(Sightings(found.shingles[some], found.days[some]), kept, plan.at)
        files.append(write_rows(plan, DAYS, partition, bits, rows))
    return files
