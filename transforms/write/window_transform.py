"""A stream's records to files, window by window: each file whole when it appears, and a manifest when all are."""

from __future__ import annotations

import json
import uuid
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from apache_beam.transforms.window import GlobalWindows, TimestampedValue

from transforms.elements import TableFile
from transforms.event_windows import closing_windows
from transforms.generation import StatePlan, commit
from transforms.stable import StableParDo
from transforms.write.jsonl import copy_line, gone_line, record_line, reject_line
from transforms.write.manifest import totals
from transforms.write.publishing import PART, manifests, publish, read_manifest
from transforms.write.transform import Ended, counted_by_key
from transforms.write.windows import (
    by_name_of,
    digest_of,
    file_name,
    manifest_name,
    next_name,
    window_manifest,
    window_name,
)

_COMMIT = "commit"
_FILE, _COUNT, _GONE, _END = "file", "count", "gone", "end"
_LAST_S = datetime(9999, 1, 1, tzinfo=UTC).timestamp()
"""Of the last window, which closes when everything that leads to windows has come to its end."""
Ready = tuple[str, tuple[float, float, list[Any]]]
"""A window's start and end in seconds since 1970, and what is known of it."""


class Keep(NamedTuple):
    """What a window leaves for the next run.

    Args:
        values: by table, what is to be added.
        write: by table, values to the files of the next generation.
        plan: makes the plan of the next generation, dated.
        tidy: drops what is older than is to be kept.
    """

    values: Mapping[str, beam.PCollection]
    write: Mapping[str, Callable[[StatePlan, list[Any]], list[TableFile]]]
    plan: Callable[[datetime], StatePlan]
    tidy: Callable[[], None]


class WriteWindows(beam.PTransform):
    """All that a stream's inputs came to, to files; the paths of the windows' manifests come out.

    Files are written beside their places. When all of a window are whole, its generation of the state is committed;
    then the files are moved, and the manifest last. Whoever is killed in between has committed all of it or nothing:
    `publish` moves what is left.

    Args:
        directory: of the run.
        run: what is known of it: run_id and attempt.
        window_s: how long a window is.
        shards: how many files of one kind a window has, at most.
        read: the documents that were read, of each way in.
        not_due: what is unchanged without having been read.
        ended: what they came to.
        extracted: `Article`s as they were taken out of their pages.
        gone: addresses that held an article and are gone.
        keep: for the next run; None without a state.
        end_path: a file that is made when all windows are written: not every runner ends with its sources, and the
            program that started it has to know.
    """

    def __init__(
        self,
        directory: str,
        run: Mapping[str, Any],
        window_s: float,
        shards: int,
        read: Sequence[beam.PCollection],
        not_due: Sequence[beam.PCollection],
        ended: Ended,
        extracted: Sequence[beam.PCollection],
        gone: beam.PCollection | None,
        keep: Keep | None,
        end_path: str | None = None,
    ) -> None:
        super().__init__()
        self._extracted, self._end_path = extracted, end_path
        self._place = directory, {name: run[name] for name in ("run_id", "attempt")}
        self._window_s, self._shards = window_s, shards
        self._read, self._not_due, self._ended, self._gone = read, not_due, ended, gone
        self._keep = keep

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection:  # noqa: D102
        kinds: list[tuple[str, beam.PCollection, Callable[[Any], str]]] = [
            ("articles", self._ended.articles, record_line),
            ("copies", self._ended.copies, copy_line),
            ("rejects", self._ended.rejects, reject_line),
            *([(_GONE, self._gone, gone_line)] if self._gone is not None else []),
        ]
        files = (
            [
                some
                | f"Line{kind.capitalize()}"
                >> beam.Map(_sharded, kind, line, self._shards).with_output_types(tuple[int, tuple[str, str]])
                for kind, some, line in kinds
            ]
            | "Lines" >> beam.Flatten()
            | "LineWindows" >> closing_windows(self._window_s)
            | "ByShard" >> beam.GroupByKey()
            | "WriteShard"
            >> beam.ParDo(_WriteShardDoFn(self._place[0], self._shards)).with_output_types(tuple[str, tuple[str, Any]])
        )
        counts = (
            counted_by_key(self._read, self._not_due, self._ended, self._extracted)
            | "CountWindows" >> closing_windows(self._window_s)
            | "Count" >> beam.combiners.Count.PerElement()
            | "CountFact" >> beam.FlatMap(_count_fact).with_output_types(tuple[str, tuple[str, Any]])
        )
        kept = [
            some
            | f"Keep{table.capitalize()}" >> beam.Map(_fact, table).with_output_types(tuple[str, tuple[str, Any]])
            | f"Keep{table.capitalize()}Windows" >> closing_windows(self._window_s)
            for table, some in (self._keep.values.items() if self._keep else ())
        ]
        windows = (
            [files, counts, *kept, *([_end(begin, self._end_path, self._window_s)] if self._end_path else [])]
            | "Facts" >> beam.Flatten()
            | "ByWindow" >> beam.GroupByKey()
            | "Window" >> beam.Map(_with_window).with_output_types(tuple[str, tuple[float, float, list[Any]]])
            | "AllTime" >> beam.WindowInto(GlobalWindows())
        )
        keep = self._keep and self._keep._replace(values={})
        return windows | "Commit" >> StableParDo(_CommitDoFn(*self._place, keep)).with_output_types(str)


