"""What one run tells the next: the tables of a generation, how they lie in files, and how one is committed.

A state directory holds ``generation-000017.json`` for each generation, which names its files, and a folder of files
for each run that committed one. A generation is there as soon as its JSON file is; the file is made in one step, and
only if no other run has made one of that number. Files of one generation are never written again.

Each table is a set of Parquet files, sorted by their first column ``key`` (32 bits of a hash). There are a power of two
of them, and each holds one range of keys, so that a worker reads or writes the range that it works on and no more.
`docs/state.md` lists the tables and columns.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from transforms.create_once import create_once
from transforms.elements import TableFile
from transforms.hash_ranges import KEY_BITS, bits_for, range_of

LAYOUT = 1
"""Rises when an older release could not read what this one writes."""

ROWS_IN_GROUP = 1 << 16
ROWS_IN_RANGE = 1 << 18
"""So many rows of a ledger are in one file: 8 to 30 MB, and some 100 MB in memory while they are merged."""

_NAME = re.compile(r"generation-(\d{6,})\.json")
_UNCOMPRESSED = CompressionTypes.UNCOMPRESSED


class StateError(RuntimeError):
    """The state cannot be read, or another run has moved it on; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Generation:
    """What one run left.

    Args:
        number: counts up from 1.
        run: the folder of the run that made it.
        attempt: which start of the program that was, see ``run.json``.
        base: the number of the generation that the run started from.
        files: of all tables; those of one table are sorted by partition.
    """

    number: int
    run: str
    attempt: str
    base: int | None
    files: tuple[TableFile, ...]

    def rows(self, table: str) -> int:
        """Of a whole table."""
        return sum(file.rows for file in self.files if file.table == table)


@dataclass(frozen=True, slots=True)
class StatePlan:
    """From which generation a run starts, and which one it makes.

    Args:
        root: the state directory.
        base: None for the first run.
        number: of the generation that is to be made.
        run: the folder of the run.
        attempt: which start of the program this is; it names the folder of the new files.
        at: when the run started: what it adds is dated with this, so that a retry writes the same.
        keep_after: what was added before this is dropped, where a table forgets.
    """

    root: str
    base: Generation | None
    number: int
    run: str
    attempt: str
    at: datetime
    keep_after: datetime

    @property
    def folder(self) -> str:
        """Of the new files, below the root."""
        return f"{self.number:06}-{self.attempt}"

    def known_rows(self, table: str) -> int:
        """How many rows a table had before this run."""
        return self.base.rows(table) if self.base else 0


def table_bits(plan: StatePlan, table: str) -> int:
    """Into how many ranges (as a power of two) the base has a table parted."""
    count = sum(file.table == table for file in plan.base.files) if plan.base else 0
    return max(count, 1).bit_length() - 1


def read_rows(plan: StatePlan, table: str, partition: int, bits: int, schema: pa.Schema) -> pa.Table:
    """The rows of one range of a table of the base, sorted by key, with the columns of a schema; none without a base.

    Args:
        partition: the number of the range.
        bits: so many highest bits of the key say it, however the base's own files are parted.
        schema: may leave columns out that the files have.
    """
    low = partition << (KEY_BITS - bits)
    high = ((partition + 1) << (KEY_BITS - bits)) - 1
    found = [part for file in _overlapping(plan, table, low, high) for part in _read(plan, file, low, high, schema)]
    rows: pa.Table = pa.concat_tables(found) if found else schema.empty_table()
    keys = rows.column("key").to_numpy()
    first, end = np.searchsorted(keys, [low, high + 1])  # an end of 2**32 is no 32-bit key, and needs none
    return rows.slice(first, end - first)


def _overlapping(plan: StatePlan, table: str, low: int, high: int) -> Iterator[TableFile]:
    if plan.base is None:
        return
    shift = KEY_BITS - table_bits(plan, table)
    for file in plan.base.files:
        if file.table == table and file.partition << shift <= high and ((file.partition + 1) << shift) > low:
            yield file


def _read(plan: StatePlan, file: TableFile, low: int, high: int, schema: pa.Schema) -> Iterator[pa.Table]:
    with FileSystems.open(FileSystems.join(plan.root, file.path), compression_type=_UNCOMPRESSED) as stream:
        parquet = pq.ParquetFile(stream)
        groups = []
        for number in range(parquet.metadata.num_row_groups):
            statistics = parquet.metadata.row_group(number).column(0).statistics
            if statistics is None or (statistics.min <= high and statistics.max >= low):
                groups.append(number)
        if groups:
            known = [name for name in schema.names if name in parquet.schema_arrow.names]
            rows = parquet.read_row_groups(groups, columns=known)
            for name in set(schema.names) - set(known):  # a column that a later release has added
                rows = rows.append_column(name, pa.nulls(len(rows), schema.field(name).type))
            yield rows.select(schema.names).cast(schema)


