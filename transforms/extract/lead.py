"""The lead: the sentence or two under the headline, which many pages keep outside of the article's body."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from lxml import html

from transforms.extract.characters import one_line

MIN_CHARS, MAX_CHARS = 40, 700
_TAGS = ("p", "h2", "h3", "h4", "div", "span", "strong")
_MAX_PIECES = 40
_FIRST_PIECES, _FIRST_CHARS = 4, 200
_CUT_OFF = re.compile(r"\s*(?:…|\.\.\.|\[…\])$")
_WORDS = re.compile(r"[^\W_]+")


def shown_lead(tree: html.HtmlElement, descriptions: Iterable[str | None]) -> str | None:
    """What the page describes itself with, where it also shows it to readers as a block of its own.

    Args:
        tree: the parsed page.
        descriptions: of its JSON-LD and meta tags; one that is cut off with an ellipsis is known by its beginning.

    Returns:
        the block's text as shown, or None: a description that no reader sees is not part of the article.
    """
    wanted = [found for text in descriptions if text and MIN_CHARS <= len(text) <= MAX_CHARS and (found := _key(text))]
    if not wanted:
        return None
    beginnings = {key[0] for key, _ in wanted}
    for element in tree.iter(*_TAGS):
        if _first_word(element) not in beginnings:
            continue
        text = _short_text(element)
        if MIN_CHARS <= len(text) <= MAX_CHARS:
            words = _WORDS.findall(text.casefold())
            if any(words[: len(key)] == key and (is_cut or len(words) == len(key)) for key, is_cut in wanted):
                return text
    return None


def is_among(lead: str, paragraphs: Iterable[str]) -> bool:
    """Whether the paragraphs hold the lead already."""
    words = " ".join(_WORDS.findall(lead.casefold()))
    return any(words in " ".join(_WORDS.findall(paragraph.casefold())) for paragraph in paragraphs)


def _first_word(element: html.HtmlElement) -> str | None:
    """Turns nearly all elements away before their text is put together."""
    for part in islice(element.itertext(), _FIRST_PIECES):
        if found := _WORDS.search(part, 0, _FIRST_CHARS):
            return found.group(0).casefold()
    return None


def _short_text(element: html.HtmlElement) -> str:
    """The element's text, or nothing where it is longer than a lead: nested elements are not read over and over."""
    parts: list[str] = []
    size = 0
    for number, part in enumerate(element.itertext()):
        size += len(part)
        if number >= _MAX_PIECES or size > MAX_CHARS * 2:
            return ""
        parts.append(part)
    return one_line("".join(parts))


def _key(text: str) -> tuple[list[str], bool] | None:
    is_cut = _CUT_OFF.search(text) is not None
    words = _WORDS.findall(_CUT_OFF.sub("", text).casefold())
    return (words[:-1] if is_cut else words, is_cut) if len(words) > 4 else None
