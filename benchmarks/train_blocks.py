"""Train the models that choose a page's blocks, and say how good they are on sites that they have not seen.

    python benchmarks/train_blocks.py DATA --first aed blogs --second web news --check old [--write] [--folds 5]

DATA holds ``pages-NAME-dev.jsonl.gz``: labelled pages, a JSON object a line with ``url``, ``html``, ``lang``, ``body``
(a human's text of the article) and, in the set ``news``, ``summary`` (its lead). The first model is trained on the
sets of ``--first``; the models whose scores count are trained on those of ``--second`` (``name:weight``), and read
the first one's. Sets that differ in what they take for the article are better kept apart like this, or mixed in with a
small weight, than mixed. Sets of ``--check`` are never trained on. No page of a site is judged by a model that saw
another of that site. ``--write`` puts the models trained on everything, and these figures, into
``transforms/extract/blocks.json``. Needs lightgbm.
"""

from __future__ import annotations

import argparse
import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import lightgbm
import numpy as np
from numpy.typing import NDArray

from benchmarks.block_labels import cover
from benchmarks.flatten import flattened
from benchmarks.text_scores import f1, prf
from transforms.extract.address import site_of
from transforms.extract.block_text import Columns
from transforms.extract.blocks import Blocks, page_blocks
from transforms.extract.decode import choose
from transforms.extract.features import Features, block_features
from transforms.extract.metadata import page_metadata
from transforms.extract.model import FILE, BlockModel, Scores
from transforms.extract.parse import parse_page
from transforms.extract.surroundings import surrounding_columns
from transforms.extract.trees import as_json

MODEL = Path(__file__).parent.parent / "transforms" / "extract" / FILE
COMMON: dict[str, Any] = {
    "objective": "binary",
    "max_bin": 63,
    "num_leaves": 12,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "feature_fraction": 0.3,
    "lambda_l2": 5,
    "verbose": -1,
    "num_threads": 1,
    "seed": 0,
    "deterministic": True,
    "force_row_wise": True,
}
FIRST = COMMON | {"learning_rate": 0.12, "min_data_in_leaf": 40}
SECOND = COMMON | {"learning_rate": 0.08, "min_data_in_leaf": 20}
ROUNDS = {"first": 90, "keep": 120, "lead": 60}
MIN_GAIN = 0.001
"""Columns with a smaller share of what the trees gain are left out."""
MIN_ORACLE = 0.85
"""Pages of the first sets whose blocks cannot give the human's text are no example of anything."""

Floats = NDArray[np.float32]
Model = tuple[Any, tuple[str, ...]]
"""A LightGBM booster and the names of the columns that it reads."""


class Example(NamedTuple):
    """A labelled page: its blocks, what is known of each, and which of them are the article and its lead."""

    group: str
    site: str
    blocks: Blocks
    features: Features
    is_kept: NDArray[np.bool_]
    is_lead: NDArray[np.bool_]
    cover: NDArray[np.float64]
    truth: str
    weight: float
    rows: dict[str, Any]
    """Cache of what a run of the training adds: rows that are trained on, scores of the first model."""


