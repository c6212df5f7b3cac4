"""Steps whose effects cannot be taken back."""

from __future__ import annotations

from typing import Any

import apache_beam as beam
from apache_beam.portability import common_urns


class StableParDo(beam.ParDo):
    """A ParDo that is given only what will be the same whenever it is given again.

    A runner that goes on from checkpoints (Flink) holds the elements back until one has them; one that has nothing to
    go on from knows no difference. Beam's Java has an annotation for it, ``@RequiresStableInput``, and its Python none.
    """

    def to_runner_api_parameter(self, context: Any, **extra: Any) -> tuple[str, Any]:
        """As Beam translates it, with the requirement."""
        urn, payload = super().to_runner_api_parameter(context, **extra)
        payload.requires_stable_input = True
        context.add_requirement(common_urns.requirements.REQUIRES_STABLE_INPUT.urn)
        return urn, payload
