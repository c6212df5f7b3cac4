"""Train the verifier of copies, and say how good it is on stories that it has not seen.

    python benchmarks/train_copies.py COPIES.jsonl.gz [--write] [--folds 5]

Each line of COPIES is a document: ``id``, ``text``, ``t`` (minutes), ``cluster`` (its story; ``x+y`` belongs to the
family of ``x``), ``cluster2`` (a second story that it joins, or null). Texts go in twice: as the pipeline cleans them,
and as they are. Only pairs whose earlier document is the first of its story count: what a copy is compared with in
the end is what stands. Of the thresholds whose F1 is within a point of the best, the one that swallows the fewest
stories is taken. ``--write`` puts the coefficients and figures into ``transforms/copies/model.toml``.
"""

from __future__ import annotations

import argparse
import gzip
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tests.build import article
from transforms.clean.article import clean_article
from transforms.clean.verdict import accept
from transforms.copies import reference, score
from transforms.copies.candidates import Pair
from transforms.copies.score import Edge
from transforms.copies.sketch import sketch
from transforms.copies.star import assigned, star
from transforms.elements import Page, Record, Reject, Sketch
from transforms.extract.article import extract_article
from transforms.wire.marks import mark_wire
from transforms.write.record import make_record

MODEL = Path(__file__).parent.parent / "transforms" / "copies" / "model.toml"
THRESHOLDS = [round(0.05 * step, 2) for step in range(2, 15)]
DAY = datetime(2026, 3, 2, tzinfo=UTC)
RIDGE = 1e-2
TOLERANCE = 0.01

Floats = NDArray[np.float64]


class Corpus(NamedTuple):
    """Documents in one form, their stories, and all candidate pairs with their features."""

    story: dict[bytes, str]
    second: dict[bytes, str | None]
    distinct: list[Sketch]
    equal: list[Edge]
    pairs: list[Pair]
    features: Floats
    is_copy: NDArray[np.bool_]
    is_training: NDArray[np.bool_]
    lost: list[str]


def main() -> None:
    """Cross-validate, train on everything, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("copies", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--folds", type=int, default=5)
    options = parser.parse_args()
    with gzip.open(options.copies, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    corpora = {form: corpus_of(rows, form) for form in ("cleaned", "raw")}
    curves = cross_validated(corpora, options.folds)
    for name, curve in curves.items():
        print(
            name, *(f"{at}: F1 {it['f1']:.4f} swallowed {it['swallowed']:.4f}" for at, it in curve.items()), sep="\n  "
        )
    threshold = chosen(curves)
    weights = fitted(corpora.values())
    print("threshold", threshold, dict(zip(("intercept", *score.Features._fields), weights.round(3), strict=True)))
    if options.write:
        MODEL.write_text(
            as_toml(weights, threshold, {name: curve[threshold] for name, curve in curves.items()}), "utf-8"
        )


def corpus_of(rows: Iterable[Mapping[str, Any]], form: str) -> Corpus:
    """Run the pipeline's own functions over the documents."""
    story, second, sketches, lost = {}, {}, [], []
    for row in rows:
        record = record_of(row, form)
        if record is None:
            if not row["cluster2"]:
                lost.append(row["cluster"])
            continue
        found = sketch(record)
        story[found.rank], second[found.rank] = row["cluster"], row["cluster2"]
        sketches.append(found)
    distinct, equal = reference.collapse(sketches)
    pairs = list(reference.find_candidates(distinct))
    seen = reference.recurring_shingles(distinct)
    sides = {one.rank: score.side(one, seen.get(one.rank, ())) for one in distinct}
    found_features = []
    for pair in pairs:
        left, right = sides[pair.earlier], sides[pair.later]
        found_features.append(score.features(left, right, score.shared(left, right)))
    first = dict[str, bytes]()
    for one in distinct:
        first.setdefault(story[one.rank], one.rank)
    is_copy = np.array([story[a] == story[b] for a, b in pairs])
    is_training = np.array(
        [first[story[a]] == a if story[a] == story[b] else not (second[a] or second[b]) for a, b in pairs]
    )
    return Corpus(story, second, distinct, equal, pairs, np.array(found_features), is_copy, is_training, lost)


def record_of(row: Mapping[str, Any], form: str) -> Record | None:
    """A document as the pipeline has it before copies are looked for; None where cleaning leaves no article."""
    at = DAY + timedelta(minutes=row["t"])
    url = f"https://o.example/{row['id']}"
    known: dict[str, Any] = {"url": url, "canonical_url": url, "fetched_at": at, "published_at": at}
    if form == "raw":
        return make_record(article(row["text"], **known))
    page = Page(url, "text", "text/plain; charset=utf-8", row["text"].encode(), "train", row["id"], at)
    extracted = extract_article(page)
    if isinstance(extracted, Reject):
        return None
    cleaned = accept(clean_article(extracted).article)
    if isinstance(cleaned, Reject):
        return None
    return replace(make_record(mark_wire(cleaned)), published_at=at)


