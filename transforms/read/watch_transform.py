"""New files of the patterns of `--input`, as time goes by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import apache_beam as beam

from transforms.elements import InputFile
from transforms.journal import LOG, VERSION, Cache, Journal
from transforms.read.transform import describe_file, matched
from transforms.read.watch import Listed, Watch

_KEY = "inputs"
_LOG, _VERSION = beam.DoFn.StateParam(LOG), beam.DoFn.StateParam(VERSION)
_SLACK = 1000
_MICROSECONDS = 1e6


class WatchInputs(beam.PTransform):
    """Ticks (microseconds since 1970) to the `InputFile`s that are new, or have changed, and are whole.

    Beam's own `MatchContinuously` does not tell files that still grow from whole ones.

    Args:
        patterns: paths and globs of any file system that Beam has.
        every_s: between two looks.
        carried_as: see `transforms.journal.Cache`.
    """

    def __init__(self, patterns: tuple[str, ...], every_s: float, carried_as: str | None) -> None:
        super().__init__()
        self._patterns, self._every_s, self._carried_as = patterns, every_s, carried_as

    def expand(self, ticks: beam.PCollection) -> beam.PCollection:  # noqa: D102
        return (
            ticks
            | "Key" >> beam.Map(lambda at: (_KEY, at)).with_output_types(tuple[str, int])
            | "Look"
            >> beam.ParDo(_WatchDoFn(self._patterns, self._every_s, self._carried_as)).with_output_types(InputFile)
        )


class _WatchDoFn(beam.DoFn):
    def __init__(self, patterns: tuple[str, ...], every_s: float, carried_as: str | None) -> None:
        self._patterns, self._every_s, self._carried_as = patterns, every_s, carried_as

    def setup(self) -> None:
        self._cache = Cache(lambda _, entries: Watch.from_entries(entries), self._carried_as)
        self._next_s = 0.0
        self._added = 0

    def process(self, tick: tuple[str, int], log: Any = _LOG, version: Any = _VERSION) -> Iterator[InputFile]:
        now_s = tick[1] / _MICROSECONDS
        if now_s < self._next_s:
            return
        self._next_s = now_s + self._every_s  # of this worker: another one looks once too often
        journal = Journal(log, version)
        watch = self._cache.get(_KEY, journal)
        files = dict[bytes, list[InputFile]]()
        listed = list[Listed]()
        for pattern in self._patterns:
            for file, changed_s in matched(pattern):
                if file.path not in files:
                    listed.append(Listed(file.path, file.size_bytes, changed_s))
                files.setdefault(file.path, []).append(file)
        ready, entries = watch.look(listed, now_s)
        journal.add(*entries)
        self._added += len(entries)
        if self._added > len(watch) + _SLACK:
            journal.replace(watch.snapshot())
            self._added = 0
        self._cache.keep(_KEY, journal, watch)
        for path in ready:
            yield describe_file(files[path])
