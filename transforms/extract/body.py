"""The text of a page by the models over its blocks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from transforms.extract.block_text import Stated
from transforms.extract.blocks import Blocks, page_blocks
from transforms.extract.decode import MIN_CONFIDENCE, Choice, choose
from transforms.extract.features import block_features
from transforms.extract.lead import shown_lead
from transforms.extract.model import Judged, judge, shipped_model
from transforms.extract.script_text import script_tree
from transforms.extract.tables import joined
from transforms.text_origin import TextOrigin

_MIN_PAGE_CHARS, _MIN_SCRIPT_CHARS = 500, 300
_MIN_STATED_CHARS, _STATED_TIMES = 600, 5
_START_CHARS, _MAX_STARTS = 32, 8


class Body(NamedTuple):
    """The article's paragraphs in the page's order, its lead (not among them), and how sure the models are, 0 to 1.

    ``origin`` says what the paragraphs were taken from; ``shown`` are all blocks of the page, or the lines of a body
    that it only states.
    """

    paragraphs: tuple[str, ...]
    lead: str | None
    confidence: float
    origin: str
    shown: tuple[str, ...] = ()

    @property
    def is_sure(self) -> bool:
        """Whether no second opinion is wanted."""
        return self.confidence >= MIN_CONFIDENCE


class JudgedPage(NamedTuple):
    """The blocks of a page, what the models say of each, and which were chosen."""

    blocks: Blocks
    judged: Judged
    choice: Choice


def page_body(tree: Any, stated: Stated) -> Body:
    """The article of a page; without paragraphs where the page has no text.

    Args:
        tree: the parsed page, which is left as it is.
        stated: what its metadata say of the article. A body stated there stands in where the page shows only a small
            part of it.
    """
    page = judged_page(tree, stated)
    lines = stated.body.split("\n") if len(stated.body) >= _MIN_STATED_CHARS else []
    if page is None:
        return Body(tuple(lines), None, float(bool(lines)), TextOrigin.JSON_LD, tuple(lines))
    texts, choice = page.blocks.text, page.choice
    paragraphs = tuple(joined(texts, choice.body, choice.row))
    lead = " ".join(texts[place] for place in np.flatnonzero(choice.lead)) or None
    if lines and sum(map(len, paragraphs)) * _STATED_TIMES < len(stated.body):
        return Body(tuple(lines), lead, 1.0, TextOrigin.JSON_LD, tuple(lines))
    if lead is None:
        lead = _described(page, stated)
    return Body(paragraphs, lead, choice.confidence, TextOrigin.BLOCKS, (*texts, *lines))


def parted(lines: Iterable[str], shown: Sequence[str]) -> tuple[str, ...]:
    """Lines in which an extractor joined blocks that a page shows apart, as these blocks; other lines as they are."""
    starts: dict[str, list[int]] = {}
    for place, text in enumerate(shown):
        starts.setdefault(text[:_START_CHARS], []).append(place)
    found: list[str] = []
    for line in lines:
        found += _parts(line, shown, starts) or [line]
    return tuple(found)


def _parts(line: str, shown: Sequence[str], starts: dict[str, list[int]]) -> list[str]:
    """The blocks in a row that make up a line, if any two or more do."""
    sizes = (size for size in range(1, _START_CHARS + 1) if line[:size] in starts)
    for start in (start for size in sizes for start in starts[line[:size]][:_MAX_STARTS]):
        end, at = start, 0
        while end < len(shown) and line.startswith(shown[end], at):
            at += len(shown[end]) + 1
            end += 1
        if at == len(line) + 1 and end > start + 1:
            return list(shown[start:end])
    return []


def judged_page(tree: Any, stated: Stated) -> JudgedPage | None:
    """The blocks of a page with their scores; None where it has none.

    A page that shows hardly any text may have it in a script.
    """
    blocks = page_blocks(tree)
    if sum(map(len, blocks.text)) < _MIN_PAGE_CHARS and (found := script_tree(tree)) is not None:
        hidden = page_blocks(found)
        if sum(map(len, hidden.text)) >= _MIN_SCRIPT_CHARS:
            blocks = hidden
    if not blocks.text:
        return None
    features = block_features(blocks, stated)
    judged = judge(blocks, features, shipped_model())
    return JudgedPage(blocks, judged, choose(judged.scores, blocks, features))


def _described(page: JudgedPage, stated: Stated) -> str | None:
    """The page's description, where it is shown to readers before the text ends and was not taken for a part of it."""
    kept = np.flatnonzero(page.choice.body)
    end = int(kept[-1]) if len(kept) else 0
    texts = page.blocks.text[:end]
    return shown_lead(
        (text for text, is_kept in zip(texts, page.choice.body, strict=False) if not is_kept), stated.descriptions
    )
