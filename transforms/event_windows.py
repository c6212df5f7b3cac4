"""The windows that a stream is parted into, the same wherever something waits for one to close."""

from __future__ import annotations

import apache_beam as beam
from apache_beam.transforms import trigger
from apache_beam.transforms.window import FixedWindows
from apache_beam.utils.timestamp import Duration

LATEST_S = 7 * 86_400
"""What comes for a window that has closed is taken for so long, as another part of it."""


def closing_windows(window_s: float) -> beam.WindowInto:
    """Fixed windows that give all that came when they close, and afterwards what comes late."""
    return beam.WindowInto(
        FixedWindows(window_s),
        trigger=trigger.AfterWatermark(late=trigger.AfterCount(1)),
        accumulation_mode=trigger.AccumulationMode.DISCARDING,
        allowed_lateness=Duration(LATEST_S),
    )
