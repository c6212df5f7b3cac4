"""Fetched archives to the documents that they hold."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
from apache_beam.transforms.error_handling import ErrorHandler

from transforms import metrics
from transforms.elements import Fetched, Page, Reject
from transforms.read.archives import read_archive

_REJECTS = "rejects"


class ReadArchives(beam.PTransform):
    """`Fetched` WARC archives to the `Page`s in them.

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

    def process(self, fetched: Fetched) -> Iterator[Any]:
        for document in read_archive(io.BytesIO(fetched.body), fetched.request.source.name, self._max_bytes):
            if isinstance(document, Reject):
                metrics.rejected(document.stage, document.reason).inc()
                yield beam.pvalue.TaggedOutput(_REJECTS, document)
            else:
                metrics.documents_read().inc()
                yield document
