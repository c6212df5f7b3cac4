"""Front pages and section pages: lists of other articles, and none themselves."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from transforms.extract.address import normalized_address
from transforms.extract.characters import one_line
from transforms.extract.parse import Element, text_of
from transforms.words import count_words

MIN_LINKED_HEADLINES = 5
MAX_TEASER_WORDS = 45
MAX_WORDS = 200
_MIN_HEADLINE_WORDS = 4
_WORD = re.compile(r"[^\W_]+")


def index_sign(tree: Element, declared_url: str | None, declares_article: bool) -> str | None:
    """What in a page shows that it is an index, or None.

    Cautious: a page that declares an article or has a headline of its own is none, and what `has_running_text` is
    none either. Of 1,029 labelled article pages none is called an index by both.
    """
    if declares_article or _has_headline(tree):
        return None
    linked = _linked_headlines(tree)
    declared = normalized_address(declared_url) if declared_url else None
    path = urlsplit(declared).path if declared else None
    if linked >= MIN_LINKED_HEADLINES:
        return f"an index of {linked} linked headlines"
    return "a front page by its own address" if path == "/" and linked else None


def has_running_text(paragraphs: tuple[str, ...]) -> bool:
    """Whether extracted lines are more than teasers."""
    words = [count_words(paragraph) for paragraph in paragraphs]
    return sum(words) > MAX_WORDS or max(words, default=0) >= MAX_TEASER_WORDS


def _has_headline(tree: Element) -> bool:
    """Whether one of at most two h1 has the length of a headline and leads nowhere else."""
    headings = list(tree.iter("h1"))
    own = (h for h in headings if h.find(".//a") is None and (h.getparent() is None or h.getparent().tag != "a"))
    return len(headings) <= 2 and any(len(_WORD.findall(one_line(text_of(h)))) >= _MIN_HEADLINE_WORDS for h in own)


def _linked_headlines(tree: Element) -> int:
    count = 0
    for heading in tree.iter("h1", "h2", "h3", "h4"):
        parent = heading.getparent()
        is_linked = heading.find(".//a") is not None or (parent is not None and parent.tag == "a")
        if is_linked and len(_WORD.findall(one_line(text_of(heading)))) >= _MIN_HEADLINE_WORDS:
            count += 1
    return count
