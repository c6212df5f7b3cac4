"""Running one transform on the in-process runner, and getting at what came out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import apache_beam as beam
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.transforms.error_handling import CollectingErrorHandler

# The workers are threads of this process, and a module's function is pickled by name: what it appends is seen here.
_KEPT: dict[str, list[Any]] = {}

Graph = Callable[[beam.Pipeline, CollectingErrorHandler], dict[str, beam.PCollection]]


def run(graph: Graph) -> dict[str, list[Any]]:
    """The elements of each collection that a graph gives by name, and its ``rejects``."""
    _KEPT.clear()
    with TestPipeline(runner="apache_beam.runners.portability.fn_api_runner.FnApiRunner") as p:
        with CollectingErrorHandler() as rejects:
            outputs = graph(p, rejects)
            # Flatten needs an input, and a graph under test may have no step that rejects.
            rejects.add_error_pcollection(p | "NoReject" >> beam.Create([]))
        for name, elements in (outputs | {"rejects": rejects.output()}).items():
            _KEPT[name] = []
            _ = elements | f"Keep {name}" >> beam.Map(_keep, name)
    return dict(_KEPT)


def _keep(element: Any, name: str) -> None:
    _KEPT[name].append(element)
