"""The clock of a stream."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from apache_beam.io.restriction_trackers import OffsetRange, OffsetRestrictionTracker
from apache_beam.io.watermark_estimators import ManualWatermarkEstimator
from apache_beam.transforms.core import RestrictionProvider
from apache_beam.transforms.window import TimestampedValue
from apache_beam.utils.timestamp import Timestamp

_FOR_EVER = 1 << 62


class Ticks(beam.PTransform):
    """The pipeline to the time, in microseconds since 1970, again and again; each is stamped with itself.

    Beam's `PeriodicImpulse` would have its end fixed when the graph is built, and make up for ticks that were missed
    while the program was busy, or stopped. This one ends when it is asked to, after one more tick; then the watermark
    moves to the end of time, all windows close, and a runner that ends with its sources ends.

    Args:
        start_s: the first tick, in seconds since 1970.
        interval_s: between two.
        stop_path: a file of any name; as soon as it is there, the ticks end.
        stop_after_s: when they end otherwise, counted from the start; None for never.
    """

    def __init__(self, start_s: float, interval_s: float, stop_path: str, stop_after_s: float | None = None) -> None:
        super().__init__()
        self._span = start_s, interval_s, math.inf if stop_after_s is None else start_s + stop_after_s
        self._stop_path = stop_path

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection:  # noqa: D102
        return (
            begin
            | "Span" >> beam.Create([self._span]).with_output_types(tuple[float, float, float])
            | "Tick" >> beam.ParDo(_TickDoFn(self._stop_path)).with_output_types(int)
        )


class _Numbers(RestrictionProvider):
    """The numbers of the ticks, without end."""

    def initial_restriction(self, _: Any) -> OffsetRange:
        return OffsetRange(0, _FOR_EVER)

    def create_tracker(self, restriction: OffsetRange) -> OffsetRestrictionTracker:
        return OffsetRestrictionTracker(restriction)

    def restriction_size(self, _: Any, restriction: OffsetRange) -> int:
        return 1

    def truncate(self, _: Any, restriction: OffsetRange) -> None:
        """A runner that drains ends the ticks where they are."""


_NUMBERS = beam.DoFn.RestrictionParam(_Numbers())
_WATERMARK = beam.DoFn.WatermarkEstimatorParam(ManualWatermarkEstimator.default_provider())


class _TickDoFn(beam.DoFn):
    def __init__(self, stop_path: str) -> None:
        self._stop_path = stop_path

    @beam.DoFn.unbounded_per_element()  # type: ignore[untyped-decorator]
    def process(
        self,
        span: tuple[float, float, float],
        tracker: Any = _NUMBERS,
        watermark: Any = _WATERMARK,
    ) -> Iterator[TimestampedValue]:
        start_s, interval_s, end_s = span
        number = tracker.current_restriction().start
        now_s = time.time()
        latest = math.floor((now_s - start_s) / interval_s)
        if latest >= number:
            # One tick for all that were missed: what they cause would only be done several times.
            if not tracker.try_claim(latest):
                return
            at = Timestamp(start_s + latest * interval_s)
            watermark.set_watermark(at)
            yield TimestampedValue(at.micros, at)
            number = latest + 1
            if now_s >= end_s or FileSystems.exists(self._stop_path):
                tracker.try_claim(_FOR_EVER)
                return
        following = Timestamp(start_s + number * interval_s)
        if (known := watermark.current_watermark()) is None or following > known:
            watermark.set_watermark(following)
        tracker.defer_remainder(following)
