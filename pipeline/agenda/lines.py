"""Who is next: the addresses of each server in a line, and the servers in turn."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from transforms.fetch.site import parse_address

MAX_OUT = 2_000
"""Requests that are out at once."""
MAX_OUT_OF_SERVER, MIN_OUT_OF_SERVER = 200, 4
_OUT_FOR_S = 60.0
"""No more of one server are out than it answers in so long: what waits here loses its turn to no poll."""


def server_of(url: str) -> str:
    """What is asked one request at a time; "" for what is no address."""
    try:
        return parse_address(url).server
    except ValueError:
        return ""


class _Line:
    """One server's: polls and pages take turns."""

    __slots__ = ("is_page_next", "out", "pages", "polls")

    def __init__(self) -> None:
        self.polls: deque[str] = deque()
        self.pages: deque[str] = deque()
        self.is_page_next = False
        self.out = 0

    def __len__(self) -> int:
        return len(self.polls) + len(self.pages)

    def next(self) -> str:
        line = self.pages if self.pages and (self.is_page_next or not self.polls) else self.polls
        self.is_page_next = line is self.polls
        return line.popleft()


class Lines:
    """Addresses that wait for their request, and those whose request is out.

    Args:
        delay_s: between two requests to one server.
    """

    def __init__(self, delay_s: float) -> None:
        self._share = round(min(max(_OUT_FOR_S / max(delay_s, 1e-3), MIN_OUT_OF_SERVER), MAX_OUT_OF_SERVER))
        self._lines: dict[str, _Line] = {}
        self._turns: dict[str, None] = {}
        self._out: dict[str, str] = {}

    @property
    def out(self) -> int:
        """How many are out."""
        return len(self._out)

    def __contains__(self, url: str) -> bool:
        return url in self._out

    def add(self, url: str, server: str, is_poll: bool = False) -> None:
        """Put an address at the end of a server's line."""
        line = self._lines.setdefault(server, _Line())
        (line.polls if is_poll else line.pages).append(url)
        self._give_turn(server, line)

    def take(self) -> Iterator[str]:
        """Addresses whose turn it is, each of which is out from then on, as many as there is room for."""
        while self._turns and len(self._out) < MAX_OUT:
            server = next(iter(self._turns))
            del self._turns[server]
            line = self._lines[server]
            url = line.next()
            if url not in self._out:  # else it waited as a poll and as a page
                self._out[url] = server
                line.out += 1
                yield url
            self._give_turn(server, line)

    def done(self, url: str) -> None:
        """An address is out no more."""
        server = self._out.pop(url)
        line = self._lines[server]
        line.out -= 1
        self._give_turn(server, line)

    def recall(self) -> list[str]:
        """Addresses that were out, and are no more."""
        urls = list(self._out)
        for url in urls:
            self.done(url)
        return urls

    def _give_turn(self, server: str, line: _Line) -> None:
        if line and line.out < self._share:
            self._turns.setdefault(server)
        elif not line and not line.out:
            self._lines.pop(server, None)
            self._turns.pop(server, None)
