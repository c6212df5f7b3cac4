"""How long a stream's poller works before it lets others have their turn."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

from pipeline.config import Stream
from pipeline.pieces import is_stopped, piece_end_s
from transforms.elements import Fetched

MAX_TICK_S = 0.4
MAX_OUTCOMES = 500
MAX_BYTES = 32_000_000
"""Of one tick: what follows has its turn only afterwards."""
_QUIET_S = 0.1
_STEP_S = 0.01
_LONG_STEP_S = 0.05
_LOOK_S = 1.0


class Turn:
    """How long a tick lasts: while answers come, but not long; or to the end of its piece."""

    def __init__(self, stream: Stream, at: datetime, started_at: datetime | None) -> None:
        self._stream, self._at = stream, at
        self._began_s = self._heard_s = self._looked_s = time.monotonic()
        started_s = started_at.timestamp() if started_at else float("inf")
        self._end_s = MAX_TICK_S
        if stream.is_in_pieces:
            self._end_s = piece_end_s(at.timestamp(), started_s, stream) - at.timestamp()
        self._outcomes = self._bytes = 0
        self.is_last = False
        """Whether the stream is to stop: what has been fetched is taken, and nothing more is asked for."""

    def now(self) -> datetime:
        """The tick's time, and what has passed since."""
        return self._at + timedelta(seconds=time.monotonic() - self._began_s)

    def is_over(self, out: int, outcomes: list[Any]) -> bool:
        """Told what came; waits a moment where nothing did."""
        now_s = time.monotonic()
        self._outcomes += len(outcomes)
        self._bytes += sum(len(outcome.body) for outcome in outcomes if isinstance(outcome, Fetched))
        if outcomes:
            self._heard_s = now_s
        if now_s - self._began_s >= self._end_s:
            return True
        if self._stream.is_in_pieces:
            if now_s - self._looked_s >= _LOOK_S:
                self._looked_s = now_s
                self.is_last = is_stopped(self._stream)
                if self.is_last:
                    return True
        elif not out or now_s - self._heard_s >= _QUIET_S or self._outcomes >= MAX_OUTCOMES or self._bytes >= MAX_BYTES:
            return True
        if not outcomes:
            time.sleep(_STEP_S if out else _LONG_STEP_S)
        return False
