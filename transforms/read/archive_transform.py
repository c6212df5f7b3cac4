"""Fetched archives to the documents that they hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.transforms.error_handling import ErrorHandler

from transforms import metrics
from transforms.elements import FetchedArchive, Page, Reject
from transforms.read.archives import read_archive
from transforms.reasons import Reason, Stage

_REJECTS = "rejects"


class ReadArchives(beam.PTransform):
    """`FetchedArchive`s (WARC) to the `Page`s in them, where they were fetched.

    Args:
        max_bytes: the longest document taken, after decompression.
        rejects: collects what cannot be read.
    """

    def __init__(self, max_bytes: int, rejects: ErrorHandler) -> None:
        super().__init__()
        self._max_bytes = max_bytes
        self._rejects = rejects

    def expand(self, fetched: beam.PCollection) -> beam.PCollection:  # noqa: D102
        read = fetched | "Read" >> beam.ParDo(_ReadArchiveDoFn(self._max_bytes)).with_outputs(_REJECTS, main="pages")
        self._rejects.add_error_pcollection(read[_REJECTS])
        pages: beam.PCollection = read["pages"]
        pages.element_type = Page
        return pages


class _ReadArchiveDoFn(beam.DoFn):
    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes

    def process(self, archive: FetchedArchive) -> Iterator[Any]:
        for document in _documents(archive, self._max_bytes):
            if isinstance(document, Reject):
                metrics.rejected(document.stage, document.reason).inc()
                yield beam.pvalue.TaggedOutput(_REJECTS, document)
            else:
                metrics.documents_read().inc()
                yield document


def _documents(archive: FetchedArchive, max_bytes: int) -> Iterator[Page | Reject]:
    response, path = archive.response, Path(archive.path)
    source = response.request.source.name
    try:
        stream = path.open("rb")
    except OSError as error:
        yield Reject(Stage.READ, Reason.UNREADABLE, response.url, str(error), source, response.fetched_at)
        return
    with stream:
        yield from read_archive(stream, source, max_bytes)
    if archive.is_temporary:
        with suppress(OSError):
            path.unlink()
