"""A plain function that returns an element or a `Reject`, as a typed PTransform.

Every room's transform wires its function with `Attempt`, so that policy drops and exceptions are told apart and
handled in one place: a returned `Reject` goes to the run's `ErrorHandler` as it is; an exception becomes a `Reject`
with the reason ``failed`` there, and the run goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

import apache_beam as beam
from apache_beam.transforms.error_handling import ErrorHandler

from transforms import metrics
from transforms.elements import Article, Page, Reject
from transforms.reasons import Reason, Stage

DETAIL_CHARS = 300
_REJECTS, _FAILED = "rejects", "failed"

In = TypeVar("In", Page, Article)
Out = TypeVar("Out")


class Attempt(beam.PTransform, Generic[In, Out]):
    """Apply ``function`` to each element; what it rejects, or fails on, goes to ``rejects``.

    Args:
        function: element in, element or `Reject` out; pure, so that a retry gives the same.
        stage: named in rejects of exceptions.
        out: the type of the elements that come out.
        rejects: collects the rejects of the whole run.
        load: called once per worker in `setup`, to load models before the first element.
    """

    def __init__(
        self,
        function: Callable[[In], Out | Reject],
        stage: Stage,
        out: type[Out],
        rejects: ErrorHandler,
        load: Callable[[], object] | None = None,
    ) -> None:
        super().__init__()
        self._do_fn = _AttemptDoFn(function, load)
        self._stage = stage
        self._out = out
        self._rejects = rejects

    def expand(self, elements: beam.PCollection) -> beam.PCollection:  # noqa: D102
        results = elements | "Apply" >> beam.ParDo(self._do_fn).with_exception_handling(
            main_tag="main", dead_letter_tag=_FAILED
        ).with_outputs(_REJECTS, main="main")
        failures = results[_FAILED] | "Failed" >> beam.Map(reject_failure, self._stage).with_output_types(Reject)
        self._rejects.add_error_pcollection(results[_REJECTS])
        self._rejects.add_error_pcollection(failures)
        passed: beam.PCollection = results["main"]
        passed.element_type = self._out
        return passed


class _AttemptDoFn(beam.DoFn):
    def __init__(self, function: Callable[[Any], Any], load: Callable[[], object] | None) -> None:
        self._function = function
        self._load = load

    def setup(self) -> None:
        if self._load is not None:
            self._load()

    def process(self, element: Any) -> Iterator[Any]:
        result = self._function(element)
        if isinstance(result, Reject):
            metrics.rejected(result.stage, result.reason).inc()
            yield beam.pvalue.TaggedOutput(_REJECTS, result)
        else:
            yield result


def reject_failure(dead_letter: tuple[Page | Article, tuple[type, str, list[str]]], stage: Stage) -> Reject:
    """Turn Beam's dead letter (element, (exception type, its repr, traceback)) into a `Reject`."""
    element, (_, message, _) = dead_letter
    metrics.rejected(stage, Reason.FAILED).inc()
    return Reject(
        stage=stage,
        reason=Reason.FAILED,
        url=element.url or element.origin,
        detail=message[:DETAIL_CHARS],
        source=element.source,
        at=element.fetched_at,
    )
