"""How far a run is: one live line on a terminal, a line every ten seconds in a pipe.

While a runner works, it can mostly not be asked. So each crawl writes its counts into the run's spool directory
(`transforms.fetch.progress`), and a thread of the program adds them up. A run without one has no such line.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from transforms.fetch.progress import Counts, clear_counts, read_counts

READ_EVERY_S = 1.0
PRINTED_EVERY_S = 10.0
RATE_OVER_S = 10.0
_ERASE = "\r\x1b[K"


@contextmanager
def shown(spool_dir: str | None, is_quiet: bool, stream: TextIO | None = None) -> Iterator[None]:
    """Show what a run fetches, as long as this lasts; nothing of it is left on a terminal.

    Args:
        spool_dir: where the run's crawls report to; None shows nothing.
        is_quiet: shows nothing either.
        stream: where to; None is the standard error output.
    """
    if spool_dir is None or is_quiet:
        yield
        return
    directory = Path(spool_dir)
    clear_counts(directory)  # of a run that died here
    display = _Display(directory, stream or sys.stderr)
    display.start()
    try:
        yield
    finally:
        display.stop()
        clear_counts(directory)


def line(counts: Counts, per_s: float) -> str:
    """Counts in words.

    Args:
        per_s: answers in a second, of late.
    """
    is_paging = counts.pages_asked > 0
    came, asked = (counts.pages, counts.pages_asked) if is_paging else (counts.lists, counts.lists_asked)
    parts = [f"{came:,} {'pages' if is_paging else 'lists'} of {asked:,}"]
    if counts.hosts:
        parts += [f"{counts.hosts:,} host{'' if counts.hosts == 1 else 's'}", f"{per_s:.0f}/s"]
    if counts.archive_bytes >= 1e6 and not is_paging:
        parts.append(f"{counts.archive_bytes / 1e6:,.0f} MB of archives")
    if counts.rejects:
        parts.append(f"{counts.rejects:,} reject{'' if counts.rejects == 1 else 's'}")
    if counts.waiting:
        long = f", {_minutes(counts.wait_s)}" if counts.wait_s >= 10 else ""
        parts.append(f"waiting for {counts.waits_for} ({counts.waiting:,}{long})")
    elif not counts.hosts:
        parts.append("working on what came")
    return " · ".join(parts)


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:,.0f} min"


class _Display(threading.Thread):
    """Draws or prints until it is stopped. A stream that is gone ends it without a word."""

    def __init__(self, directory: Path, stream: TextIO) -> None:
        super().__init__(name="progress", daemon=True)
        self._directory = directory
        self._stream = stream
        self._is_live = stream.isatty()
        self._stopping = threading.Event()
        self._drawing = threading.RLock()
        self._is_drawn = False
        self._samples: deque[tuple[float, int]] = deque()
        self._handlers = logging.getLogger().handlers if self._is_live else []

    def run(self) -> None:
        for handler in self._handlers:
            handler.addFilter(self._make_room)
        due = time.monotonic() + (0 if self._is_live else PRINTED_EVERY_S)
        with suppress(OSError, ValueError):  # closed, or its reader is gone
            while not self._stopping.wait(READ_EVERY_S):
                counts = read_counts(self._directory)
                per_s = self._per_s(counts) if counts else 0.0
                if counts and time.monotonic() >= due:
                    self._show(line(counts, per_s))
                    due += 0 if self._is_live else PRINTED_EVERY_S

    def stop(self) -> None:
        """Erase the live line; nothing is drawn after it."""
        self._stopping.set()
        self.join()
        for handler in self._handlers:
            handler.removeFilter(self._make_room)
        self._erase()

    def _show(self, text: str) -> None:
        with self._drawing:
            if self._is_live:
                self._stream.write(_ERASE + text[: self._columns() - 1])
                self._is_drawn = True
            else:
                self._stream.write(text + "\n")
            self._stream.flush()

    def _per_s(self, counts: Counts) -> float:
        now, done = time.monotonic(), counts.pages + counts.lists
        self._samples.append((now, done))
        while len(self._samples) > 2 and now - self._samples[0][0] > RATE_OVER_S:
            self._samples.popleft()
        then, before = self._samples[0]
        return max(done - before, 0) / (now - then) if now > then else 0.0

    def _columns(self) -> int:
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or 80
        except (OSError, ValueError):
            return 80

    def _make_room(self, record: logging.LogRecord) -> bool:
        """Before a message of the log, which would begin behind the live line."""
        self._erase()
        return True

    def _erase(self) -> None:
        with self._drawing, suppress(OSError, ValueError):
            if self._is_drawn:
                self._stream.write(_ERASE)
                self._stream.flush()
                self._is_drawn = False
