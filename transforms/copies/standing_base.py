"""What an earlier run knew of the articles that stand, as the log that a stream begins with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from transforms.copies.days import distinct, packed, unpacked
from transforms.copies.seen import DaySeen
from transforms.copies.shingles import Hashes, as_shingles
from transforms.copies.sketch import day_of
from transforms.copies.standing import (
    DAY_SCHEMA,
    DAYS,
    SKETCH_SCHEMA,
    SKETCHES,
    kept_rows,
    sketches_of,
)
from transforms.copies.standing_log import Standing, anchor_keys, seen_entry, standing_entry
from transforms.elements import Sketch
from transforms.generation import StatePlan, read_rows, table_bits

_SECONDS_OF_DAY = 86_400
_LANGUAGES = pa.schema([("key", pa.uint32()), ("language", pa.string())])


def log_of(plan: StatePlan, language: str | None) -> list[bytes]:
    """What the base knows of one language, or of all (None), as the entries of `transforms.copies.standing_log`.

    Rows that an older release has written name no language and belong to each. Of the days, which name none either,
    those of word triples are taken that an article of the language has: a triple that only copies have is begun anew.
    """
    rows = sorted(_sketches(plan, language), key=lambda row: (row[0], row[1].rank))
    log = [
        standing_entry(
            Standing(
                number, at // _SECONDS_OF_DAY, found, anchor_keys(found), len(np.unique(as_shingles(found.shingles)))
            )
        )
        for number, (at, found) in enumerate(rows)
    ]
    if rows:
        log += _days(plan, [found for _, found in rows])
    return log


def _sketches(plan: StatePlan, language: str | None) -> Iterator[tuple[int, Sketch]]:
    bits = table_bits(plan, SKETCHES)
    for partition in range(1 << bits):
        is_there = _is_of(read_rows(plan, SKETCHES, partition, bits, _LANGUAGES), language)
        if not is_there.any():
            continue  # the rest is a hundred times as much to read
        rows = read_rows(plan, SKETCHES, partition, bits, SKETCH_SCHEMA).filter(pa.array(is_there))
        rows = kept_rows(rows, plan.keep_after)
        yield from zip(rows.column("added_at").to_pylist(), sketches_of(rows), strict=True)


def _is_of(rows: pa.Table, language: str | None) -> Any:
    names = rows.column("language").to_pylist()
    return np.array([language is None or name is None or name == language for name in names], np.bool_)


def _days(plan: StatePlan, standing: list[Sketch]) -> Iterator[bytes]:
    """Entries for what was seen on other days than the articles themselves say."""
    own = distinct(np.concatenate([_pairs(found) for found in standing]))
    known = unpacked(own).shingles
    bits = table_bits(plan, DAYS)
    for partition in range(1 << bits):
        rows = kept_rows(read_rows(plan, DAYS, partition, bits, DAY_SCHEMA), plan.keep_after)
        keys, days = rows.column("key").to_numpy(), rows.column("day").to_numpy()
        is_wanted = _among(keys, known) & ~_among(packed(keys, days), own)
        added = rows.column("added_at").to_numpy()[is_wanted] // _SECONDS_OF_DAY
        codes, places = np.unique(days[is_wanted].astype(np.int64) << 32 | added, return_inverse=True)
        for number, code in enumerate(codes.tolist()):
            day, at = divmod(code, 1 << 32)
            yield seen_entry(DaySeen(day, keys[is_wanted][places == number], at, is_copy=True))


def _pairs(found: Sketch) -> Hashes:
    shingles = as_shingles(found.shingles)
    return packed(shingles, np.full(len(shingles), day_of(found.rank), np.uint32))


def _among(values: NDArray[Any], known: NDArray[Any]) -> NDArray[np.bool_]:
    """Which of some values are in a sorted array."""
    if not len(known):
        return np.zeros(len(values), np.bool_)
    found: NDArray[np.bool_] = known[np.minimum(np.searchsorted(known, values), len(known) - 1)] == values
    return found