def main() -> None:
    """Cross-validate, train on everything, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--first", nargs="+", default=["aed", "blogs"])
    parser.add_argument("--second", nargs="+", default=["web", "news", "aed:0.03", "blogs:0.03"])
    parser.add_argument("--check", nargs="*", default=[])
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    weights = {name: float(weight or 1) for name, _, weight in (it.partition(":") for it in options.second)}
    pages = {
        name: list(examples(options.data, name, weights.get(name, 1.0)))
        for name in dict.fromkeys((*options.first, *weights, *options.check))
    }
    first = [it for name in options.first for it in pages[name] if oracle(it) >= MIN_ORACLE]
    second = [it for name in weights for it in pages[name] if name not in options.first or oracle(it) >= MIN_ORACLE]
    seen = [it for name in dict.fromkeys((*options.first, *weights)) for it in pages[name]]
    check = [it for name in options.check for it in pages[name]]
    chosen = set(map(id, first))
    with_first_scores(first, [it for it in (*seen, *check) if id(it) not in chosen], options.folds)
    figures = {"cross-validated by site": evaluated(cross_validated(second, seen, check, options.folds))}
    models = second_models(second)
    figures["seen"] = evaluated((it, predicted(models, it)) for it in seen)
    for name, values in figures.items():
        print(name, *(f"{group}: F1 {f1:.4f} P {p:.4f} R {r:.4f}" for group, (f1, p, r) in values.items()), sep="\n  ")
    if options.write:
        alone = fitted(first, lambda it: it.features.columns, lambda it: it.is_kept, FIRST, ROUNDS["first"])
        write((alone, *models), figures)


def examples(data: Path, name: str, weight: float) -> Iterator[Example]:
    """The labelled pages of a set that have any text."""
    with gzip.open(data / f"pages-{name}-dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            tree = parse_page(row["html"])
            if tree is None:
                continue
            stated = page_metadata(tree, None, row["url"]).stated
            blocks = page_blocks(tree)
            if blocks.text:
                yield example(row, name, weight, blocks, block_features(blocks, stated))


def example(row: Mapping[str, Any], name: str, weight: float, blocks: Blocks, features: Features) -> Example:
    """Label the blocks of a page."""
    found = cover(blocks.text, row["body"])
    summary = row.get("summary") or []
    lead = cover(blocks.text, "\n".join(summary if isinstance(summary, list) else [summary])) if summary else found * 0
    url = row["url"] or row["id"]
    site = site_of(url if "://" in url else f"https://{url}") or row["id"]
    group = name if name != "news" else ("de" if row["lang"] == "de" else "other")
    is_lead = (lead >= 0.5) & (found > 0.3)
    return Example(group, site, blocks, features, found >= 0.5, is_lead, found, row["body"], weight, {})


def oracle(it: Example) -> float:
    """F1 of the labelled blocks."""
    return f1([prf("\n".join(text for text, kept in zip(it.blocks.text, it.is_kept, strict=True) if kept), it.truth)])[
        0
    ]


# --- training


def fold_of(site: str, folds: int) -> int:
    """Sites stay together."""
    return zlib.crc32(site.encode()) % folds


def with_first_scores(first: list[Example], others: list[Example], folds: int) -> None:
    """Give every page the first model's scores, by a model that saw no page of its site."""
    for fold in range(folds):
        model = fitted(
            [it for it in first if fold_of(it.site, folds) != fold],
            lambda it: it.features.columns,
            lambda it: it.is_kept,
            FIRST,
            ROUNDS["first"],
        )
        for it in (*first, *others):
            if fold_of(it.site, folds) == fold:
                it.rows["first"] = run(model, it.features.columns)


def cross_validated(
    second: list[Example], judged: list[Example], check: list[Example], folds: int
) -> list[tuple[Example, Scores]]:
    """The scores of each page by models that saw no page of its site; pages to check have sites of their own."""
    found: list[tuple[Example, Scores]] = []
    for fold in range(folds):
        models = second_models([it for it in second if fold_of(it.site, folds) != fold])
        found += [(it, predicted(models, it)) for it in judged if fold_of(it.site, folds) == fold]
    if check:
        models = second_models(second)
        found += [(it, predicted(models, it)) for it in check]
    return found


def second_models(pages: list[Example]) -> tuple[Model, Model]:
    """The models for text and lead; leads are labelled in the news only."""
    news = [it for it in pages if it.group in ("de", "other")]
    keep = fitted(pages, in_context, lambda it: it.is_kept, SECOND, ROUNDS["keep"])
    return keep, fitted(news, in_context, lambda it: it.is_lead, SECOND, ROUNDS["lead"])


def in_context(it: Example) -> Columns:
    """All columns of a page, with what the first model thinks."""
    return it.features.columns | surrounding_columns(it.rows["first"], it.features.layout, it.blocks.nodes)