def write_rows(plan: StatePlan, table: str, partition: int, bits: int, rows: pa.Table) -> TableFile:
    """Write one range of a table for the new generation, sorted by key; a retry replaces what an earlier try wrote."""
    name = f"{table}-{partition:05}-of-{1 << bits:05}.parquet"
    folder = FileSystems.join(plan.root, plan.folder)
    if not FileSystems.exists(folder):
        _make(folder)
    path, part = FileSystems.join(folder, name), FileSystems.join(folder, f"{name}.{uuid.uuid4().hex}.part")
    with FileSystems.create(part, compression_type=_UNCOMPRESSED) as stream:
        pq.write_table(
            rows,
            stream,
            compression="zstd",
            row_group_size=ROWS_IN_GROUP,
            use_dictionary=[field.name for field in rows.schema if field.name in _FEW_VALUES],
            column_encoding={"key": "DELTA_BINARY_PACKED"},  # sorted, so that differences are short
        )
    if Path(part).is_file():
        Path(part).replace(path)
    else:
        if FileSystems.exists(path):
            FileSystems.delete([path])
        FileSystems.rename([part], [path])
    return TableFile(table, partition, f"{plan.folder}/{name}", len(rows))


def write_table(
    plan: StatePlan,
    table: str,
    schema: pa.Schema,
    keyed: Iterable[tuple[int, Any]],
    merge: Callable[[list[Any], pa.Table], pa.Table],
) -> list[TableFile]:
    """Write a whole table for the new generation, range by range; memory holds one at a time.

    Args:
        keyed: what is added, each with its key.
        merge: what is added to a range, and its rows in the base, to its new rows, sorted by key.
    """
    added = list(keyed)
    bits = bits_for(len(added) + plan.known_rows(table), ROWS_IN_RANGE)
    by_range: dict[int, list[Any]] = {}
    for key, value in added:
        by_range.setdefault(range_of(key, bits), []).append(value)
    return [
        write_rows(
            plan,
            table,
            number,
            bits,
            merge(by_range.get(number, []), read_rows(plan, table, number, bits, schema)),
        )
        for number in range(1 << bits)
    ]


_FEW_VALUES = frozenset(
    {"added_at", "seen_at", "day", "source", "language", "revision", "stands", "anchors", "tries", "rules"}
)


def _make(folder: str) -> None:
    try:
        FileSystems.mkdirs(folder)
    except OSError:  # another worker was faster
        if not FileSystems.exists(folder):
            raise


def generation_path(root: str, number: int) -> str:
    """Where a generation is named."""
    return str(FileSystems.join(root, f"generation-{number:06}.json"))


def commit(plan: StatePlan, files: list[TableFile]) -> None:
    """Make the new generation, if no other run has made one of its number.

    A table that the run had nothing to do with stays as the base has it.

    On a local disk (or one that is mounted) and on S3 the name is made in one step, which only one run can do. Other
    object stores have no such step in Beam: there a run looks first, and two that commit within the same moment are not
    told apart.

    Raises:
        StateError: another run was faster.
    """
    path = generation_path(plan.root, plan.number)
    written = {file.table for file in files}
    left = [file for file in plan.base.files if file.table not in written] if plan.base else []
    text = _as_json(plan, sorted([*files, *left], key=lambda file: (file.table, file.partition)))
    try:
        _refuse_later(plan)
        create_once(path, text.encode())
        try:
            _refuse_later(plan)  # old generations are dropped: a name that is free may have been taken long ago
        except StateError:
            FileSystems.delete([path])
            raise
    except FileExistsError:
        other = load(plan.root, plan.number)
        if other.attempt != plan.attempt:
            raise StateError(f"{other.run} has committed generation {plan.number} in the meantime") from None


def _refuse_later(plan: StatePlan) -> None:
    latest = max(numbers(plan.root), default=0)
    if latest > plan.number:
        raise StateError(f"generation {latest} has been committed in the meantime")


def numbers(root: str) -> list[int]:
    """Of the generations that there are, in order."""
    found = FileSystems.match([FileSystems.join(root, "generation-*.json")])[0].metadata_list
    matches = (_NAME.fullmatch(file.path.replace("\\", "/").rsplit("/", 1)[-1]) for file in found)
    return sorted(int(match.group(1)) for match in matches if match)


def _as_json(plan: StatePlan, files: list[TableFile]) -> str:
    row = {
        "layout": LAYOUT,
        "number": plan.number,
        "base": plan.base.number if plan.base else None,
        "run": plan.run,
        "attempt": plan.attempt,
        "at": plan.at.isoformat(),
        "files": [
            {"table": file.table, "partition": file.partition, "path": file.path, "rows": file.rows} for file in files
        ],
    }
    return json.dumps(row, ensure_ascii=False, indent=1) + "\n"


def load(root: str, number: int) -> Generation:
    """A committed generation.

    Raises:
        StateError: it cannot be read, or was written by a release with another layout.
    """
    path = generation_path(root, number)
    try:
        with FileSystems.open(path, compression_type=_UNCOMPRESSED) as stream:
            row = json.loads(stream.read())
        if row["layout"] != LAYOUT:
            raise StateError(f"{path} has layout {row['layout']}, and this release reads {LAYOUT}; use a new --state")
        files = tuple(TableFile(one["table"], one["partition"], one["path"], one["rows"]) for one in row["files"])
        return Generation(row["number"], row["run"], row["attempt"], row["base"], files)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StateError(f"{path} cannot be read: {error!r}") from error
