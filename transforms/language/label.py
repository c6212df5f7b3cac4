"""The language of an article."""

from __future__ import annotations

import dataclasses

from transforms.elements import Article
from transforms.language.detect import detect_language

_SHORT_CHARS = 200


def label_language(article: Article) -> Article:
    """The article with its language, found from its text.

    What the page declares is not believed: templates say ``en`` over texts in every language.
    """
    guess = detect_language(sample_text(article))
    return dataclasses.replace(article, language=guess.code, language_confidence=guess.confidence)


def sample_text(article: Article) -> str:
    """What the language is found from: the text, and with a short one the title and lead too."""
    text = "\n".join(article.paragraphs)
    if len(text) >= _SHORT_CHARS:
        return text
    return "\n".join(part for part in (article.title, article.lead, text) if part)
