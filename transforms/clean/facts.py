"""What the removed lines say about the article: section, dates, captions, bylines, a subscription wall."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from transforms.clean.book import Rule, rules
from transforms.clean.dates import read_dates
from transforms.clean.headline import Found, looks_like_names
from transforms.clean.lines import Line, fold, tidy, unmarked
from transforms.elements import Article

_SEPARATORS = re.compile(r"\s*[/>›»|·•]\s*")
_DATED = {"byline", "date"}
_CAPTION_REASONS = ("any.caption.", "any.head.prose_above_title")


class Taken(NamedTuple):
    """A removed line, the rule that acts on it, and the name of the reason why it went."""

    line: Line
    rule: Rule | None
    reason: str


def read_facts(article: Article, taken: Sequence[Taken], found: Found | None, paywalled: bool) -> Article:
    """The article with what this pass's removed lines say; what it already knows is never overwritten."""
    origins: list[tuple[str, str]] = []
    if found is not None:
        article = replace(article, title=found.title)
        origins.append(("title", f"line {found.position + 1}"))
    article = _section(article, taken, origins)
    article = _dates(article, taken, origins)
    if paywalled and not article.paywalled:
        article = replace(article, paywalled=True)
        origins.append(("paywalled", "offer line"))
    pictures = tuple(unmarked(t.line.text) for t in taken if _is_caption(t))
    writers = tuple(unmarked(t.line.text) for t in taken if _is_byline(t))
    return replace(
        article,
        captions=_joined(article.captions, pictures),
        bylines=_joined(article.bylines, writers),
        origins=article.origins + tuple(origins),
    )


def _joined(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*old, *new)))


def _is_caption(taken: Taken) -> bool:
    if taken.reason.startswith(_CAPTION_REASONS):
        return True
    return taken.rule is not None and taken.rule.action == "caption" and taken.reason == taken.rule.name


def _is_byline(taken: Taken) -> bool:
    if taken.reason == "any.head.names" or (
        taken.reason.startswith("any.trail.") and looks_like_names(taken.line.head)
    ):
        return True
    return taken.rule is not None and taken.rule.action == "byline" and taken.reason == taken.rule.name


@cache
def _section_names() -> frozenset[str]:
    return frozenset(
        phrase for code in ("de", "en") for rule in rules(code) if rule.action == "section" for phrase in rule.whole
    )


def _section(article: Article, taken: Sequence[Taken], origins: list[tuple[str, str]]) -> Article:
    if article.section is not None:
        return article
    for t in taken:
        if t.rule is None or t.rule.action not in {"section", "trail"}:
            continue
        for part in _SEPARATORS.split(tidy(t.line.head)):
            if fold(part) in _section_names():
                origins.append(("section", f"line '{t.line.head[:60]}'"))
                return replace(article, section=part)
    return article


def _dates(article: Article, taken: Sequence[Taken], origins: list[tuple[str, str]]) -> Article:
    for t in taken:
        if t.rule is not None and t.rule.action not in _DATED:
            continue
        if t.rule is None and t.reason != "any.date.line":
            continue
        for seen in read_dates(t.line.head, article.fetched_at):
            if seen.changed and article.modified_at is None:
                article = replace(article, modified_at=seen.at)
                origins.append(("modified_at", seen.how))
            elif not seen.changed and article.published_at is None:
                article = replace(article, published_at=seen.at, published_precision=seen.precision)
                origins.append(("published_at", seen.how))
    return article
