"""Whether what cleaning left is an article."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from transforms.elements import Article, Reject
from transforms.reasons import Reason, Stage
from transforms.words import count_words

MIN_WORDS = 5
MAX_SIGN_WORDS = 120
"""A longer text is an article about such pages rather than one of them."""

LOGIN = "login page"

_CHARS = 400


class Sign(NamedTuple):
    """What a page that holds no article says: in its headline or first line, or anywhere in its few lines."""

    name: str
    title: tuple[re.Pattern[str], ...]
    text: tuple[re.Pattern[str], ...]
    example: str


def accept(article: Article) -> Article | Reject:
    """The article, or a `Reject`.

    ``no_article`` where nothing is left, or where a short text is that of an error, login, consent or captcha page
    (what is left of an article behind a subscription wall asks to log in, too, and is none of these); ``too_short``
    under `MIN_WORDS` words; a page of so few is ``no_article``.
    """
    if not article.paragraphs:
        return _reject(article, Reason.NO_ARTICLE, "nothing but boilerplate")
    words = 0
    for paragraph in article.paragraphs:
        words += count_words(paragraph)
        if words > MAX_SIGN_WORDS:
            return article
    sign = seen_sign(article)
    if sign and not (article.paywalled and sign.name == LOGIN):
        return _reject(article, Reason.NO_ARTICLE, f"{sign.name}: {(article.title or article.paragraphs[0])[:80]}")
    if words < MIN_WORDS:
        reason = Reason.NO_ARTICLE if article.kind == "html" else Reason.TOO_SHORT
        return _reject(article, reason, f"{words} words, fewer than {MIN_WORDS}")
    return article


def seen_sign(article: Article) -> Sign | None:
    """The first sign in the headline, the first line or the text that the article is none."""
    heads = [head[:_CHARS] for head in (article.title, article.paragraphs[0]) if head]
    for sign in signs():
        if any(pattern.search(head) for pattern in sign.title for head in heads):
            return sign
        if any(pattern.search(line[:_CHARS]) for pattern in sign.text for line in article.paragraphs):
            return sign
    return None


@cache
def signs() -> tuple[Sign, ...]:
    """The signs of ``no_article.toml``."""
    table = tomllib.loads(files("transforms.clean").joinpath("no_article.toml").read_text("utf-8"))
    return tuple(
        Sign(
            row["name"],
            tuple(re.compile(pattern, re.IGNORECASE) for pattern in row["title"]),
            tuple(re.compile(pattern, re.IGNORECASE) for pattern in row["text"]),
            row["example"],
        )
        for row in table["sign"]
    )


def _reject(article: Article, reason: Reason, detail: str) -> Reject:
    url = article.url or article.origin
    return Reject(Stage.CLEAN, reason, url, detail, article.source, article.fetched_at)
