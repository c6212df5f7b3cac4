"""Articles to articles that carry the marks of the wire as fields."""

from __future__ import annotations

import apache_beam as beam
from apache_beam.transforms.error_handling import ErrorHandler

from transforms.attempt import Attempt
from transforms.elements import Article
from transforms.reasons import Stage
from transforms.wire.verdict import mark_and_judge


class MarkWire(beam.PTransform):
    """`Article` to `Article` by `mark_and_judge`: agency, dateline, desk codes, people and credits leave the text."""

    def __init__(self, rejects: ErrorHandler) -> None:
        super().__init__()
        self._rejects = rejects

    def expand(self, articles: beam.PCollection) -> beam.PCollection:  # noqa: D102
        return articles | Attempt[Article, Article](mark_and_judge, Stage.WIRE, Article, self._rejects)
