"""How the models judged a page, block by block, for those who want to know why a line is there or is not."""

from __future__ import annotations

from typing import NamedTuple

from transforms.elements import Page
from transforms.extract.article import is_page, second_opinion
from transforms.extract.body import judged_page
from transforms.extract.characters import one_line
from transforms.extract.charset import decode
from transforms.extract.metadata import page_metadata
from transforms.extract.model import shipped_model
from transforms.extract.parse import is_beyond_models, parse_page
from transforms.extract.trees import contributions

MAX_REASONS = 4
_MIN_EFFECT = 0.1


class BlockAccount(NamedTuple):
    """A block as the page shows it.

    Args:
        text: of the block.
        tag: of its element.
        keep: the probability that it belongs to the article.
        lead: the probability that it is the lead.
        taken: what became of it: ``text``, ``lead``, ``outside`` (a caption, a footer, a consent box, whatever its
            score), or nothing.
        is_seconded: whether trafilatura takes it for the article's.
        reasons: the features that spoke most for (above 0) or against keeping it, in log odds.
    """

    text: str
    tag: str
    keep: float
    lead: float
    taken: str
    is_seconded: bool
    reasons: tuple[tuple[str, float], ...]


class PageAccount(NamedTuple):
    """The blocks of a page in order, and how sure the models were of their choice, 0 to 1."""

    confidence: float
    blocks: tuple[BlockAccount, ...]


def account_of(page: Page) -> PageAccount | None:
    """Judge the blocks of a document once more, and say why; None where it is no page or has no blocks."""
    text = decode(page.body, page.content_type).text
    tree = parse_page(text) if text and is_page(page, text) else None
    if text is None or tree is None or is_beyond_models(tree):
        return None
    found = judged_page(tree, page_metadata(tree, page.fetched_at, page.url).stated)
    if found is None:
        return None
    seconded = {one_line(line) for line in second_opinion(text, page.url)}
    rows, trees = found.judged.keep_rows, shipped_model().keep
    blocks, choice = found.blocks, found.choice
    masks = (("text", choice.body), ("lead", choice.lead), ("outside", choice.outside))
    accounts = (
        BlockAccount(
            text=line,
            tag=blocks.nodes.tag[int(blocks.element[place])],
            keep=round(float(found.judged.scores.keep[place]), 3),
            lead=round(float(found.judged.scores.lead[place]), 3),
            taken=next((name for name, mask in masks if mask[place]), ""),
            is_seconded=line in seconded,
            reasons=tuple(
                (name, round(effect, 2))
                for name, effect in contributions(trees, rows, place)[:MAX_REASONS]
                if abs(effect) >= _MIN_EFFECT
            ),
        )
        for place, line in enumerate(blocks.text)
    )
    return PageAccount(round(choice.confidence, 3), tuple(accounts))
