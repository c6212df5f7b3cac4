"""What a run is asked to do: frozen, checked, and without a clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from transforms.elements import Source
from transforms.fetch.policy import FetchPolicy

MAX_BYTES = 10_000_000
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_SIZE = re.compile(r"(\d{1,12})\s*(|B|[kKMG]i?B?)")
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "ki": 2**10, "mi": 2**20, "gi": 2**30}


class UsageError(Exception):
    """A bad option or configuration; the message says what to change. The command ends with exit status 2."""


@dataclass(frozen=True, slots=True)
class Live:
    """What a run reads from the network.

    Args:
        sources: what to read.
        policy: how to ask.
        spool_dir: where responses are kept until the run is whole; None where that is no local disk.
    """

    sources: tuple[Source, ...]
    policy: FetchPolicy
    spool_dir: str | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """How a run goes on until it is stopped.

    Args:
        every_s: seconds between two looks at the inputs.
        window_s: of the windows that results are written by.
        shards: files of one kind in a window, at most.
        stop_path: a file that stops it as soon as it is there.
        drained_path: a file that says that all windows have closed.
        stop_after_s: when it stops by itself, counted from the start; None for never.
        is_by_language: whether each language's copies are looked for by a worker of its own.
        is_in_pieces: whether the runner can only end: then it is run anew for every window, in this process.
    """

    every_s: float
    window_s: float
    shards: int
    stop_path: str
    drained_path: str
    stop_after_s: float | None
    is_by_language: bool
    is_in_pieces: bool


@dataclass(frozen=True, slots=True)
class RunConfig:
    """One run.

    Args:
        inputs: patterns that each match at least one file, absolute.
        directory: where the run's files go: the output directory joined with the run's id.
        run_id: also the name of that directory.
        started_at: UTC.
        max_bytes: the longest document taken, after decompression.
        runner: the name of the Beam runner, as ``run.json`` states it.
        attempt: which start of the program this is.
        state: the directory of what earlier runs knew; None for a run that stands alone.
        keep_state: how many generations stay there.
        is_overwrite: whether a finished run of this name is to be replaced.
        live: what is read from the network, if anything.
        copies_window_s: how long a standing article's sketch is kept, in seconds.
        stream: None for a batch run.
    """

    inputs: tuple[str, ...]
    directory: str
    run_id: str
    started_at: datetime
    max_bytes: int = MAX_BYTES
    runner: str = "FnApiRunner"
    attempt: str = "first"
    state: str | None = None
    keep_state: int = 5
    copies_window_s: float = 14 * 86400.0
    is_overwrite: bool = False
    live: Live | None = None
    stream: Stream | None = None

    @property
    def carried_as(self) -> str | None:
        """Under which name a stream in pieces carries what it knows from one to the next (`transforms.journal`)."""
        return self.attempt if self.stream and self.stream.is_in_pieces else None


def checked_run_id(text: str) -> str:
    """The id itself, if it can be the name of a directory everywhere."""
    if not _RUN_ID.fullmatch(text):
        raise UsageError(f"--run-id {text!r}: use letters, digits, '.', '_' and '-', at most 128 of them")
    return text


def parse_size(text: str, option: str) -> int:
    """``10MB``, ``512KiB`` or a number of bytes, to bytes."""
    match = _SIZE.fullmatch(text.strip())
    size = int(match.group(1)) * _UNITS[match.group(2).lower().removesuffix("b")] if match else 0
    if size <= 0:
        raise UsageError(f"{option} {text!r}: give a size such as 10MB, 512KiB or a number of bytes")
    return size


def parse_duration(text: str, option: str) -> float:
    """``500ms``, ``20s``, ``5m``, ``2h`` or ``7d``, to seconds."""
    match = _DURATION.fullmatch(text.strip())
    found = float(match.group(1)) * _SECONDS[match.group(2)] if match else 0.0
    if found <= 0:
        raise UsageError(f"{option} {text!r}: give a duration such as 500ms, 20s, 5m, 2h or 7d")
    return found
