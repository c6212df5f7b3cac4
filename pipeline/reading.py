"""What a run reads: files and live sources, once or as time goes by."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import apache_beam as beam
from apache_beam.transforms.error_handling import ErrorHandler
from apache_beam.transforms.window import TimestampedValue
from apache_beam.utils.timestamp import Timestamp

from pipeline.config import RunConfig, Stream
from pipeline.live import read_live
from pipeline.pieces import times
from pipeline.polling import PollSources
from transforms.fetch.transform import MakePages
from transforms.generation import StatePlan
from transforms.read.archive_transform import ReadArchives
from transforms.read.transform import ReadFiles, ReadInputs
from transforms.read.watch_transform import WatchInputs
from transforms.ticks.transform import Ticks

MAX_TICK_S = 1.0


class Read(NamedTuple):
    """What came in.

    Args:
        pages: `Page`s by the way in which they came.
        not_due: addresses that have nothing new.
        files: what the next run will know of addresses and hosts (`TableFile`), of a batch run with a state.
        ledger: the same before it is written, by table, of a stream.
        gone: addresses that held a document and are gone, of a stream with live sources.
    """

    pages: dict[str, beam.PCollection]
    not_due: tuple[beam.PCollection, ...] = ()
    files: beam.PCollection | None = None
    ledger: dict[str, beam.PCollection] = {}  # noqa: RUF012  a NamedTuple's default is never changed
    gone: beam.PCollection | None = None


def read_once(p: beam.Pipeline, config: RunConfig, plan: StatePlan | None, rejects: ErrorHandler) -> Read:
    """Put the reading of a batch run into its graph."""
    pages = {"Inputs": p | ReadInputs(config.inputs, config.max_bytes, rejects)} if config.inputs else {}
    if config.live is None:
        return Read(pages)
    found = read_live(p, config.live, config.started_at, plan, rejects)
    for hop, fetched in enumerate(found.pages):
        pages[f"Fetched{hop}"] = fetched | f"MakePages{hop}" >> MakePages(rejects)
    pages["Listed"] = found.documents
    pages["Archived"] = found.archives | ReadArchives(config.max_bytes, rejects)
    return Read(pages, (found.unchanged,), found.files)


def read_stream(
    p: beam.Pipeline, config: RunConfig, stream: Stream, plan: StatePlan | None, rejects: ErrorHandler
) -> Read:
    """Put the reading of a stream into its graph: ticks, and whoever does something at each."""
    ticks = p | "Ticks" >> _ticks(config, stream)
    carried_as = config.carried_as
    pages = {}
    if config.inputs:
        waiting = stream.is_in_pieces and config.live is None  # otherwise the crawl lasts as long as its piece
        looks = partial(times, started_s=config.started_at.timestamp(), stream=stream) if waiting else None
        files = ticks | WatchInputs(config.inputs, stream.every_s, looks, carried_as and f"{carried_as}/watch")
        pages["Inputs"] = _spread(files, "SpreadFiles", stream) | ReadFiles(config.max_bytes, rejects)
    if config.live is None:
        return Read(pages)
    polled = ticks | PollSources(config.live, stream, plan, carried_as, rejects, config.started_at)
    pages["Archived"] = polled.archives | ReadArchives(config.max_bytes, rejects)
    pages["Listed"] = _spread(polled.documents, "SpreadDocuments", stream)
    pages["Fetched"] = _spread(polled.pages, "SpreadPages", stream) | MakePages(rejects)
    ledger = {"addresses": polled.visits, "hosts": polled.facts}
    return Read(pages, (polled.unchanged,), None, ledger, polled.gone)


def _ticks(config: RunConfig, stream: Stream) -> beam.PTransform:
    if stream.is_in_pieces:
        return _OneTick()
    interval_s = min(MAX_TICK_S, stream.window_s / 5)
    return Ticks(config.started_at.timestamp(), interval_s, stream.stop_path, stream.stop_after_s)


def _spread(elements: beam.PCollection, name: str, stream: Stream) -> beam.PCollection:
    """One worker polls, and all the others extract; where there is only one, pages stay where they came in."""
    return elements if stream.is_in_pieces else elements | name >> beam.Reshuffle()


class _OneTick(beam.PTransform):
    """The pipeline to the time when it is run, in microseconds since 1970, stamped with itself."""

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection:
        return (
            begin
            | "Once" >> beam.Create([None]).with_output_types(type(None))
            | "Now" >> beam.FlatMap(_now).with_output_types(int)
        )


def _now(_: None) -> Iterator[TimestampedValue]:
    at = Timestamp(time.time())
    yield TimestampedValue(at.micros, at)