def _end(begin: beam.pvalue.PBegin, path: str, window_s: float) -> beam.PCollection:
    """A fact of the last window."""
    return (
        begin
        | "EndPath" >> beam.Create([path]).with_output_types(str)
        | "EndFact" >> beam.Map(lambda path: TimestampedValue(_fact(path, _END), _LAST_S))
        | "EndWindow" >> closing_windows(window_s).with_output_types(tuple[str, tuple[str, Any]])
    )


def _with_window(group: tuple[str, Iterable[Any]], window: Any = beam.DoFn.WindowParam) -> Ready:
    key, facts = group
    return key, (float(window.start), float(window.end), list(facts))


def _sharded(element: Any, kind: str, line: Callable[[Any], str], shards: int) -> tuple[int, tuple[str, str]]:
    text = line(element)
    return zlib.crc32(text.encode()) % shards, (kind, text)


def _count_fact(counted: tuple[tuple[str, ...], int]) -> Iterator[tuple[str, tuple[str, Any]]]:
    if counted[1]:  # a window that closes for good is counted once more, by some runners as 0
        yield _fact((*counted, uuid.uuid4().hex[:8]), _COUNT)  # counts of two starts are not the same count


def _fact(value: Any, name: str) -> tuple[str, tuple[str, Any]]:
    return _COMMIT, (name, value)


class _WriteShardDoFn(beam.DoFn):
    """The lines of one shard of a window to a file of each kind, under a name that nobody takes for a result."""

    def __init__(self, directory: str, shards: int) -> None:
        self._directory, self._shards = directory, shards

    def process(
        self,
        group: tuple[int, Iterable[tuple[str, str]]],
        window: Any = beam.DoFn.WindowParam,
    ) -> Iterator[tuple[str, tuple[str, Any]]]:
        shard, lines = group
        by_kind = defaultdict[str, list[str]](list)
        for kind, line in lines:
            by_kind[kind].append(line)
        name = window_name(window.start.to_utc_datetime(has_tz=True))
        for kind, some in sorted(by_kind.items()):
            final = file_name(kind, name, shard, self._shards)
            path = FileSystems.join(self._directory, f"{final}.{uuid.uuid4().hex}{PART}")
            with FileSystems.create(path) as stream:
                for line in sorted(some):  # by id, and the same over retries
                    stream.write(f"{line}\n".encode())
            yield _fact((kind, shard, self._shards, len(some), path), _FILE)


class _CommitDoFn(beam.DoFn):
    """Windows in the order of time: one that is committed says that all before it are."""

    def __init__(self, directory: str, run: dict[str, Any], keep: Keep | None) -> None:
        self._directory, self._run, self._keep = directory, run, keep

    def start_bundle(self) -> None:
        self._ready: list[tuple[float, float, list[Any]]] = []

    def process(self, group: Ready) -> Iterator[str]:
        self._ready.append(group[1])
        return iter(())

    def finish_bundle(self) -> None:
        for start_s, end_s, facts in sorted(self._ready, key=lambda one: one[:2]):
            by_name = by_name_of(facts)
            if _END in by_name:
                with FileSystems.create(by_name[_END][0]):
                    pass
            elif facts:  # a window that closes for good is told once more
                self._commit(_instant(start_s), _instant(end_s), by_name)

    def _commit(self, start: datetime, end: datetime, facts: dict[str, list[Any]]) -> None:
        digest = digest_of(facts.get(_FILE, []), facts.get(_COUNT, []))
        window = window_name(start)
        taken = manifests(self._directory, window)
        if any(read_manifest(self._directory, name)["commit"] == digest for name in taken):
            return  # and the word of it was lost
        plan = self._keep.plan(end) if self._keep else None
        moves, text = self._manifest((next_name(window, taken), start, end), facts, plan, digest)
        part = FileSystems.join(self._directory, f"{manifest_name(window)}.{uuid.uuid4().hex}{PART}")
        with FileSystems.create(part) as stream:
            stream.write(json.dumps({"manifest": text, "moves": moves}).encode())
        if plan and self._keep:
            write = self._keep.write.items()
            commit(plan, [file for table, written in write for file in written(plan, facts.get(table, []))])
        publish(self._directory, part)
        if self._keep:
            self._keep.tidy()

    def _manifest(
        self, window: tuple[str, datetime, datetime], facts: dict[str, list[Any]], plan: StatePlan | None, digest: str
    ) -> tuple[dict[str, str], str]:
        """What is to be moved where, and the manifest's text."""
        files, moves, gone = defaultdict[str, list[str]](list), dict[str, str](), 0
        for kind, shard, shards, lines, part in facts.get(_FILE, []):
            moves[part] = file_name(kind, window[0], shard, shards)
            files[kind].append(moves[part])
            gone += lines if kind == _GONE else 0
        counted = Counter[tuple[str, ...]]()
        for key, count, _ in facts.get(_COUNT, []):  # what comes late is counted for itself
            counted[key] += count
        number = plan.number if plan else None
        return moves, window_manifest(self._run, window, number, totals(counted), files, gone, digest)


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
