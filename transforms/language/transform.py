"""Articles to articles that know their language."""

from __future__ import annotations

import apache_beam as beam
from apache_beam.transforms.error_handling import ErrorHandler

from transforms.attempt import Attempt
from transforms.elements import Article
from transforms.language.detect import load
from transforms.language.label import label_language
from transforms.reasons import Stage


class DetectLanguage(beam.PTransform):
    """`Article` to `Article` by `label_language`; the detectors load once a worker."""

    def __init__(self, rejects: ErrorHandler) -> None:
        super().__init__()
        self._rejects = rejects

    def expand(self, articles: beam.PCollection) -> beam.PCollection:  # noqa: D102
        return articles | Attempt[Article, Article](label_language, Stage.LANGUAGE, Article, self._rejects, load=load)
