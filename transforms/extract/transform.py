"""Documents to articles."""

from __future__ import annotations

import apache_beam as beam
from apache_beam.transforms.error_handling import ErrorHandler

from transforms.attempt import Attempt
from transforms.elements import Article, Page
from transforms.extract.article import extract_article
from transforms.reasons import Stage


class ExtractArticles(beam.PTransform):
    """`Page` to `Article` by `extract_article`."""

    def __init__(self, rejects: ErrorHandler) -> None:
        super().__init__()
        self._rejects = rejects

    def expand(self, pages: beam.PCollection) -> beam.PCollection:  # noqa: D102
        return pages | Attempt[Page, Article](extract_article, Stage.EXTRACT, Article, self._rejects)
