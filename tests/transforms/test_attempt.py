"""What a step does with rejects and exceptions."""

from __future__ import annotations

import apache_beam as beam

from tests.build import article
from tests.transforms.running import run
from transforms.attempt import Attempt
from transforms.elements import Article, Reject
from transforms.reasons import Reason, Stage


def step(found: Article) -> Article | Reject:
    if found.title == "drop":
        return Reject(Stage.CLEAN, Reason.EMPTY, found.url, "nothing")
    if found.title == "raise":
        raise ValueError("x" * 1000)
    return found


def test_elements_rejects_and_failures_part() -> None:
    articles = [article(title=title, url=f"https://a.example/{title}") for title in ("keep", "drop", "raise", "keep")]
    kept = run(
        lambda p, rejects: {
            "out": p | beam.Create(articles) | Attempt[Article, Article](step, Stage.CLEAN, Article, rejects)
        }
    )
    assert [found.title for found in kept["out"]] == ["keep", "keep"]
    found = {reject.reason: reject for reject in kept["rejects"]}
    assert set(found) == {"empty", "failed"}
    assert found[Reason.FAILED].url == "https://a.example/raise"
    assert found[Reason.FAILED].detail.startswith("ValueError(") and len(found[Reason.FAILED].detail) <= 300