def cross_validated(corpora: Mapping[str, Corpus], folds: int) -> dict[str, dict[float, dict[str, float]]]:
    """Scores by corpus and threshold; every later document is judged by a model that knows none of its stories."""
    chances = {name: np.zeros(len(it.pairs)) for name, it in corpora.items()}
    sides = {
        name: np.array([[fold_of(it.story[rank], folds) for rank in pair] for pair in it.pairs])
        for name, it in corpora.items()
    }
    for fold in range(folds):
        weights = fitted(corpora.values(), [(sides[name] != fold).all(axis=1) for name in corpora])
        for name, it in corpora.items():
            is_here = sides[name][:, 1] == fold
            chances[name][is_here] = predicted(it.features[is_here], weights)
    return {name: {at: scored(it, chances[name], at) for at in THRESHOLDS} for name, it in corpora.items()}


def fold_of(story: str, folds: int) -> int:
    """Families stay together."""
    return zlib.crc32(story.split("+")[0].encode()) % folds


def fitted(corpora: Iterable[Corpus], masks: Iterable[NDArray[np.bool_]] | None = None) -> Floats:
    """Logistic regression by Newton's method with a small ridge: intercept and coefficients."""
    kept = list(corpora)
    chosen = [it.is_training for it in kept]
    if masks is not None:
        chosen = [mine & mask for mine, mask in zip(chosen, masks, strict=True)]
    rows = np.concatenate([it.features[mask] for it, mask in zip(kept, chosen, strict=True)])
    truth = np.concatenate([it.is_copy[mask] for it, mask in zip(kept, chosen, strict=True)]).astype(float)
    design = np.column_stack([np.ones(len(rows)), rows])
    ridge = RIDGE * np.diag([0.0] + [1.0] * rows.shape[1])
    weights = np.zeros(design.shape[1])
    for _ in range(50):
        chance = predicted(rows, weights)
        slope = design.T @ (truth - chance) - ridge @ weights
        bend = (design * (chance * (1 - chance))[:, None]).T @ design + ridge
        step = np.linalg.solve(bend, slope)
        weights = weights + step
        if np.abs(step).max() < 1e-8:
            break
    return weights


def predicted(rows: Floats, weights: Floats) -> Floats:
    """Probabilities of feature rows."""
    found: Floats = 1 / (1 + np.exp(-(weights[0] + rows @ weights[1:])))
    return found


def scored(corpus: Corpus, chances: Floats, threshold: float) -> dict[str, float]:
    """Pairwise precision, recall and F1, adjusted Rand index, share of stories for which no article stands."""
    edges = [
        Edge(pair.earlier, pair.later, float(chance), 0.0, ())
        for pair, chance in zip(corpus.pairs, chances, strict=True)
        if chance >= threshold
    ]
    copies = assigned(star((one.rank for one in corpus.distinct), edges), edges)
    head = {one.rank: copies[one.rank].earlier if one.rank in copies else one.rank for one in corpus.distinct}
    head |= {edge.later: head[edge.earlier] for edge in corpus.equal}
    labels = [(corpus.story[rank], found) for rank, found in head.items() if not corpus.second[rank]]
    labels += [(story, str(place).encode()) for place, story in enumerate(corpus.lost)]
    standing = {corpus.story[rank] for rank in set(head.values()) if not corpus.second[rank]}
    stories = {story for story, _ in labels}
    return pair_scores(labels) | {"swallowed": len(stories - standing) / len(stories)}


def pair_scores(labels: list[tuple[str, bytes]]) -> dict[str, float]:
    """Of (true, found) labels."""

    def pairs(counts: Iterable[int]) -> float:
        return sum(count * (count - 1) / 2 for count in counts)

    both, true, found = (pairs(Counter(it).values()) for it in (labels, *zip(*labels, strict=True)))
    expected = true * found / pairs([len(labels)])
    precision, recall = both / found, both / true
    return {
        "f1": 2 * precision * recall / (precision + recall),
        "precision": precision,
        "recall": recall,
        "ari": (both - expected) / ((true + found) / 2 - expected),
    }


def chosen(curves: Mapping[str, Mapping[float, Mapping[str, float]]]) -> float:
    """The threshold that swallows least among those that are nearly the best."""
    f1 = {at: sum(curve[at]["f1"] for curve in curves.values()) / len(curves) for at in THRESHOLDS}
    good = [at for at in THRESHOLDS if f1[at] >= max(f1.values()) - TOLERANCE]
    return min(good, key=lambda at: (sum(curve[at]["swallowed"] for curve in curves.values()), -f1[at]))


def as_toml(weights: Floats, threshold: float, figures: Mapping[str, Mapping[str, float]]) -> str:
    """The model file."""
    lines = [
        "# Written by benchmarks/train_copies.py: a logistic function of the features of transforms/copies/score.py.",
        "",
        f"threshold = {threshold}",
        f"intercept = {weights[0]:.3f}",
        "",
        "[coefficients]",
        *(f"{name} = {value:.3f}" for name, value in zip(score.Features._fields, weights[1:], strict=True)),
    ]
    lines += ["", "# Cross-validated by story, on the documents it was trained on."]
    for name, values in figures.items():
        lines += [f"[figures.{name}]"]
        lines += [f"{key} = {value:.4f}" for key, value in values.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
