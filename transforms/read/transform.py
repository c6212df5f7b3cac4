"""Inputs of `--input` to documents, read by Beam."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.io.restriction_trackers import OffsetRange, OffsetRestrictionTracker
from apache_beam.transforms.core import RestrictionProvider
from apache_beam.transforms.error_handling import ErrorHandler

from transforms import metrics
from transforms.attempt import DETAIL_CHARS
from transforms.elements import FileKind, InputFile, Page, Reject
from transforms.read.archives import read_archive
from transforms.read.documents import read_documents
from transforms.read.jsonl import parse_line
from transforms.read.kinds import HEAD_BYTES, compression_of_content, kind_of_content, kind_of_name
from transforms.read.streams import BROKEN, LineReader, decompressed, read_at_most
from transforms.reasons import Reason, Stage

SPLIT_BYTES = 16 << 20
LINE_TO_DOCUMENT = 2
"""A line of JSON may be this many times longer than its document: escapes, and the fields beside it."""

_REJECTS = "rejects"
_UNCOMPRESSED = CompressionTypes.UNCOMPRESSED


class ReadInputs(beam.PTransform):
    """File patterns to the documents in the files that they match.

    Takes no element collection but the pipeline itself. One splittable DoFn reads every kind, so that a document's
    bytes stay in one fused stage from here to the record: a `Flatten` of readers would store them in between.

    Args:
        patterns: paths and globs of any file system that Beam has.
        max_bytes: the longest document taken, after decompression.
        rejects: collects what cannot be read.
    """

    def __init__(self, patterns: tuple[str, ...], max_bytes: int, rejects: ErrorHandler) -> None:
        super().__init__()
        self._patterns = patterns
        self._max_bytes = max_bytes
        self._rejects = rejects

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection:  # noqa: D102
        files = (
            begin
            | "Patterns" >> beam.Create(self._patterns)
            | "Match" >> beam.FlatMap(match_pattern).with_output_types(tuple[bytes, InputFile])
            # Two patterns may match one file; the grouping also spreads the files over the workers.
            | "OncePerFile" >> beam.GroupByKey()
            | "Describe" >> beam.MapTuple(lambda _, files: describe_file(files)).with_output_types(InputFile)
        )
        pages: beam.PCollection = files | ReadFiles(self._max_bytes, self._rejects)
        return pages


class ReadFiles(beam.PTransform):
    """`InputFile`s to the `Page`s in them.

    Args:
        max_bytes: the longest document taken, after decompression.
        rejects: collects what cannot be read.
    """

    def __init__(self, max_bytes: int, rejects: ErrorHandler) -> None:
        super().__init__()
        self._max_bytes = max_bytes
        self._rejects = rejects

    def expand(self, files: beam.PCollection) -> beam.PCollection:  # noqa: D102
        read = files | "Read" >> beam.ParDo(_ReadFileDoFn(self._max_bytes)).with_outputs(_REJECTS, main="pages")
        self._rejects.add_error_pcollection(read[_REJECTS])
        pages: beam.PCollection = read["pages"]
        pages.element_type = Page
        return pages


def match_pattern(pattern: str) -> Iterator[tuple[bytes, InputFile]]:
    """The files that a pattern matches, by path. Names below it that begin with a dot are left out, as shells do."""
    for file, _ in matched(pattern):
        yield file.path, file


def matched(pattern: str) -> Iterator[tuple[InputFile, float]]:
    """The files that a pattern matches, each with the time of its last change (seconds since 1970)."""
    fixed = re.match(r"[^*?\[]*", pattern)
    root = fixed.group(0).rpartition("/")[0] + "/" if fixed and "/" in fixed.group(0) else ""
    is_one_file = fixed is not None and fixed.group(0) == pattern
    for found in FileSystems.match([pattern])[0].metadata_list:
        source = found.path.removeprefix(root) if root else found.path
        if not is_one_file and any(part.startswith(".") for part in source.split("/")):
            continue
        kind, compression = kind_of_name(found.path)
        # A name that is no UTF-8 travels as its bytes, and is shown with what is wrong in it escaped.
        shown = os.fsencode(source).decode("utf-8", "backslashreplace")
        file = InputFile(os.fsencode(found.path), shown, kind, compression, found.size_in_bytes)
        yield file, found.last_updated_in_seconds or 0.0


def describe_file(matches: Iterable[InputFile]) -> InputFile:
    """One description of a file that patterns matched once or more; its content says what the name does not.

    Compression is looked for under every name that could be split: a packed file called ``.jsonl`` is no line.
    """
    file = min(matches, key=lambda match: match.source)
    if file.kind not in (None, "jsonl") or not is_regular(file):
        return file
    path = os.fsdecode(file.path)
    try:
        with FileSystems.open(path, compression_type=_UNCOMPRESSED) as raw:
            compression = file.compression or compression_of_content(raw.read(HEAD_BYTES))
        kind: FileKind | None = file.kind
        if kind is None:
            with FileSystems.open(path, compression_type=_UNCOMPRESSED) as raw:
                kind = kind_of_content(decompressed(raw, compression).read1(HEAD_BYTES))
    except BROKEN:
        return file  # reading it meets the same fault, and says it
    return InputFile(file.path, file.source, kind, compression, file.size_bytes)


def is_regular(file: InputFile) -> bool:
    """Whether reading can end: a named pipe, a socket or a device waits for ever."""
    try:
        return stat.S_ISREG(Path(os.fsdecode(file.path)).stat().st_mode)
    except OSError:
        return True  # no local file, or one that is gone: opening it says so


class _FileRestrictionProvider(RestrictionProvider):
    """JSONL that is not compressed is split by offsets; any other file is one piece."""

    def initial_restriction(self, file: InputFile) -> OffsetRange:
        is_splittable = file.kind == "jsonl" and file.compression is None
        return OffsetRange(0, max(file.size_bytes, 1) if is_splittable else 1)

    def create_tracker(self, restriction: OffsetRange) -> OffsetRestrictionTracker:
        return OffsetRestrictionTracker(restriction)

    def split(self, file: InputFile, restriction: OffsetRange) -> Iterator[OffsetRange]:
        yield from restriction.split(SPLIT_BYTES, SPLIT_BYTES // 4)

    def restriction_size(self, file: InputFile, restriction: OffsetRange) -> int:
        return int(restriction.size() if restriction.stop > 1 else file.size_bytes)


_RESTRICTION = beam.DoFn.RestrictionParam(_FileRestrictionProvider())


class _ReadFileDoFn(beam.DoFn):
    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes

    def process(
        self,
        file: InputFile,
        tracker: Any = _RESTRICTION,
    ) -> Iterator[Any]:
        for document in self._safely(file, tracker):
            if isinstance(document, Reject):
                metrics.rejected(document.stage, document.reason).inc()
                yield beam.pvalue.TaggedOutput(_REJECTS, document)
            else:
                metrics.documents_read().inc()
                yield document

    def _safely(self, file: InputFile, tracker: Any) -> Iterator[Page | Reject]:
        """Beam has no exception handling for splittable functions: a fault of ours must not stop the other files."""
        try:
            yield from self._documents(file, tracker)
        except Exception as error:  # noqa: BLE001
            tracker.try_claim(tracker.current_restriction().stop)
            yield _reject(file, Reason.FAILED, f"{error!r}"[:DETAIL_CHARS])

    def _documents(self, file: InputFile, tracker: Any) -> Iterator[Page | Reject]:
        if not is_regular(file):
            tracker.try_claim(tracker.current_restriction().stop)
            yield _reject(file, Reason.UNREADABLE, "no regular file")
            return
        try:
            with FileSystems.open(os.fsdecode(file.path), compression_type=_UNCOMPRESSED) as raw:
                if file.kind == "jsonl" and file.compression is None:
                    yield from self._split_lines(file, raw, tracker)
                elif tracker.try_claim(0):
                    if file.kind == "archive":  # records are found by their place in the file as it is stored
                        yield from read_archive(raw, file.source, self._max_bytes)
                        return
                    compression = file.compression or compression_of_content(raw.peek(HEAD_BYTES)[:HEAD_BYTES])
                    yield from self._whole_file(file, decompressed(raw, compression))
        except BROKEN as error:
            tracker.try_claim(tracker.current_restriction().stop)
            yield _reject(file, Reason.UNREADABLE, _describe(error, file))

    def _whole_file(self, file: InputFile, stream: Any) -> Iterator[Page | Reject]:
        if file.kind == "jsonl":
            yield from self._lines(file, LineReader(stream, self._max_bytes * LINE_TO_DOCUMENT))
            return
        body = read_at_most(stream, self._max_bytes)
        if body is None:
            yield _reject(file, Reason.TOO_LARGE, f"more than {self._max_bytes} bytes")
        else:
            yield from read_documents(body, file)

    def _lines(self, file: InputFile, reader: LineReader) -> Iterator[Page | Reject]:
        offset = documents = 0
        while line := reader.next_line():
            for document in self._document(file, line.data, offset):
                documents += 1
                yield document
            offset += line.size_bytes
        if not documents:
            yield _reject(file, Reason.EMPTY, "the file is empty")

    def _split_lines(self, file: InputFile, raw: Any, tracker: Any) -> Iterator[Page | Reject]:
        """The lines that begin in the tracker's range: its first one may begin just after the byte before it."""
        reader = LineReader(raw, self._max_bytes * LINE_TO_DOCUMENT)
        start = offset = tracker.current_restriction().start
        documents = 0
        if start:
            raw.seek(start - 1)
            skipped = reader.next_line()
            offset += skipped.size_bytes - 1 if skipped else 0
        while tracker.try_claim(offset):
            line = reader.next_line()
            if line is None:  # empty, or shorter than when it was listed
                tracker.try_claim(max(tracker.current_restriction().stop, offset + 1))
                break
            for document in self._document(file, line.data, offset):
                documents += 1
                yield document
            offset += line.size_bytes
        if not documents and not start and offset >= file.size_bytes:
            yield _reject(file, Reason.EMPTY, "the file is empty")

    def _document(self, file: InputFile, line: bytes | None, offset: int) -> Iterator[Page | Reject]:
        if line is None:
            detail = f"the line at byte {offset} is longer than {self._max_bytes * LINE_TO_DOCUMENT} bytes"
            yield Reject(Stage.READ, Reason.TOO_LARGE, f"{file.source}:{offset}", detail, file.source)
        elif document := parse_line(line, file.source, offset):
            yield document


def _reject(file: InputFile, reason: Reason, detail: str) -> Reject:
    return Reject(Stage.READ, reason, file.source, detail, file.source)


def _describe(error: Exception, file: InputFile) -> str:
    what = f"{file.compression} data that is torn or corrupt: " if file.compression else ""
    return f"{what}{error}".replace(os.fsdecode(file.path), file.source)[:DETAIL_CHARS]
