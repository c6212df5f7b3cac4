"""Fetched lists to the documents, addresses and further lists that they hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.transforms.error_handling import ErrorHandler

from transforms import metrics
from transforms.attempt import DETAIL_CHARS
from transforms.discover.discover import discover
from transforms.elements import Fetched, FetchRequest, Page, Reject
from transforms.reasons import Reason, Stage

_LISTS, _PAGES, _REJECTS = "lists", "pages", "rejects"


class Discovered(NamedTuple):
    """What lists lead to: `FetchRequest`s for pages and for ``lists``, and ``documents`` that they carry (`Page`)."""

    pages: beam.PCollection
    lists: beam.PCollection
    documents: beam.PCollection


class DiscoverPages(beam.PTransform):
    """`Fetched` feeds, sitemaps and subscription lists to `Discovered`.

    Args:
        now: the start of the run, from which ages count.
        rejects: collects the rejects of the whole run.
    """

    def __init__(self, now: datetime, rejects: ErrorHandler) -> None:
        super().__init__()
        self._now = now
        self._rejects = rejects

    def expand(self, fetched: beam.PCollection) -> Discovered:  # noqa: D102
        found = fetched | "Read" >> beam.ParDo(_DiscoverDoFn(self._now)).with_outputs(
            _LISTS, _PAGES, _REJECTS, main="documents"
        )
        self._rejects.add_error_pcollection(found[_REJECTS])
        for name, kind in ((_PAGES, FetchRequest), (_LISTS, FetchRequest), ("documents", Page)):
            found[name].element_type = kind
        return Discovered(found[_PAGES], found[_LISTS], found["documents"])


class _DiscoverDoFn(beam.DoFn):
    def __init__(self, now: datetime) -> None:
        self._now = now

    def process(self, fetched: Fetched) -> Iterator[Any]:
        for source in (fetched.request.source, *fetched.request.also):
            request = replace(fetched.request, source=source, also=())
            yield from self._looked_into(replace(fetched, request=request))

    def _looked_into(self, fetched: Fetched) -> Iterator[Any]:
        try:
            yield from map(_tagged, discover(fetched, self._now))
        except Exception as error:  # noqa: BLE001  what the list gave before it stands
            yield _tagged(
                Reject(
                    Stage.FETCH,
                    Reason.FAILED,
                    fetched.url,
                    f"{error!r}"[:DETAIL_CHARS],
                    fetched.request.source.name,
                    fetched.fetched_at,
                )
            )


def _tagged(found: FetchRequest | Page | Reject) -> Any:
    if isinstance(found, Reject):
        metrics.rejected(found.stage, found.reason).inc()
        return beam.pvalue.TaggedOutput(_REJECTS, found)
    if isinstance(found, FetchRequest):
        return beam.pvalue.TaggedOutput(_PAGES if found.kind == "page" else _LISTS, found)
    return found
