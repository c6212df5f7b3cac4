"""What was read at an id, as a table that outlives a run: rows of `transforms.generation`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from transforms.elements import Known, TableFile
from transforms.generation import StatePlan, write_table
from transforms.hash_ranges import key_of
from transforms.instants import epoch_seconds

KNOWN = "known"
SCHEMA = pa.schema(
    [
        ("key", pa.uint32()),
        ("id", pa.binary(16)),
        ("contents", pa.binary()),
        ("revision", pa.int32()),
        ("stands", pa.bool_()),
        ("seen_at", pa.int64()),
    ]
)
KEPT_FOR = timedelta(days=400)
"""An id that no run has met for so long is forgotten; read again, it is an article of revision 1."""

MAX_CONTENTS = 512
_CONTENT_BYTES = 8


class Reading(NamedTuple):
    """What a run read at an id once: a hash of the text, whether it is an article, the record's revision."""

    content: bytes
    stands: bool
    revision: int


StreamReading = tuple[bytes, bool | None, int]
"""A `Reading` as a stream has it: whether the record stands is None for one whose text was read before."""


def id_key(identity: str) -> int:
    """The key of a record's id in the table."""
    return key_of(bytes.fromhex(identity))


def known_among(ids: Iterable[str], rows: pa.Table) -> Iterator[tuple[str, Known]]:
    """Those of some ids that a table knows, with what it knows."""
    wanted = {bytes.fromhex(identity) for identity in ids}
    keys = np.array(sorted({key_of(identity) for identity in wanted}), np.uint32)
    near = rows.filter(pa.array(np.isin(rows.column("key").to_numpy(), keys)))
    for row in near.to_pylist():
        if row["id"] in wanted:
            yield row["id"].hex(), Known(row["contents"], row["revision"], row["stands"])


def known_rows(
    readings: Mapping[str, Iterable[Reading]], kept: pa.Table, at: datetime, keep_after: datetime
) -> pa.Table:
    """The table after a run.

    Args:
        readings: of each id that the run has met.
        kept: what was known before.
        at: dates what the run has met.
        keep_after: how far back sketches reach: no article is a copy of what it was itself.
    """
    met = {bytes.fromhex(identity): list(found) for identity, found in readings.items()}
    ids = kept.column("id").to_pylist()
    is_met = np.array([identity in met for identity in ids], np.bool_)
    before = {row["id"]: row for row in kept.filter(pa.array(is_met)).to_pylist()}
    added = [_row(identity, found, before.get(identity), at) for identity, found in met.items()]
    old_enough = kept.column("seen_at").to_numpy() >= epoch_seconds(min(at - KEPT_FOR, keep_after))
    table = pa.concat_tables([kept.filter(pa.array(~is_met & old_enough)), pa.Table.from_pylist(added, SCHEMA)])
    return table.sort_by([("key", "ascending"), ("id", "ascending")])


def write_known(plan: StatePlan, readings: Iterable[tuple[str, StreamReading]]) -> list[TableFile]:
    """The files of the table in the next generation, as a window of a stream leaves it; none where nothing was read.

    Args:
        plan: names the base and the next generation.
        readings: (id, reading), in any order.
    """
    keyed = [(id_key(identity), (identity, reading)) for identity, reading in readings]
    return write_table(plan, KNOWN, SCHEMA, keyed, partial(_merge_window, plan=plan)) if keyed else []


def _merge_window(values: list[tuple[str, StreamReading]], kept: pa.Table, plan: StatePlan) -> pa.Table:
    met = dict[str, set[StreamReading]]()
    for identity, reading in values:
        met.setdefault(identity, set()).add(reading)
    before = dict(known_among(met, kept))
    readings = {identity: _completed(found, before.get(identity)) for identity, found in met.items()}
    return known_rows(readings, kept, plan.at, plan.keep_after)


def _completed(found: set[StreamReading], known: Known | None) -> list[Reading]:
    """The readings of a window, and those of before: texts that take turns at an address do so over windows too."""
    stands = any(reading[1] for reading in found)
    if known is not None and all(reading[1] is None for reading in found):
        stands = known.stands
    readings = [Reading(content, stands, revision) for content, _, revision in found]
    texts = {reading.content for reading in readings} | set(contents_of(known.contents if known else b""))
    if known is not None and len(texts) * _CONTENT_BYTES <= MAX_CONTENTS:
        readings += [Reading(content, stands, known.revision) for content in texts]
    return readings


def _row(identity: bytes, found: list[Reading], before: dict[str, object] | None, at: datetime) -> dict[str, object]:
    contents = {reading.content for reading in found}
    old = contents_of(before["contents"]) if before else []
    # One of several texts that stand at one address at a time: the others are known as well.
    is_met = bool(contents & set(old))
    return {
        "key": key_of(identity),
        "id": identity,
        "contents": b"".join((*sorted(contents), *(sorted(set(old) - contents) if is_met else ()))[:MAX_CONTENTS]),
        "revision": max(reading.revision for reading in found),
        "stands": any(reading.stands for reading in found),
        "seen_at": epoch_seconds(at),
    }


def contents_of(contents: object) -> list[bytes]:
    """The hashes in a row's `contents`."""
    packed = bytes(contents) if isinstance(contents, bytes) else b""
    return [packed[start : start + _CONTENT_BYTES] for start in range(0, len(packed), _CONTENT_BYTES)]
