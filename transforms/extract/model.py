"""Two judgements of each block of a page: is it the article's, and is it its lead."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from transforms.extract.blocks import Blocks
from transforms.extract.features import Features
from transforms.extract.surroundings import surrounding_columns
from transforms.extract.trees import Floats, Trees, from_json, probabilities, stacked

FILE = "blocks.json"


class BlockModel(NamedTuple):
    """Three ensembles: ``first`` judges each block alone, ``keep`` and ``lead`` also by the first's view around it."""

    first: Trees
    keep: Trees
    lead: Trees


class Scores(NamedTuple):
    """Probabilities, one a block: that it belongs to the article (its lead included), and that it is the lead."""

    keep: Floats
    lead: Floats


class Judged(NamedTuple):
    """The scores, and what the models read, a row a feature, for explanations."""

    scores: Scores
    keep_rows: Floats


@cache
def shipped_model() -> BlockModel:
    """The model of the package, which ``benchmarks/train_blocks.py`` writes beside the figures that it reached."""
    table = json.loads(files("transforms.extract").joinpath(FILE).read_text("utf-8"))
    return BlockModel(*(from_json(table["models"][name]) for name in BlockModel._fields))


def judge(blocks: Blocks, features: Features, model: BlockModel) -> Judged:
    """Score all blocks of a page that has at least one."""
    first = probabilities(model.first, stacked(model.first, features.columns))
    columns = features.columns | surrounding_columns(first, features.layout, blocks.nodes)
    keep_rows = stacked(model.keep, columns)
    lead = probabilities(model.lead, stacked(model.lead, columns))
    return Judged(Scores(probabilities(model.keep, keep_rows), lead), keep_rows)
