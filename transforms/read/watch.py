"""Which files of a watched folder are new, and whole."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

SETTLED_S = 5.0
"""A file that was changed less long ago may still grow."""
_SLACK_S = 0.5


class Listed(NamedTuple):
    """A file as a listing shows it: its size in bytes, and when it was changed (seconds since 1970)."""

    path: bytes
    size: int
    changed_s: float


class Watch:
    """The files of some patterns as they were seen last, and which of them were given out.

    A file is given out when it has been left alone for `SETTLED_S`, or since the look before, for the clock of its
    server may be wrong; and again whenever it has changed since. Whoever moves whole files into the folder has them
    read at the next look.
    """

    def __init__(self) -> None:
        self._seen: dict[bytes, tuple[int, float, bool]] = {}
        self._looks = 0
        self._looked_s = -math.inf

    def is_due(self, now_s: float, every_s: float) -> bool:
        """Whether it is time for another look, also where the clock has been set back."""
        return not 0.0 <= now_s - self._looked_s < every_s - _SLACK_S

    @classmethod
    def from_entries(cls, entries: Iterable[bytes]) -> Watch:
        """The watch as entries of `look` and `snapshot` tell it, in any order."""
        watch = cls()
        newest = dict[bytes, int]()
        for entry in entries:
            look, name, size, changed_s, is_done = json.loads(entry)
            path = name.encode("latin-1")
            if newest.get(path, -1) < look:
                newest[path] = look
                watch._seen[path] = size, changed_s, is_done
        watch._seen = {path: found for path, found in watch._seen.items() if found[0] >= 0}
        watch._looks = max(newest.values(), default=0)
        return watch

    def look(self, listed: Iterable[Listed], now_s: float) -> tuple[list[bytes], list[bytes]]:
        """The paths that are to be read now, and what has changed since the look before, as entries of a journal."""
        self._looks += 1
        self._looked_s = now_s
        ready, entries, there = list[bytes](), list[bytes](), set[bytes]()
        for file in listed:
            there.add(file.path)
            known = self._seen.get(file.path)
            is_same = known is not None and known[:2] == (file.size, file.changed_s)
            is_done = known is not None and is_same and known[2]
            if not is_done and (is_same or now_s - file.changed_s >= SETTLED_S):
                ready.append(file.path)
                is_done = True
            if known != (found := (file.size, file.changed_s, is_done)):
                self._seen[file.path] = found
                entries.append(self._entry(file.path, *found))
        for path in self._seen.keys() - there:  # one that comes back is new
            del self._seen[path]
            entries.append(self._entry(path, -1, 0.0, False))
        return ready, entries

    def snapshot(self) -> Iterator[bytes]:
        """The entries that tell it all, in place of all before them."""
        yield from (self._entry(path, *found) for path, found in self._seen.items())

    def __len__(self) -> int:
        return len(self._seen)

    def _entry(self, path: bytes, size: int, changed_s: float, is_done: bool) -> bytes:
        return json.dumps([self._looks, path.decode("latin-1"), size, changed_s, is_done]).encode()
