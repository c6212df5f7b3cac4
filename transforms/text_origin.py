"""What the text of a page was taken from: how `Article.origins` says it, and how ``run.json`` counts it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum


class TextOrigin(StrEnum):
    """What has the text, and after it what led there; a page has one of the former and at most one of the latter."""

    BLOCKS = "blocks"
    """The models' choice of the page's blocks."""
    JSON_LD = "json-ld"
    """A body that the page states and does not show."""
    TRAFILATURA = "trafilatura"
    EVERYTHING = "everything"
    """All text of a page that is too large for the models."""

    UNSURE = "unsure"
    """The models' confidence is low; trafilatura was asked, if it could be."""
    FAILED = "failed"
    """The models ended with an exception, and trafilatura was asked."""


_WORDS = re.compile(r"(?P<taken>[a-z-]{1,20})(?: \((?P<because>[a-z]{1,20})[:)])?")


def said(taken: str, because: TextOrigin, detail: str = "") -> str:
    """An origin with what led there: ``trafilatura (failed: ValueError)``."""
    return f"{taken} ({because}{f': {detail}' if detail else ''})"


def facts(origin: str) -> Iterator[TextOrigin]:
    """What an origin says, to be counted: what has the text, and what led there."""
    found = _WORDS.match(origin)
    yield from (fact for fact in TextOrigin if found and fact in found.groups())
