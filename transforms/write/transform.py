"""Records, copies and rejects to the files of a run, and `run.json` when all of them are whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.io import WriteToText
from apache_beam.io.filesystems import FileSystems
from apache_beam.transforms.error_handling import ErrorHandler

from transforms.attempt import Attempt
from transforms.elements import Article, Record
from transforms.instants import iso
from transforms.reasons import Stage
from transforms.text_origin import facts
from transforms.write.jsonl import copy_line, record_line, reject_line
from transforms.write.manifest import (
    ARTICLE,
    COPY,
    NAME,
    NOT_DUE,
    READ,
    REJECT,
    TEXT,
    UNCHANGED,
    CountsError,
    manifest,
    totals,
)
from transforms.write.record import make_record


class MakeRecords(beam.PTransform):
    """`Article` to `Record`."""

    def __init__(self, rejects: ErrorHandler) -> None:
        super().__init__()
        self._rejects = rejects

    def expand(self, articles: beam.PCollection) -> beam.PCollection:  # noqa: D102
        return articles | Attempt[Article, Record](make_record, Stage.WRITE, Record, self._rejects)


class WriteRecords(beam.PTransform):
    """One kind of element to ``KIND-SSSSS-of-NNNNN.jsonl``; the names of the files come out when they are whole."""

    def __init__(self, directory: str, kind: str, line: Callable[[Any], str]) -> None:
        super().__init__()
        self._prefix = FileSystems.join(directory, kind)
        self._line = line

    def expand(self, elements: beam.PCollection) -> beam.PCollection:  # noqa: D102
        return (
            elements
            | "Line" >> beam.Map(self._line).with_output_types(str)
            | "Files"
            # Where there is nothing to write, an empty file; but on S3 Beam cannot make one.
            >> WriteToText(self._prefix, file_name_suffix=".jsonl", skip_if_empty=self._prefix.startswith("s3://"))
        )


class Ended(NamedTuple):
    """What all that was read came to."""

    articles: beam.PCollection
    copies: beam.PCollection
    rejects: beam.PCollection
    unchanged: beam.PCollection


def counted_by_key(
    read: Sequence[beam.PCollection],
    not_due: Sequence[beam.PCollection],
    ended: Ended,
    extracted: Sequence[beam.PCollection],
) -> beam.PCollection:
    """A key of `transforms.write.manifest.totals` for every element.

    All are counted in one place: a count for each collection would be most of the graph.
    """
    return [
        *(some | f"Read{number}" >> beam.Map(_as, READ) for number, some in enumerate(read)),
        *(some | f"NotDue{number}" >> beam.Map(_as, NOT_DUE) for number, some in enumerate(not_due)),
        *(some | f"Extracted{number}" >> beam.FlatMap(_of_text) for number, some in enumerate(extracted)),
        ended.articles | "Articles" >> beam.Map(lambda record: (ARTICLE, record.language)),
        ended.copies | "Copies" >> beam.Map(_as, COPY),
        ended.rejects | "Rejects" >> beam.Map(lambda reject: (REJECT, str(reject.stage), str(reject.reason))),
        ended.unchanged | "Unchanged" >> beam.Map(_as, UNCHANGED),
    ] | "Counted" >> beam.Flatten()


class CommitRun(beam.PTransform):
    """Count what came out, and write ``run.json`` in one step after all files of the run are whole.

    Part of the graph, so that it happens whether or not the program that started the run is still there.

    Args:
        directory: of the run.
        run: what ``run.json`` says that was known at the start.
        read: the documents that were read, of each way in; rejects of the reading and fetching not among them.
        not_due: addresses that were not read, for there is nothing new; they are unchanged too.
        ended: what they came to.
        extracted: what was taken out of the documents, whatever it came to later.
        commit: what has to be done before ``run.json`` appears, once everything else is written; it lets the path of
            the manifest through when it is done.
    """

    def __init__(
        self,
        directory: str,
        run: Mapping[str, Any],
        read: Sequence[beam.PCollection],
        ended: Ended,
        not_due: Sequence[beam.PCollection] = (),
        extracted: Sequence[beam.PCollection] = (),
        commit: beam.PTransform | None = None,
    ) -> None:
        super().__init__()
        self._directory = directory
        self._run = dict(run)
        self._read = list(read)
        self._not_due = list(not_due)
        self._extracted = list(extracted)
        self._ended = ended
        self._commit = commit

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection:  # noqa: D102
        articles, copies, rejects, _ = self._ended
        sides = {
            f"{kind}_files": beam.pvalue.AsList(
                elements | f"Write{kind.capitalize()}" >> WriteRecords(self._directory, kind, line)
            )
            for kind, elements, line in (
                ("articles", articles, record_line),
                ("copies", copies, copy_line),
                ("rejects", rejects, reject_line),
            )
        }
        counted = counted_by_key(self._read, self._not_due, self._ended, self._extracted)
        counts = counted | "Count" >> beam.combiners.Count.PerElement()
        ready = (
            begin
            | "Once" >> beam.Create([self._directory])
            | "Prepare"
            >> beam.ParDo(_PrepareDoFn(self._run), counts=beam.pvalue.AsDict(counts), **sides).with_output_types(str)
        )
        if self._commit is not None:
            ready = ready | "State" >> self._commit
        return ready | "Publish" >> beam.Map(publish, self._run["attempt"])


class _PrepareDoFn(beam.DoFn):
    def __init__(self, run: dict[str, Any]) -> None:
        self._run = run

    def process(
        self,
        directory: str,
        counts: dict[tuple[str, ...], int],
        articles_files: list[str],
        copies_files: list[str],
        rejects_files: list[str],
    ) -> Iterator[str]:
        files = {"articles": articles_files, "copies": copies_files, "rejects": rejects_files}
        text = manifest(self._run, *totals(counts), files, iso(datetime.now(UTC)) or "")
        yield prepare(FileSystems.join(directory, NAME), text, self._run["attempt"])


def prepare(path: str, text: str, attempt: str) -> str:
    """Write a file beside its place, for `publish`; gives its path.

    A file of the same attempt that is in its place is left: an earlier try of this bundle published it. One of another
    attempt means that two runs wrote to one place, and this one must not pass for whole.
    """
    if FileSystems.exists(path):
        with FileSystems.open(path) as stream:
            committed = json.loads(stream.read())
        if committed.get("attempt") != attempt:
            raise CountsError(f"{path} was committed by another run in the meantime")
        return path
    with FileSystems.create(f"{path}.part") as stream:
        stream.write(text.encode("utf-8"))
    return path


def publish(path: str, attempt: str) -> str:
    """Put what `prepare` has written in its place, so that it is there as a whole or not at all."""
    part = f"{path}.part"
    if not FileSystems.exists(path) and FileSystems.exists(part):
        try:
            FileSystems.rename([part], [path])
        except OSError:
            if not FileSystems.exists(path):  # else another run has found it committed, and done this for it
                raise
    with FileSystems.open(path) as stream:
        if json.loads(stream.read()).get("attempt") != attempt:
            raise CountsError(f"{path} was committed by another run in the meantime")
    return path


def _as(_: Any, name: str) -> tuple[str, ...]:
    return (name,)


def _of_text(article: Article) -> Iterator[tuple[str, ...]]:
    """Nothing where the document is no page."""
    return ((TEXT, str(fact)) for fact in facts(dict(article.origins).get("text", "")))
