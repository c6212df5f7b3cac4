"""Changes of an agenda as entries of a journal, and back."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from typing import Any, Literal

Kind = Literal["poll", "told", "known", "page", "host"]
Change = tuple[Kind, Any, Any]
"""What kind of thing, its key, and what it is now (plain tuples, text and numbers); None where it is no more."""

IN_ENTRY = 1_000
_NUMBER_BYTES = 8


class Log:
    """Changes that are to be written, and how many have been.

    An entry is its number, by which a bag of them is put into order, and some changes.
    """

    def __init__(self) -> None:
        self._number = 0
        self._changes: list[Change] = []
        self.written = 0

    def put(self, kind: Kind, key: Any, value: Any) -> None:
        """Note a change."""
        self._changes.append((kind, key, value))

    def take(self) -> list[bytes]:
        """Entries of what was noted since this was last called."""
        changes, self._changes = self._changes, []
        return list(self._entries(changes))

    def drop(self) -> None:
        """Forget what was noted."""
        self._changes = []

    def rewrite(self, changes: Iterable[Change]) -> Iterator[bytes]:
        """Entries that stand for all that was ever noted."""
        self.written = 0
        self._changes = []
        yield from self._entries(changes)

    def replay(self, entries: Iterable[bytes]) -> Iterator[Change]:
        """All changes in entries, in the order in which they were noted."""
        self._changes = []
        for entry in sorted(entries, key=lambda one: one[:_NUMBER_BYTES]):
            self._number = int.from_bytes(entry[:_NUMBER_BYTES], "big")
            changes = pickle.loads(entry[_NUMBER_BYTES:])  # noqa: S301  its own
            self.written += len(changes)
            yield from changes

    def _entries(self, changes: Iterable[Change]) -> Iterator[bytes]:
        for some in _batches(changes):
            self._number += 1
            self.written += len(some)
            yield self._number.to_bytes(_NUMBER_BYTES, "big") + pickle.dumps(some, pickle.HIGHEST_PROTOCOL)


def _batches(changes: Iterable[Change]) -> Iterator[list[Change]]:
    batch: list[Change] = []
    for change in changes:
        batch.append(change)
        if len(batch) == IN_ENTRY:
            yield batch
            batch = []
    if batch:
        yield batch
