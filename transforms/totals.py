"""How many elements a collection has, as a side input.

`beam.combiners.Count.Globally` takes a dozen steps to say 0 for an empty collection, and every step of a graph costs
its share of each run's start; a side input has a default for that.
"""

from __future__ import annotations

from collections.abc import Callable

import apache_beam as beam


def total(elements: beam.PCollection, label: str, of: Callable[[int], int] = int) -> beam.pvalue.AsSingleton:
    """The number of a collection's elements, or what a function makes of it.

    Args:
        label: of the steps that count, in the graph.
        of: applied to the number.
    """
    counted = (
        elements
        | f"{label}Each" >> beam.Map(lambda _: (b"", 1)).with_output_types(tuple[bytes, int])
        | f"{label}Sum" >> beam.CombinePerKey(sum)
        | label >> beam.MapTuple(lambda _, count: of(count)).with_output_types(int)
    )
    return beam.pvalue.AsSingleton(counted, default_value=of(0))
