"""One run: its place, what a dead run left there, and what it says of itself."""

from __future__ import annotations

import json
import platform
import re
from importlib import metadata
from pathlib import Path
from typing import Any

from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline.config import RunConfig, UsageError
from transforms.instants import iso

MANIFEST = "run.json"
_PACKAGES = ("depesche", "apache-beam", "trafilatura", "feedparser", "py3langid", "langdetect", "lxml")
_OURS = re.compile(
    r"(?:articles|copies|rejects)-\d{5}-of-\d{5}\.jsonl|run\.json(?:\.part)?|report\.html(?:\.part)?"
    r"|beam-temp-(?:articles|copies|rejects)-.+"
)

_SECRET = re.compile(r"secret|token|password|passwd|credential|connection_string|access_key|api_key")


def prepare(config: RunConfig, is_overwrite: bool) -> None:
    """Make the run's folder ready: refuse a finished run, clear away what a dead one left.

    Only files that a run writes are removed; anything else in the folder stays.
    """
    manifest = FileSystems.join(config.directory, MANIFEST)
    try:
        if FileSystems.exists(manifest) and not is_overwrite:
            raise UsageError(
                f"run {config.run_id} is finished ({manifest}); give another --run-id, or --overwrite to replace it"
            )
        _clear(config.directory)
        if not FileSystems.exists(config.directory):
            FileSystems.mkdirs(config.directory)
    except OSError as error:  # BeamIOError is one
        raise UsageError(f"--output: {config.directory} cannot be written: {error}") from error


def _clear(directory: str) -> None:
    """Delete what a run writes, Beam's temporary folders included."""
    for file in FileSystems.match([FileSystems.join(directory, "**")])[0].metadata_list:
        if _OURS.fullmatch(file.path[len(directory) :].lstrip("/\\")):
            FileSystems.delete([file.path])
    # Only local disks have folders that stay when they are empty, which Beam does not list.
    for folder in Path(directory).glob("beam-temp-*"):
        FileSystems.delete([str(folder)])


def facts(config: RunConfig, options: PipelineOptions) -> dict[str, Any]:
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
        "started_at": iso(config.started_at),
        "runner": config.runner,
        "options": {name: json.loads(json.dumps(value, default=str)) for name, value in sorted(shown.items())},
        "versions": versions,
    }
