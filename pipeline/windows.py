"""A stream's folder, before it starts and when it has ended."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any, TextIO

from apache_beam.io.filesystems import FileSystems

from pipeline.config import RunConfig, UsageError
from pipeline.run import facts
from pipeline.runners import SCHEME
from pipeline.state import publish_windows
from transforms.instants import iso
from transforms.write.manifest import NAME as MANIFEST
from transforms.write.manifest import manifest
from transforms.write.publishing import PART, manifests, read_manifest
from transforms.write.transform import prepare, publish
from transforms.write.windows import summed

_OURS = re.compile(
    r"(?:articles|copies|rejects|gone)-\d{8}T[\d.Z-]+-of-\d{5}\.jsonl(?:\.[0-9a-f]+\.part)?"
    r"|window-\d{8}T[\d.Z-]+\.json\.(?:whole|[0-9a-f]+)\.part"
    r"|stop|drained|failed\.txt|report\.html(?:\.part)?|run\.json\.part"
)
_LOOKS_S = {False: 1.0, True: 15.0}
"""Between two looks for new manifests: on a local disk, and on any other file system."""


def take_up(config: RunConfig, is_resumed: bool = False) -> None:
    """Publish the windows that an earlier start of this stream had whole, and remove what it left of others.

    With a state, those are whole whose generation was committed, which `transforms.generation` tells; their like has
    been published when the state was looked at.

    Args:
        is_resumed: whether the runner knows of open windows, from a savepoint: then their files stay.
    """
    if config.state is None:
        publish_windows(config.directory, lambda _: True)
    kept = {name for window in _windows(config.directory) for names in window["files"].values() for name in names}
    for file in FileSystems.match([FileSystems.join(config.directory, "*")])[0].metadata_list:
        name = file.path.replace("\\", "/").rsplit("/", 1)[-1]
        if _OURS.fullmatch(name) and name not in kept and not (is_resumed and name.endswith(PART)):
            FileSystems.delete([file.path])


def request_stop(config: RunConfig) -> None:
    """Have the stream end: what was fetched is written, and nothing new is asked for."""
    if config.stream:
        with FileSystems.create(config.stream.stop_path):
            pass


def is_drained(config: RunConfig) -> bool:
    """Whether all windows of the stream are written, on a runner that may go on for all that, or end before it."""
    stream = config.stream
    return stream is not None and (stream.is_in_pieces or bool(FileSystems.exists(stream.drained_path)))


def conclude(config: RunConfig, options: Any) -> None:
    """Write the ``run.json`` of a stream that has ended: the sum of its windows."""
    take_up(config)
    windows = list(_windows(config.directory))
    totals, files = summed(windows)
    files = {kind: files.get(kind, []) for kind in ("articles", "copies", "rejects", *files)}
    run = facts(config, options)
    if config.state is not None:
        made = [window["generation"] for window in windows if window["generation"]]
        run["state"] = {
            "directory": config.state,
            "base": made[0] - 1 or None if made else None,
            "generation": made[-1] if made else None,
        }
    text = manifest(run, *totals, files, iso(datetime.now(UTC)) or "")
    publish(prepare(FileSystems.join(config.directory, MANIFEST), text, config.attempt), config.attempt)


def _windows(directory: str) -> Iterator[dict[str, Any]]:
    for name in manifests(directory):
        try:
            window = read_manifest(directory, name)
            _ = window["files"], window["counts"]
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"--output: {FileSystems.join(directory, name)} is no manifest of a window ({error}); put it right, or "
                "give another --run-id"
            ) from error
        yield window


@contextmanager
def shown(directory: str, is_quiet: bool, stream: TextIO) -> Iterator[None]:
    """Print a line for every window that is written, as long as this lasts."""
    if is_quiet:
        yield
        return
    stopping = Event()
    seen = set(manifests(directory))
    look_s = _LOOKS_S[SCHEME.match(directory) is not None]

    def show() -> None:
        for name in sorted(set(manifests(directory)) - seen):
            seen.add(name)
            stream.write(line(read_manifest(directory, name)) + "\n")
            stream.flush()

    thread = Thread(target=_until, args=(stopping, look_s, directory, show), name="windows", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
        show()


def _changed_ns(directory: str) -> int:
    """When names were last added to a local folder or taken out of it; 0 where that is not told."""
    folder = Path(directory)
    return folder.stat().st_mtime_ns if folder.is_dir() else 0


def _until(stopping: Event, look_s: float, directory: str, show: Callable[[], None]) -> None:
    before_ns = 0
    while not stopping.wait(look_s):
        changed_ns = _changed_ns(directory)
        if changed_ns != before_ns or not changed_ns:  # after weeks a look takes its time
            show()
        before_ns = changed_ns


def line(window: dict[str, Any]) -> str:
    """A window in words."""
    counts = window["counts"]
    parts = [f"{counts[kind]:,} {kind}" for kind in ("articles", "copies", "rejects", "unchanged") if counts[kind]]
    if window["gone"]:
        parts.append(f"{window['gone']:,} gone")
    return f"{window['start']} · " + (" · ".join(parts) or "nothing")
