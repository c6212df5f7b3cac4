"""A stream's records to files, window by window: each file whole when it appears, and a manifest when all are."""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems

from transforms.elements import TableFile
from transforms.event_windows import closing_windows
from transforms.generation import StatePlan, commit
from transforms.write.jsonl import copy_line, gone_line, record_line, reject_line
from transforms.write.manifest import totals
from transforms.write.transform import Ended, counted_by_key
from transforms.write.windows import PREFIX, file_name, manifest_name, next_name, window_manifest, window_name

_COMMIT = "commit"
_FILE, _COUNT, _GONE = "file", "count", "gone"
_PART = ".part"


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
        gone: addresses that held an article and are gone.
        keep: for the next run; None without a state.
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
        gone: beam.PCollection | None,
        keep: Keep | None,
    ) -> None:
        super().__init__()
        self._place = directory, {name: run[name] for name in ("run_id", "attempt")}
        self._window_s, self._shards = window_s, shards
        self._read, self._not_due, self._ended, self._gone = read, not_due, ended, gone
        self._keep = keep

    def expand(self, _: beam.pvalue.PBegin) -> beam.PCollection:  # noqa: D102
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
            counted_by_key(self._read, self._not_due, self._ended)
            | "CountWindows" >> closing_windows(self._window_s)
            | "Count" >> beam.combiners.Count.PerElement()
            | "CountFact" >> beam.Map(_fact, _COUNT).with_output_types(tuple[str, tuple[str, Any]])
        )
        kept = [
            some
            | f"Keep{table.capitalize()}" >> beam.Map(_fact, table).with_output_types(tuple[str, tuple[str, Any]])
            | f"Keep{table.capitalize()}Windows" >> closing_windows(self._window_s)
            for table, some in (self._keep.values.items() if self._keep else ())
        ]
        return (
            [files, counts, *kept]
            | "Facts" >> beam.Flatten()
            | "ByWindow" >> beam.GroupByKey()
            | "Commit" >> beam.ParDo(_CommitDoFn(*self._place, self._keep and self._keep._replace(values={})))
        )


def _sharded(element: Any, kind: str, line: Callable[[Any], str], shards: int) -> tuple[int, tuple[str, str]]:
    text = line(element)
    return zlib.crc32(text.encode()) % shards, (kind, text)


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
        pane: Any = beam.DoFn.PaneInfoParam,
    ) -> Iterator[tuple[str, tuple[str, Any]]]:
        shard, lines = group
        by_kind = defaultdict[str, list[str]](list)
        for kind, line in lines:
            by_kind[kind].append(line)
        name = window_name(window.start.to_utc_datetime(has_tz=True))
        for kind, some in sorted(by_kind.items()):
            path = FileSystems.join(
                self._directory, f"{file_name(kind, name, shard, self._shards)}.{pane.index}{_PART}"
            )
            with FileSystems.create(path) as stream:
                for line in sorted(some):  # by id, and the same over retries
                    stream.write(f"{line}\n".encode())
            yield _fact((kind, shard, self._shards, len(some), path), _FILE)


class _CommitDoFn(beam.DoFn):
    """Windows in the order of time: one that is committed says that all before it are."""

    def __init__(self, directory: str, run: dict[str, Any], keep: Keep | None) -> None:
        self._directory, self._run, self._keep = directory, run, keep

    def start_bundle(self) -> None:
        self._ready: list[tuple[Any, list[tuple[str, Any]]]] = []

    def process(
        self, group: tuple[str, Iterable[tuple[str, Any]]], window: Any = beam.DoFn.WindowParam
    ) -> Iterator[str]:
        self._ready.append((window, list(group[1])))
        return iter(())

    def finish_bundle(self) -> None:
        for window, facts in sorted(self._ready, key=lambda one: one[0].end):
            self._commit(
                window.start.to_utc_datetime(has_tz=True), window.end.to_utc_datetime(has_tz=True), _by_name(facts)
            )

    def _commit(self, start: datetime, end: datetime, facts: dict[str, list[Any]]) -> None:
        name = next_name(window_name(start), manifests(self._directory))
        files, moves, gone = defaultdict[str, list[str]](list), dict[str, str](), 0
        for kind, shard, shards, lines, part in facts.pop(_FILE, []):
            moves[part] = file_name(kind, name, shard, shards)
            files[kind].append(moves[part])
            gone += lines if kind == _GONE else 0
        counts, *details = totals(dict(facts.pop(_COUNT, [])))
        plan = self._keep.plan(end) if self._keep else None
        number = plan.number if plan else None
        text = window_manifest(self._run, (name, start, end), number, counts, (details[0], details[1]), files, gone)
        path = FileSystems.join(self._directory, manifest_name(name))
        row = {"manifest": text, "moves": moves}
        with FileSystems.create(path + _PART) as stream:
            stream.write(json.dumps(row).encode())
        if plan and self._keep:
            written = [file for table, write in self._keep.write.items() for file in write(plan, facts.get(table, []))]
            commit(plan, written)
        publish(self._directory, path + _PART)
        if self._keep:
            self._keep.tidy()


def _by_name(facts: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
    found = defaultdict[str, list[Any]](list)
    for name, value in facts:
        found[name].append(value)
    return found


def manifests(directory: str) -> list[str]:
    """The names of a run's windows' manifests, in order."""
    found = FileSystems.match([FileSystems.join(directory, f"{PREFIX}*.json")])[0].metadata_list
    return sorted(file.path.replace("\\", "/").rsplit("/", 1)[-1] for file in found)


def publish(directory: str, part: str) -> None:
    """Move the files of a window that is committed to their places, its manifest last; what is moved already, is.

    Args:
        directory: of the run.
        part: the path of the manifest beside its place.
    """
    with FileSystems.open(part) as stream:
        row = json.loads(stream.read())
    for source, name in row["moves"].items():
        if FileSystems.exists(source):
            FileSystems.rename([source], [FileSystems.join(directory, name)])
    path = part.removesuffix(_PART)
    with FileSystems.create(f"{path}.whole{_PART}") as stream:
        stream.write(row["manifest"].encode())
    FileSystems.rename([f"{path}.whole{_PART}"], [path])
    FileSystems.delete([part])
