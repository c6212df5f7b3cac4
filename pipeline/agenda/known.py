"""What is known of addresses, many of them in little memory: rows of the ledger's table under a hash of the address."""

from __future__ import annotations

import hashlib
import sqlite3
import struct
from datetime import datetime
from typing import Any

from pipeline.requests import LONGEST_WAIT

_TIMES = ("seen_at", "ask_again_at", "changed_at", "published_at")
_TEXTS = ("etag", "last_modified", "final_url", "rules")
_FIXED = struct.Struct(">4IbB8s4H")
_NONE = 0xFFFF
_LAST_SECOND = 0xFFFFFFFF


def address_hash(url: str) -> bytes:
    """What an address is kept under: 16 bytes."""
    return hashlib.blake2b(url.encode("utf-8", "replace"), digest_size=16).digest()


class KnownAddresses:
    """Rows by address. A million of them with ETag and Last-Modified take 130 MB, and 4 µs to be found.

    In a database without a file, since a million Python objects would take thrice as much.
    """

    def __init__(self) -> None:
        self._rows = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._rows.execute("CREATE TABLE known (hash BLOB PRIMARY KEY, row BLOB NOT NULL) WITHOUT ROWID")
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def get(self, url: str) -> dict[str, Any] | None:
        """The row of an address (`transforms.ledger.addresses.SCHEMA` without key, url and source), or None."""
        found = self._found(address_hash(url))
        return None if found is None else _unpacked(found)

    def is_due(self, url: str, now: datetime) -> bool:
        """Whether an address may be asked; one that is not known may."""
        found = self._found(address_hash(url))
        if found is None:
            return True
        wait_s: float = _FIXED.unpack_from(found)[1] - now.timestamp()
        return wait_s <= 0 or wait_s > LONGEST_WAIT.total_seconds()

    def put(self, url: str, row: dict[str, Any]) -> tuple[bytes, bytes]:
        """Keep a row; gives it as `put_packed` takes it."""
        key, packed = address_hash(url), _packed(row)
        self.put_packed(key, packed)
        return key, packed

    def put_packed(self, key: bytes, packed: bytes) -> None:
        """Keep a row that `put` or `packed` gave."""
        self._count += self._found(key) is None
        self._rows.execute("INSERT OR REPLACE INTO known VALUES (?, ?)", (key, packed))

    def packed(self) -> sqlite3.Cursor:
        """All rows, as `put_packed` takes them."""
        return self._rows.execute("SELECT hash, row FROM known")

    def forget(self, before: datetime) -> None:
        """Drop what was not asked since then."""
        oldest = int(before.timestamp()).to_bytes(4, "big")
        self._count -= self._rows.execute("DELETE FROM known WHERE substr(row, 1, 4) < ?", (oldest,)).rowcount

    def _found(self, key: bytes) -> bytes | None:
        found: tuple[bytes] | None = self._rows.execute("SELECT row FROM known WHERE hash = ?", (key,)).fetchone()
        return found[0] if found else None


def _packed(row: dict[str, Any]) -> bytes:
    times = (min(max(row[name] or 0, 0), _LAST_SECOND) for name in _TIMES)
    texts = [None if row[name] is None else row[name].encode("utf-8", "surrogatepass")[: _NONE - 1] for name in _TEXTS]
    lengths = (_NONE if text is None else len(text) for text in texts)
    body_hash = row["body_hash"] or b""
    fixed = _FIXED.pack(*times, row["tries"], len(body_hash), body_hash, *lengths)
    return fixed + b"".join(filter(None, texts))


def _unpacked(packed: bytes) -> dict[str, Any]:
    values = _FIXED.unpack_from(packed)
    row: dict[str, Any] = {name: second or None for name, second in zip(_TIMES, values, strict=False)}
    row |= {"tries": values[4], "body_hash": values[6][: values[5]]}
    place = _FIXED.size
    for name, length in zip(_TEXTS, values[7:], strict=True):
        row[name] = None if length == _NONE else packed[place : place + length].decode("utf-8", "surrogatepass")
        place += 0 if length == _NONE else length
    return row
