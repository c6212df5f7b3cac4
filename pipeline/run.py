"""One run: its place, what a dead run left there, and what it says of itself."""

from __future__ import annotations

import json
import platform
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions
from fasteners import InterProcessLock

from pipeline.config import RunConfig, UsageError
from pipeline.state import take_back
from transforms.generation import StatePlan
from transforms.instants import iso
from transforms.write.manifest import NAME as MANIFEST

LOCK = "run.lock"
FAILED = "failed.txt"
_PACKAGES = (
    "depesche",
    "apache-beam",
    "trafilatura",
    "feedparser",
    "py3langid",
    "langdetect",
    "lxml",
    "htmldate",
    "charset-normalizer",
    "w3lib",
    "tld",
)
_OURS = re.compile(
    r"(?:articles|copies|rejects)-\d{5}-of-\d{5}\.jsonl|run\.json(?:\.part)?|failed\.txt|report\.html(?:\.part)?"
    r"|beam-temp-(?:articles|copies|rejects)-.+"
)

_SECRET = re.compile(r"secret|token|password|passwd|credential|connection_string|access_key|api_key")


@contextmanager
def claimed(config: RunConfig, clear: Callable[[RunConfig], None]) -> Iterator[None]:
    """Hold the run's folder while the pipeline writes to it.

    Refuses a finished run (unless it is to be replaced) and, on a local disk, a folder that another process is writing
    to. On an object store two runs of one id are told apart at the commit only: the later one fails there.

    Args:
        clear: called as soon as the folder is held; clears away what a dead run left there.

    Raises:
        UsageError: the folder cannot be had.
    """
    manifest = FileSystems.join(config.directory, MANIFEST)
    try:
        _refuse_finished(config, manifest)
        if not FileSystems.exists(config.directory):
            FileSystems.mkdirs(config.directory)
        lock = _lock(config)
        _refuse_finished(config, manifest)  # it may have been finished before this process had the lock
    except (OSError, ValueError) as error:  # BeamIOError is the former
        raise UsageError(f"--output: {config.directory} cannot be written: {error}") from error
    try:
        clear(config)
        yield
    finally:
        if lock is not None:
            lock.release()


def _refuse_finished(config: RunConfig, manifest: str) -> None:
    if FileSystems.exists(manifest) and not config.is_overwrite:
        raise UsageError(
            f"run {config.run_id} is finished ({manifest}); give another --run-id, or --overwrite to replace it"
        )


def _lock(config: RunConfig) -> InterProcessLock | None:
    """The folder's lock, which the system gives free when its process ends, however that comes."""
    if not Path(config.directory).is_dir():
        return None
    lock = InterProcessLock(Path(config.directory) / LOCK)
    if not lock.acquire(blocking=False):
        raise UsageError(f"run {config.run_id} is being written by another process; give another --run-id")
    return lock


def clear(config: RunConfig) -> None:
    """Delete what a batch run writes, Beam's temporary folders included; anything else stays."""
    take_back(config)
    manifest = FileSystems.join(config.directory, MANIFEST)
    if FileSystems.exists(manifest):  # first of all: without it nobody takes the rest for a whole run
        FileSystems.delete([manifest])
    directory = config.directory
    for file in FileSystems.match([FileSystems.join(directory, "**")])[0].metadata_list:
        if _OURS.fullmatch(file.path[len(directory) :].lstrip("/\\")):
            FileSystems.delete([file.path])
    # Only local disks have folders that stay when they are empty, which Beam does not list.
    for folder in Path(directory).glob("beam-temp-*"):
        shutil.rmtree(folder)


def write_failure(config: RunConfig, details: str) -> str:
    """Leave what a runner said in the run's folder; gives an addition to the message that says where."""
    path = FileSystems.join(config.directory, FAILED)
    try:
        with FileSystems.create(path) as stream:
            stream.write(details.encode("utf-8", "backslashreplace"))
    except Exception:  # noqa: BLE001  each file system raises its own, and the message has to be told in any case
        return ""
    return f" (all that the runner said: {path})"


def tidy(config: RunConfig) -> None:
    """Drop what is needed only until a run is whole: the responses that it kept, and what killed workers left."""
    for folder in Path(config.directory).glob("beam-temp-*"):
        shutil.rmtree(folder, ignore_errors=True)
    if config.live and config.live.spool_dir:
        shutil.rmtree(config.live.spool_dir, ignore_errors=True)


def facts(config: RunConfig, options: PipelineOptions, state: StatePlan | None = None) -> dict[str, Any]:
    """What ``run.json`` says that is known before the run: id, start, runner, options that were given, versions."""
    given = options.get_all_options(drop_default=True)
    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    shown = {name: "(hidden)" if _SECRET.search(name) else value for name, value in given.items()}
    return {
        "run_id": config.run_id,
        "attempt": config.attempt,
        "started_at": iso(config.started_at),
        "runner": config.runner,
        "state": state
        and {
            "directory": state.root,
            "base": state.base.number if state.base else None,
            "generation": state.number,
        },
        "options": {name: json.loads(json.dumps(value, default=str)) for name, value in sorted(shown.items())},
        "versions": versions,
    }
