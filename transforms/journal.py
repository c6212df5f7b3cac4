"""State that is too large to be read for every element: a log of entries, and an object kept in memory beside it.

A runner keeps the log, key by key, and hands it back after a fault, from a checkpoint or on another worker. Reading it
for every element would cost as much as it has grown; so what the entries make is kept by the worker, and built anew
only if somebody else has written to the log since: a retry of a bundle, or another worker that had the key for a while.
The log's version tells: a hash chained over all that was written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from apache_beam.coders import BytesCoder
from apache_beam.transforms.userstate import BagStateSpec, ReadModifyWriteStateSpec

LOG = BagStateSpec("log", BytesCoder())
VERSION = ReadModifyWriteStateSpec("version", BytesCoder())
_VERSION_BYTES = 16

Value = TypeVar("Value")


class Journal:
    """One key's log, for the time of one call of ``process``.

    Args:
        log: the state of `LOG`.
        version: the state of `VERSION`.
    """

    def __init__(self, log: Any, version: Any) -> None:
        self._log, self._state = log, version
        self._version: bytes = version.read() or b""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever written for the key."""
        return not self._version

    @property
    def version(self) -> bytes:
        """Equal only where the same has been written."""
        return self._version

    def entries(self) -> list[bytes]:
        """All that were written, in any order."""
        return list(self._log.read())

    def add(self, *entries: bytes) -> None:
        """Append entries."""
        if entries:
            for entry in entries:
                self._log.add(entry)
            self._move_on(b"+", entries)

    def replace(self, entries: Iterable[bytes]) -> None:
        """Put these in place of all that were written before."""
        entries = list(entries)
        self._log.clear()
        for entry in entries:
            self._log.add(entry)
        self._move_on(b"=", entries)

    def _move_on(self, how: bytes, entries: Iterable[bytes]) -> None:
        digest = hashlib.blake2b(self._version + how, digest_size=_VERSION_BYTES)
        for entry in entries:
            digest.update(len(entry).to_bytes(8, "big") + entry)
        self._version = digest.digest()
        self._state.write(self._version)


class Cache(Generic[Value]):
    """What a worker has made of the journals of its keys: one for all instances of a step in a process.

    Args:
        build: makes a key's object of its entries; of none for a key that is new.
        carried_as: a name under which the objects outlive the pipeline, in the same process. For a runner that can only
            end: a stream then is a row of pipelines, whose states are empty at first.
    """

    def __init__(self, build: Callable[[str, list[bytes]], Value], carried_as: str | None = None) -> None:
        self._build = build
        self._is_carried = carried_as is not None
        name = carried_as or f"{build.__module__}.{getattr(build, '__qualname__', type(build).__qualname__)}"
        self._kept: dict[str, tuple[bytes, Value]] = _KEPT.setdefault(name, {})

    def get(self, key: str, journal: Journal) -> Value:
        """The key's object as the journal has it."""
        # Taken out: a call that fails half-way has changed it, and must not leave it behind.
        kept = self._kept.pop(key, None)
        if kept is not None and (kept[0] == journal.version or (self._is_carried and journal.is_empty)):
            return kept[1]
        return self._build(key, journal.entries())

    def keep(self, key: str, journal: Journal, value: Value) -> None:
        """Keep the object, which now holds all that was written to the journal."""
        self._kept[key] = journal.version, value


_KEPT: dict[str, dict[str, Any]] = {}


def drop_carried(prefix: str) -> None:
    """Forget what was carried under names that begin like this."""
    for name in [name for name in _KEPT if name.startswith(prefix)]:
        del _KEPT[name]
