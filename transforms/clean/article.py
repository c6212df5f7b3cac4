"""Cleaning one article: the steps in their order, repeated until nothing more goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from transforms.clean.book import LANGUAGES, book, language_of
from transforms.clean.boxes import boxes, cut
from transforms.clean.captions import captions, doubled
from transforms.clean.facts import Taken, read_facts
from transforms.clean.headline import Found, find_title, labels_around
from transforms.clean.lines import Line, analyse
from transforms.clean.repeats import repeated, titles
from transforms.clean.teasers import teaser_boxes, teaser_chain
from transforms.clean.zones import acting, date_lines, first_prose, single_lines, trailing
from transforms.elements import Article

_SAMPLE_LINES = 150
_HEADLINE_REASONS = ("any.head.title", "any.repeat.title")


class Removed(NamedTuple):
    """A paragraph that went: its index in the input, its text, and the rule that took it."""

    index: int  # type: ignore[assignment]  # shadows tuple.index, which nobody calls
    text: str
    rule: str


class Cleaned(NamedTuple):
    """The article without boilerplate, and what was removed, in the input's order."""

    article: Article
    removed: tuple[Removed, ...]


def clean_article(article: Article) -> Cleaned:
    """Takes the boilerplate out of an article and reads what it says.

    Args:
        article: as extracted; each of its ``paragraphs`` is one line of the document.

    Returns:
        the article with the paragraphs that remain (a subsequence of the input's) and with title, section, dates,
        captions, bylines and the sign of a subscription wall where they were found; and every removed paragraph.
        A cleaned article cleans to itself. Languages other than German and English keep all that no
        language-neutral rule knows. Never raises.
    """
    left = dict(enumerate(article.paragraphs))
    removed: dict[int, str] = {}
    known: dict[tuple[str, int], Line] = {}
    while left:
        language = _language(article, list(left.values()))
        for i, text in left.items():
            if (language, i) not in known:
                known[language, i] = analyse(i, text, book(language))
        article, gone = _once(article, [known[language, i] for i in left], language)
        if not gone:
            break
        if len(gone) == len(left) and (headline := _only_text(gone, left)) is not None:
            del gone[headline]  # a document of one sentence: its headline is its text
            if not gone:
                break
        removed |= gone
        left = {i: text for i, text in left.items() if i not in gone}
    paragraphs = article.paragraphs
    went = tuple(Removed(i, paragraphs[i], removed[i]) for i in sorted(removed))
    return Cleaned(replace(article, paragraphs=tuple(left.values())), went)


def _only_text(gone: dict[int, str], left: dict[int, str]) -> int | None:
    """Of lines that would all go, the one that says what the document reports."""
    return next((i for i in left if gone[i] in _HEADLINE_REASONS), None)


def _language(article: Article, texts: Sequence[str]) -> str:
    return article.language if article.language != "und" else language_of(texts[:_SAMPLE_LINES])


def _once(article: Article, lines: list[Line], language: str) -> tuple[Article, dict[int, str]]:
    """All steps once over the lines that are left: what the article has gained, and which lines go why."""
    acts = acting(lines)
    gone = {line.index: "any.blank" for line in lines if not line.head} | cut(lines, acts)
    paywalled = any(act is not None and act.paywall for act in acts)
    if language in LANGUAGES and article.kind == "text":
        gone = teaser_chain([line for line in lines if line.index not in gone]) | gone
    kept = [(line, act) for line, act in zip(lines, acts, strict=True) if line.index not in gone]
    lines, acts = [line for line, _ in kept], [act for _, act in kept]
    first = first_prose(lines)
    found: Found | None = None
    if article.kind == "text":
        if article.title is None:
            found = find_title(lines, acts, first, article.url)
        around = labels_around(lines, acts, found, article.title, first)
    else:
        around = {}
    title = found.title if found else article.title
    own = {lines[found.position].index: "any.head.title"} if found else {}
    pictures = captions(lines, acts)
    for part in (
        own,
        titles(lines, title, first),
        pictures,
        doubled(lines) if article.kind == "text" else {},
        boxes(lines, acts),
        teaser_boxes(lines, acts, first),
        date_lines(lines, acts, first),
        single_lines(lines, acts),
        around,
        repeated(lines),
    ):
        gone = part | gone
    if article.kind == "text":
        gone = trailing([line for line in lines if line.index not in gone]) | gone
    taken = [Taken(line, act, gone[line.index]) for line, act in zip(lines, acts, strict=True) if line.index in gone]
    return read_facts(article, taken, found, paywalled), gone
