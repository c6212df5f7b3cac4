"""From scores of blocks to the article's blocks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from transforms.extract.block_places import Sums
from transforms.extract.block_text import Columns, Floats
from transforms.extract.blocks import Blocks, Ints
from transforms.extract.features import Features
from transforms.extract.model import Scores
from transforms.extract.names import vocabulary
from transforms.extract.tables import data_cells

KEEP, LEAD = 0.4, 0.5
MIN_CONFIDENCE = 0.8
_LIKE_TEXT_LEAD = 0.7
_MIN_WORDS = 40
_RELATIVE, _LOWEST = 0.4, 0.05
_MAX_BOX_SHARE = 0.3
_CONSENT = 1 << tuple(vocabulary()["names"]).index("consent")

Mask = NDArray[np.bool_]


class Choice(NamedTuple):
    """Which blocks are the text and which the lead (no block is both), and how sure that is, 0 to 1.

    ``outside`` are captions, footers and consent boxes, whatever their scores; ``row`` tells the cells of a data
    table's row by a common number, and is 0 elsewhere.
    """

    body: Mask
    lead: Mask
    confidence: float
    outside: Mask
    row: Ints


def choose(scores: Scores, blocks: Blocks, features: Features) -> Choice:
    """Take the blocks above the thresholds.

    Where hardly any is, those that are likely beside the page's best. Data tables are taken or left as a whole. The
    confidence is the expected share of what is right among what is right, too much and missing, counted in words; a
    text of less than 40 expected words lowers it in proportion.
    """
    words = features.layout.words
    cells = data_cells(blocks)
    outside = _is_outside(features.columns) | _asks_for_consent(blocks, features)
    keep = np.where(outside, 0, _by_table(scores.keep, words, cells.table))
    lead_score = np.where(outside, 0, scores.lead)
    lead = lead_score >= _lead_threshold(keep, lead_score, features.layout.make)
    kept = (keep >= KEEP) | lead
    best = np.maximum(keep, lead_score)
    if words[kept].sum() < _MIN_WORDS:
        kept = best >= np.clip(_RELATIVE * best.max(), _LOWEST, KEEP)
        lead &= keep < KEEP
    chance = np.where(lead, best, keep)
    return Choice(kept & ~lead, kept & lead, _confidence(chance, kept, words), outside, cells.row)


def _confidence(chance: Floats, kept: Mask, words: Floats) -> float:
    right = float((words * chance)[kept].sum())
    surplus = float((words * (1 - chance))[kept].sum())
    missing = float((words * chance)[~kept].sum())
    return right / max(right + surplus + missing, 1e-9) * min(1.0, right / _MIN_WORDS)


def _is_outside(columns: Columns) -> Mask:
    """Captions and what stands in footers, whatever the models say; a heading is none."""
    found = (columns["in.figcaption"] > 0) | (columns["in.footer"] > 0) | (columns["own.caption"] > 0)
    found |= (columns["below.caption"] > 0) & (columns["own.body"] == 0)
    outside: Mask = found & (columns["is_heading"] == 0)
    return outside


def _asks_for_consent(blocks: Blocks, features: Features) -> Mask:
    """Boxes within the text that are named for consent or embedding, and speak of it."""
    nodes, parent = blocks.nodes, features.layout.parent
    words = Sums(features.layout.words, nodes)
    is_box = ((nodes.names[parent] & _CONSENT) > 0) & (words.within(parent) < _MAX_BOX_SHARE * words.total)
    is_named = (nodes.names[blocks.element] & _CONSENT) > 0
    columns = features.columns
    asks = is_box & (columns["parent.word.consent"] > 0) | is_named & (columns["word.consent"] > 0)
    found: Mask = asks & (columns["own.body"] == 0)
    return found


def _lead_threshold(keep: Floats, lead: Floats, make: Ints) -> Floats:
    """A paragraph of the same make as the text's that follows it has to be surer: it may be the text's first."""
    follows = (make[1:] == make[:-1]) & (keep[1:] >= KEEP) & (lead[1:] < LEAD)
    return np.where(np.append(follows, False), _LIKE_TEXT_LEAD, LEAD)


def _by_table(keep: Floats, words: Floats, table: Ints) -> Floats:
    """One score for all cells of a data table, by their words."""
    if not table.any():
        return keep
    mean = np.bincount(table, keep * words) / np.maximum(np.bincount(table, words), 1e-9)
    return np.where(table > 0, mean[table], keep).astype(np.float32)
