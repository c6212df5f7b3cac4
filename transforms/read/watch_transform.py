"""New files of the patterns of `--input`, as time goes by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import apache_beam as beam

from transforms.elements import InputFile
from transforms.journal import LOG, VERSION, Cache, Journal
from transforms.read.transform import describe_file, matched
from transforms.read.watch import Listed, Watch

Times = Callable[[float], Iterable[float]]

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
        times: when to look at a tick (both in seconds since 1970); it waits until then. None for at the tick.
        carried_as: see `transforms.journal.Cache`.
    """

    def __init__(
        self, patterns: tuple[str, ...], every_s: float, times: Times | None = None, carried_as: str | None = None
    ) -> None:
        super().__init__()
        self._do_fn = _WatchDoFn(patterns, every_s, times, carried_as)

    def expand(self, ticks: beam.PCollection) -> beam.PCollection:  # noqa: D102
        return (
            ticks
            | "Key" >> beam.Map(lambda at: (_KEY, at)).with_output_types(tuple[str, int])
            | "Look" >> beam.ParDo(self._do_fn).with_output_types(InputFile)
        )


class _WatchDoFn(beam.DoFn):
    def __init__(self, patterns: tuple[str, ...], every_s: float, times: Times | None, carried_as: str | None) -> None:
        self._patterns, self._every_s, self._times, self._carried_as = patterns, every_s, times, carried_as

    def setup(self) -> None:
        self._cache = Cache(lambda _, entries: Watch.from_entries(entries), self._carried_as)
        self._added = 0

    def process(self, tick: tuple[str, int], log: Any = _LOG, version: Any = _VERSION) -> Iterator[InputFile]:
        at_s, journal = tick[1] / _MICROSECONDS, Journal(log, version)
        for now_s in self._times(at_s) if self._times else (at_s,):
            yield from self._look(now_s, journal)

    def _look(self, now_s: float, journal: Journal) -> Iterator[InputFile]:
        watch = self._cache.get(_KEY, journal)
        if not watch.is_due(now_s, self._every_s):
            self._cache.keep(_KEY, journal, watch)
            return
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
