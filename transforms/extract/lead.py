"""The lead: the sentence or two under the headline, which many pages keep outside of the article's body."""

from __future__ import annotations

import re
from collections.abc import Iterable

MIN_CHARS, MAX_CHARS = 40, 700
_CUT_OFF = re.compile(r"\s*(?:…|\.\.\.|\[…\])$")
_WORDS = re.compile(r"[^\W_]+")


def shown_lead(blocks: Iterable[str], descriptions: Iterable[str | None]) -> str | None:
    """What the page describes itself with, where it also shows it to readers as a block of its own.

    Args:
        blocks: the texts that the page shows outside of the article's body.
        descriptions: of its JSON-LD and meta tags; one that is cut off with an ellipsis is known by its beginning.

    Returns:
        the block's text as shown, or None: a description that no reader sees is not part of the article.
    """
    wanted = [found for text in descriptions if text and MIN_CHARS <= len(text) <= MAX_CHARS and (found := _key(text))]
    if not wanted:
        return None
    for text in blocks:
        if MIN_CHARS <= len(text) <= MAX_CHARS:
            words = _WORDS.findall(text.casefold())
            if any(words[: len(key)] == key and (is_cut or len(words) == len(key)) for key, is_cut in wanted):
                return text
    return None


def is_among(lead: str, paragraphs: Iterable[str]) -> bool:
    """Whether the paragraphs hold the lead already."""
    words = " ".join(_WORDS.findall(lead.casefold()))
    return any(words in " ".join(_WORDS.findall(paragraph.casefold())) for paragraph in paragraphs)


def _key(text: str) -> tuple[list[str], bool] | None:
    is_cut = _CUT_OFF.search(text) is not None
    words = _WORDS.findall(_CUT_OFF.sub("", text).casefold())
    return (words[:-1] if is_cut else words, is_cut) if len(words) > 4 else None
