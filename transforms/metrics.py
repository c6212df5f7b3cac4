"""Counter names.

Counters show progress while a run goes on; what ``run.json`` states is counted exactly, from the elements.
"""

from __future__ import annotations

from apache_beam.metrics import Metrics
from apache_beam.metrics.metricbase import Counter

from transforms.reasons import Reason, Stage
from transforms.text_origin import TextOrigin

NAMESPACE = "depesche"


def documents_read() -> Counter:
    """Documents that came out of the inputs."""
    return Metrics.counter(NAMESPACE, "documents_read")


def rejected(stage: Stage, reason: Reason) -> Counter:
    """Inputs given up, by stage and reason."""
    return Metrics.counter(NAMESPACE, f"rejected_{stage}_{reason}")


def extracted(fact: TextOrigin) -> Counter:
    """Pages by what their text was taken from, and what led there."""
    return Metrics.counter(NAMESPACE, f"extracted_{fact.name.lower()}")
