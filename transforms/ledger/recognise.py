"""What was read at the ids of one range, record by record: `transforms.ledger.known` for a stream."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from transforms.generation import StatePlan, read_rows
from transforms.hash_ranges import key_of
from transforms.ledger.known import KNOWN, MAX_CONTENTS, SCHEMA, Reading, contents_of, known_rows

TOLD_AGAIN = timedelta(days=1)
"""Whoever reads the same text at an id again and again is told so once in this time: it keeps the id from being
forgotten."""

_FEW, _SHARE = 1_000, 4
_READING, _TABLE = b"R", b"T"
_ENTRY = struct.Struct("<c16s8sIq")


class Recognised(NamedTuple):
    """What a record is.

    Args:
        is_new: whether its text was not read at its id before.
        revision: the record's, or that of the text that was read.
        entries: for the log.
    """

    is_new: bool
    revision: int
    entries: tuple[bytes, ...]


class _Latest(NamedTuple):
    contents: bytes
    revision: int
    seen_at: int


class KnownIds:
    """What was read at the ids of one range.

    Args:
        log: the entries so far, in any order: those of `Recognised`, and of `table_entry`.
    """

    def __init__(self, log: Iterable[bytes]) -> None:
        entries = list(log)
        tables = [_table_of(entry) for entry in entries if entry[:1] == _TABLE]
        self._table = pa.concat_tables([SCHEMA.empty_table(), *tables]).combine_chunks()
        self._keys = self._table.column("key").to_numpy()
        self._latest: dict[bytes, _Latest] = {}
        readings = [_ENTRY.unpack(entry) for entry in entries if entry[:1] == _READING]
        for _, identity, content, revision, seen_at in sorted(readings, key=lambda one: one[3:]):
            self._put(identity, content, revision, seen_at)

    def take(self, identity: str, content: bytes, at: int) -> Recognised:
        """Whether a record's text is new at its id; remembers it.

        Texts that stand at one address by turns (in a feed and on a page) are all known, and none is new twice.

        Args:
            identity: the record's id.
            content: of its text, 8 bytes.
            at: seconds since 1970.
        """
        name = bytes.fromhex(identity)
        known = self._known(name)
        is_new = known is None or content not in contents_of(known.contents)
        revision = (known.revision if known else 0) + is_new
        if known is not None and not is_new and at < known.seen_at + TOLD_AGAIN.total_seconds():
            return Recognised(False, revision, ())
        self._put(name, content, revision, at)
        return Recognised(is_new, revision, (_ENTRY.pack(_READING, name, content, revision, at),))

    @property
    def is_long(self) -> bool:
        """Whether so much has come since the table was made that it is worth making anew."""
        return len(self._latest) > _FEW + len(self._table) // _SHARE

    def compacted(self, at: int) -> bytes:
        """One entry in place of all, without ids that were not met for `transforms.ledger.known.KEPT_FOR`.

        Args:
            at: dates what was met since the last time.
        """
        readings = {
            identity.hex(): [Reading(content, False, latest.revision) for content in contents_of(latest.contents)]
            for identity, latest in self._latest.items()
        }
        now = datetime.fromtimestamp(at, UTC)
        return table_entry(known_rows(readings, self._table, now, now))

    def _put(self, name: bytes, content: bytes, revision: int, seen_at: int) -> None:
        known = self._known(name)
        others = [other for other in contents_of(known.contents) if other != content] if known else []
        self._latest[name] = _Latest(b"".join((content, *others))[:MAX_CONTENTS], revision, seen_at)

    def _known(self, name: bytes) -> _Latest | None:
        if name in self._latest:
            return self._latest[name]
        key = np.uint32(key_of(name))
        first, end = np.searchsorted(self._keys, key), np.searchsorted(self._keys, key, "right")
        for row in self._table.slice(first, end - first).to_pylist():
            if row["id"] == name:
                return _Latest(row["contents"], row["revision"], row["seen_at"])
        return None


def table_entry(rows: pa.Table) -> bytes:
    """Rows of the table, sorted by key, as one entry of a log."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, SCHEMA, options=pa.ipc.IpcWriteOptions(compression="zstd")) as stream:
        stream.write_table(rows)
    packed: bytes = sink.getvalue().to_pybytes()
    return _TABLE + packed


def _table_of(entry: bytes) -> pa.Table:
    with pa.ipc.open_stream(entry[len(_TABLE) :]) as stream:
        return stream.read_all()


def log_of(plan: StatePlan, partition: int, bits: int) -> list[bytes]:
    """What the base knows of one range, as a log."""
    rows = read_rows(plan, KNOWN, partition, bits, SCHEMA)
    return [table_entry(rows)] if len(rows) else []
