"""Steps whose effects cannot be taken back."""

from __future__ import annotations

from typing import Any

import apache_beam as beam
from apache_beam.portability import common_urns

_REFUSING = frozenset({"FnApiRunner", "PrismRunner"})
"""Runners without checkpoints: they know no difference, and refuse a graph that asks for it."""


class StableParDo(beam.ParDo):
    """A ParDo that is given only what will be the same whenever it is given again.

    A runner that goes on from checkpoints (Flink) holds the elements back until one has them. Beam's Java has an
    annotation for it, ``@RequiresStableInput``, and its Python none.
    """

    def expand(self, pcoll: Any) -> Any:  # noqa: D102
        self._is_asked_for = type(pcoll.pipeline.runner).__name__ not in _REFUSING
        return super().expand(pcoll)

    def to_runner_api_parameter(self, context: Any, **extra: Any) -> tuple[str, Any]:
        """As Beam translates it, with the requirement."""
        urn, payload = super().to_runner_api_parameter(context, **extra)
        if self._is_asked_for:
            payload.requires_stable_input = True
            context.add_requirement(common_urns.requirements.REQUIRES_STABLE_INPUT.urn)
        return urn, payload