def predicted(models: tuple[Model, Model], it: Example) -> Scores:
    """What the second models say of a page."""
    columns = in_context(it)
    return Scores(run(models[0], columns), run(models[1], columns))


def run(model: Model, columns: Columns) -> Floats:
    """A model's probabilities."""
    booster, names = model
    rows = np.array([columns[name] for name in names], np.float32)
    return np.asarray(booster.predict(rows.T, num_threads=1), np.float32)


def fitted(
    pages: list[Example],
    columns: Callable[[Example], Columns],
    label: Callable[[Example], NDArray[np.bool_]],
    parameters: dict[str, Any],
    rounds: int,
) -> Model:
    """Grow trees on the rows of the pages, twice: the second time only on the columns that mattered the first time."""
    names: tuple[str, ...] = ()
    parts, labels, weights = [], [], []
    for it in pages:
        found = columns(it)
        names = tuple(found)
        chosen, weight = training_rows(it)
        parts.append(np.array([found[name][chosen] for name in names], np.float32).T)
        labels.append(label(it)[chosen])
        weights.append(weight * it.weight)
    rows, label_, weight_ = np.concatenate(parts), np.concatenate(labels), np.concatenate(weights)
    booster = lightgbm.train(parameters, lightgbm.Dataset(rows, label_, weight=weight_), rounds)
    gain = booster.feature_importance("gain")
    matter = np.flatnonzero(gain >= MIN_GAIN * gain.sum())
    data = lightgbm.Dataset(np.ascontiguousarray(rows[:, matter]), label_, weight=weight_)
    return lightgbm.train(parameters, data, rounds), tuple(names[at] for at in matter)


def training_rows(it: Example, every: int = 6, before: int = 12, after: int = 20) -> tuple[NDArray[np.int64], Floats]:
    """All blocks near the article and each sixth of the others, with their weights: every page counts the same."""
    if "rows" not in it.rows:
        near = np.flatnonzero(it.cover >= 0.3)
        is_chosen, weight = np.zeros(len(it.cover), bool), np.ones(len(it.cover))
        if len(near):
            is_chosen[max(0, near[0] - before) : near[-1] + after] = True
        far = np.flatnonzero(~is_chosen)
        is_chosen[far[::every]] = True
        weight[far] = every
        share = np.minimum(it.features.layout.words, 150) ** 0.7
        weight *= share / share.sum() * 20
        chosen = np.flatnonzero(is_chosen)
        it.rows["rows"] = (chosen, weight[chosen])
    found: tuple[NDArray[np.int64], Floats] = it.rows["rows"]
    return found


# --- measuring


def evaluated(judged: Iterable[tuple[Example, Scores]]) -> dict[str, tuple[float, float, float]]:
    """F1, precision and recall by group, of the blocks alone: no fallback, no cleaning."""
    by_group: dict[str, list[tuple[float, float, float]]] = {}
    for it, scores in judged:
        choice = choose(scores, it.blocks, it.features)
        mask = choice.body | choice.lead if it.group in ("de", "other") else choice.body
        text = "\n".join(text for text, kept in zip(it.blocks.text, mask, strict=True) if kept)
        by_group.setdefault(it.group, []).append(prf(text, it.truth))
    return {group: f1(rows) for group, rows in by_group.items()}


def write(models: tuple[Model, Model, Model], figures: Mapping[str, Mapping[str, tuple[float, float, float]]]) -> None:
    """The models as arrays, with only the features that they read."""
    flat = BlockModel(*(flattened(booster, names) for booster, names in models))
    table = {
        "about": "Written by benchmarks/train_blocks.py. F1, precision, recall of blocks alone by set.",
        "figures": {
            name: {group: [round(value, 4) for value in row] for group, row in values.items()}
            for name, values in figures.items()
        },
        "models": {name: as_json(trees) for name, trees in flat._asdict().items()},
    }
    MODEL.write_text(json.dumps(table, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
