"""What an agenda holds: addresses that are polled, and when next; pages that wait."""

from __future__ import annotations

from typing import Any, NamedTuple

from pipeline.agenda.reading import plain
from transforms.elements import SourceKind, Visit
from transforms.fetch.freshness import DEFAULT_BOUNDS

QUIET_SHARE = 0.1
MAX_STRETCH = 8.0
LONGEST_S = 3_600.0


class Moved(NamedTuple):
    """Where redirects to other sites led: the address, all redirects, and those to other sites."""

    url: str
    hops: int
    sites: int


class Waiting(NamedTuple):
    """A page that is to be asked for, or whose request is out.

    Args:
        source: the name.
        depth: see `FetchRequest`.
        hints: packed.
        lists: those that wait for it.
        later_s: it could not be had, and has time until then; 0 for one that waits for its turn.
        moved: where redirects led.
    """

    source: str
    depth: int
    hints: bytes
    lists: tuple[str, ...]
    later_s: float = 0.0
    moved: Moved | None = None


class Naming(NamedTuple):
    """Who names a list: the source's name, and the list that it stands in ("" for the sources file)."""

    source: str
    parent: str


def wait_s(every_s: float, quiet_s: float, fresh_s: float = 0.0) -> float:
    """Seconds from one request for a list to the next.

    A list that has not changed (or could not be had) for ten times its cadence is asked more rarely: after a tenth of
    the time for which nothing happened. It comes back to its cadence with the first change.

    Args:
        every_s: its cadence, which is never undercut.
        quiet_s: since it last changed.
        fresh_s: for how long the server says that its answer holds; believed for an hour.
    """
    stretched_s = min(quiet_s * QUIET_SHARE, every_s * MAX_STRETCH, LONGEST_S)
    return max(every_s, stretched_s, min(fresh_s, DEFAULT_BOUNDS.list_max_s))


class Poll:
    """An address that is asked again and again: a list, an archive, or a page of the sources file.

    Args:
        url: as it is listed.

    ``named_by`` says for each `Naming` the depth and what is expected there. ``withheld`` is what the ledger is to be
    told once ``waits`` is 0, the number of pages it led to that have not been had. ``marks`` are of what its latest
    reading gave (`pipeline.agenda.reading.Reading`). ``failing_s`` is when it began to fail, 0 if it does not.
    """

    __slots__ = (
        "failing_s",
        "is_called",
        "is_read",
        "marks",
        "moved",
        "named_by",
        "next_s",
        "url",
        "waits",
        "withheld",
    )

    def __init__(self, url: str) -> None:
        self.url = url
        self.named_by: dict[Naming, tuple[int, SourceKind]] = {}
        self.next_s = 0.0
        self.failing_s = 0.0
        self.is_called = False
        self.is_read = False
        self.moved: Moved | None = None
        self.withheld: Visit | None = None
        self.waits = 0
        self.marks = b""

    def packed(self) -> tuple[Any, ...]:
        """What is to be kept of it, but for the marks; plain values."""
        below = tuple((*naming, *how) for naming, how in self.named_by.items() if naming.parent)
        withheld = self.withheld and plain(self.withheld)
        return below, self.next_s, self.failing_s, self.is_read, self.moved and tuple(self.moved), withheld

    def unpack(self, packed: tuple[Any, ...]) -> None:
        """Take over what was kept."""
        below, self.next_s, self.failing_s, self.is_read, moved, withheld = packed
        for source, parent, depth, kind in below:
            self.named_by[Naming(source, parent)] = depth, kind
        self.moved = Moved(*moved) if moved else None
        self.withheld = Visit(*withheld) if withheld else None
