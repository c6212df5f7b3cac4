"""When the pieces of a stream end, on a runner that only ends: each is one window, or what is left of it."""

from __future__ import annotations

import math
import time

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


def wait_for_more(started_s: float, stream: Stream, is_polling: bool) -> bool:
    """Wait until the next piece is due; whether there is one.

    Args:
        started_s: when the stream started.
        is_polling: whether a piece takes all of its window by itself.
    """
    end_s = piece_end_s(time.time(), started_s, stream)
    while not is_stopped(stream) and time.time() < stop_s(started_s, stream):
        if is_polling or time.time() >= end_s:
            return True
        time.sleep(LOOK_S)
    return False
