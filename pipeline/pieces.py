"""When the pieces of a stream end, on a runner that only ends: each is one window, or what is left of it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

from apache_beam.io.filesystems import FileSystems

from pipeline.config import Stream

LOOK_S = 0.2
"""Between two looks whether the stream is to stop."""


def piece_end_s(at_s: float, started_s: float, stream: Stream) -> float:
    """When a piece that begins at a time ends by itself; all in seconds since 1970."""
    window_end_s = (math.floor(at_s / stream.window_s) + 1) * stream.window_s
    return min(window_end_s, stop_s(started_s, stream))


def stop_s(started_s: float, stream: Stream) -> float:
    """When a stream stops by itself."""
    return math.inf if stream.stop_after_s is None else started_s + stream.stop_after_s


def is_stopped(stream: Stream) -> bool:
    """Whether somebody has asked the stream to stop."""
    return bool(FileSystems.exists(stream.stop_path))


def is_more(started_s: float, stream: Stream) -> bool:
    """Whether another piece is due, at the end of one."""
    return not is_stopped(stream) and time.time() < stop_s(started_s, stream)


def times(at_s: float, started_s: float, stream: Stream) -> Iterator[float]:
    """When a piece that only watches looks for files, until it ends: all in seconds since 1970. Waits until then.

    Args:
        at_s: when it begins.
        started_s: when the stream started.
    """
    began_s, looked_s = time.monotonic(), 0.0
    end_s = piece_end_s(at_s, started_s, stream) - at_s
    yield at_s
    while (passed_s := time.monotonic() - began_s) < end_s and not is_stopped(stream):
        if passed_s - looked_s >= stream.every_s:
            looked_s = passed_s
            yield at_s + passed_s
        time.sleep(min(LOOK_S, max(0.0, end_s - passed_s)))
