"""Articles to articles without boilerplate."""

from __future__ import annotations

import apache_beam as beam
from apache_beam.transforms.error_handling import ErrorHandler

from transforms.attempt import Attempt
from transforms.clean.article import clean_article
from transforms.clean.verdict import accept
from transforms.elements import Article, Reject
from transforms.reasons import Stage


class CleanText(beam.PTransform):
    """`Article` to `Article` by `clean_article`; what has nothing left is rejected."""

    def __init__(self, rejects: ErrorHandler) -> None:
        super().__init__()
        self._rejects = rejects

    def expand(self, articles: beam.PCollection) -> beam.PCollection:  # noqa: D102
        return articles | Attempt[Article, Article](clean_and_judge, Stage.CLEAN, Article, self._rejects)


def clean_and_judge(article: Article) -> Article | Reject:
    """The cleaned article, or why it is none."""
    return accept(clean_article(article).article)
