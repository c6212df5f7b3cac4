"""Documents to articles."""

from __future__ import annotations

import apache_beam as beam
from apache_beam.transforms.error_handling import ErrorHandler

from transforms import metrics
from transforms.attempt import Attempt
from transforms.elements import Article, Page, Reject
from transforms.extract.article import extract_article
from transforms.reasons import Stage
from transforms.text_origin import facts


class ExtractArticles(beam.PTransform):
    """`Page` to `Article` by `extract_article`."""

    def __init__(self, rejects: ErrorHandler) -> None:
        super().__init__()
        self._rejects = rejects

    def expand(self, pages: beam.PCollection) -> beam.PCollection:  # noqa: D102
        return pages | Attempt[Page, Article](extract_and_count, Stage.EXTRACT, Article, self._rejects)


def extract_and_count(page: Page) -> Article | Reject:
    """`extract_article`, and what the text was taken from to the counters."""
    extracted = extract_article(page)
    if isinstance(extracted, Article):
        for fact in facts(dict(extracted.origins).get("text", "")):
            metrics.extracted(fact).inc()
    return extracted
