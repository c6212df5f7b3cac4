"""A pipeline run to its end. What the runner says on the way is kept, and told where the run fails."""

from __future__ import annotations

import logging
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import IO, Any, TextIO

from apache_beam.runners.runner import PipelineState

_STDERR = 2
_LOOK_S = 0.5
_MAX_DETAILS_BYTES = 1_000_000
_MAX_CAUSE_CHARS = 600


class RunError(Exception):
    """One line that says why, and as ``details`` all that the runner said, its last megabyte at most."""

    def __init__(self, cause: str, details: str) -> None:
        super().__init__(cause)
        self.details = details


def run_to_end(
    pipeline: Any,
    shown: Callable[[TextIO], AbstractContextManager[None]],
    is_waited_for: bool = True,
    stop: Callable[[], None] | None = None,
    is_drained: Callable[[], bool] | None = None,
    cancel: Callable[[], None] = lambda: None,
    is_more: Callable[[], bool] = lambda: False,
) -> None:
    """Run a pipeline, and return when it is done, or has been handed over. SIGTERM is taken as Ctrl-C.

    Runners print whole pages where a worker fails, and some also where none did: their connections end with errors.
    Nothing of this reaches the terminal, also afterwards, for their threads outlive the run.

    Args:
        pipeline: Beam's.
        shown: entered with the terminal, which ``sys.stderr`` is not meanwhile; for what shows how far the run is.
        is_waited_for: whether to stay until it is done.
        stop: asks the pipeline to end. With it the first signal does that, and only the second one breaks it off.
        is_drained: whether it is done, of a runner that goes on for all that; it is cancelled then.
        cancel: called when the runner has been told to cancel.
        is_more: asked after each run: whether the pipeline is to be run again.

    Raises:
        RunError: the run did not come to its end.
        KeyboardInterrupt: it was stopped from outside; the runner has been told to end it.
    """
    if threading.current_thread() is threading.main_thread():
        _take_signals(stop)
    with tempfile.TemporaryFile() as said:
        try:
            with _stderr_to(said) as terminal, shown(terminal):
                while True:
                    result = pipeline.run()
                    state = _wait(result, is_drained, cancel) if is_waited_for else None
                    if state not in ("DONE", None) or not is_more():
                        break
                    said.seek(0)
                    said.truncate()
        except Exception as error:
            raise RunError(cause_of(error), _tail(said) + traceback.format_exc()) from error
        if state not in ("DONE", None):
            raise RunError(f"the runner ended with {state}", _tail(said))


def _take_signals(stop: Callable[[], None] | None) -> None:
    """SIGTERM as Ctrl-C; with ``stop`` the first of both asks for an end."""

    def first(*_: object) -> None:
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, signal.default_int_handler)
        if stop:
            stop()

    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, first if stop else signal.default_int_handler)


def _wait(result: Any, is_drained: Callable[[], bool] | None, cancel: Callable[[], None]) -> str | None:
    """The state that a run ends in. Stopped from outside, it is cancelled."""
    try:
        while is_drained and not PipelineState.is_terminal(result.state):
            if is_drained():
                with suppress(Exception):  # it may have ended in between
                    result.cancel()
                cancel()
                return "DONE"
            time.sleep(_LOOK_S)
        state: str | None = result.wait_until_finish()
    except KeyboardInterrupt:
        with suppress(Exception):  # a runner that has ended already
            result.cancel()
        cancel()
        raise
    return state


@contextmanager
def _stderr_to(file: IO[bytes]) -> Iterator[TextIO]:
    """Also what worker processes write, which inherit the descriptor. Gives the stream that was there before.

    What threads say after it goes nowhere.
    """
    sys.stderr.flush()
    with os.fdopen(os.dup(_STDERR), "w", encoding="utf-8", errors="backslashreplace") as terminal:
        os.dup2(file.fileno(), _STDERR)
        try:
            yield terminal
        finally:
            logging.disable()
            threading.excepthook = _no_word
            sys.stderr.flush()
            os.dup2(terminal.fileno(), _STDERR)


def _tail(file: IO[bytes]) -> str:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _MAX_DETAILS_BYTES))
    return file.read().decode("utf-8", "replace")


def _no_word(_: threading.ExceptHookArgs) -> None:
    """Nothing."""


def cause_of(error: BaseException) -> str:
    """An exception in one line. Runners put a worker's whole traceback into its text; the last line is what it says."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__)[:_MAX_CAUSE_CHARS]
