"""A finished run to `report.html`, from nothing but the run's own files and on any of Beam's file systems."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from pipeline.config import UsageError
from pipeline.page import page
from pipeline.tally import Tally
from transforms.write.manifest import NAME as MANIFEST

NAME = "report.html"
_BROKEN = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


def write_report(directory: str) -> str:
    """Make ``report.html`` of a finished run, in place of an older one; gives its path.

    Args:
        directory: the run's own folder. Its files are streamed: memory does not grow with them.

    Raises:
        UsageError: the folder holds no finished run, or files of it are missing, broken or cannot be written.
    """
    try:
        run = _manifest(directory)
        tally = _tally(directory, run)
        try:
            text = page(run, tally)
        except _BROKEN as error:
            raise UsageError(f"{directory}: {MANIFEST} is not what a run writes ({error!r}); run it again") from error
        return _replace(FileSystems.join(directory, NAME), text)
    except OSError as error:  # BeamIOError is one
        raise UsageError(
            f"{directory}: {error}; all of the run's files must be there, and the folder writable"
        ) from error


def _manifest(directory: str) -> dict[str, Any]:
    try:
        path = FileSystems.join(directory, MANIFEST)
        is_finished = FileSystems.exists(path)
    except ValueError as error:  # a scheme for which no file system is installed
        raise UsageError(f"{directory}: {error}") from error
    if not is_finished:
        found = FileSystems.match([FileSystems.join(directory, "*", MANIFEST)])[0].metadata_list
        runs = sorted(file.path[: -len(MANIFEST) - 1] for file in found)
        advice = f"name one of its runs, such as {runs[-1]}" if runs else "name the folder of a run that has finished"
        raise UsageError(f"{directory} holds no {MANIFEST}: {advice}")
    with FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED) as stream:
        try:
            run: dict[str, Any] = json.loads(stream.read())
        except _BROKEN as error:
            raise UsageError(f"{path} is broken ({error}); run it again with --overwrite") from error
    return run


def _tally(directory: str, run: dict[str, Any]) -> Tally:
    tally = Tally()
    adders = {"articles": tally.add_article, "copies": tally.add_copy, "rejects": tally.add_reject}
    try:
        files = [(name, add) for kind, add in adders.items() for name in run["files"][kind]]
    except _BROKEN as error:
        raise UsageError(f"{directory}: {MANIFEST} names no files ({error!r}); run it again") from error
    for name, add in files:
        _each_line(FileSystems.join(directory, name), add)
    return tally


def _each_line(path: str, add: Callable[[Any], None]) -> None:
    with FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED) as stream:
        for number, line in enumerate(stream, 1):
            try:
                add(json.loads(line))
            except _BROKEN as error:
                raise UsageError(f"{path}, line {number}, is not what a run writes ({error!r})") from error


def _replace(path: str, text: str) -> str:
    with FileSystems.create(f"{path}.part") as stream:
        stream.write(text.encode("utf-8", "replace"))
    if FileSystems.exists(path):  # HDFS does not rename over a file
        FileSystems.delete([path])
    FileSystems.rename([f"{path}.part"], [path])
    return path
