"""What the extraction counts while a run goes on."""

from __future__ import annotations

from typing import Any

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.transforms.error_handling import CollectingErrorHandler

from tests.build import page
from transforms.extract.body import page_body
from transforms.extract.transform import ExtractArticles
from transforms.metrics import NAMESPACE

PROSE = (
    "The harbour board has let the old crane stand for another year, although nobody has worked it since spring.",
    "It was built when timber still came by sea, and the rails on which it ran are grown over with grass.",
    "A society of friends wants to paint it, and has asked the town for the ladder of the fire brigade.",
)


NO_TEXT = "<html><head><title>A crane</title></head><body></body></html>"


def html(*lines: str) -> str:
    return f"<html><body><article>{''.join(f'<p>{line}</p>' for line in lines)}</article></body></html>"


def counters(*bodies: str) -> dict[str, int]:
    pages = [page(body, markup="html" if "<" in body else "text", content_type="text/html") for body in bodies]
    p = beam.Pipeline(runner=FnApiRunner())
    with CollectingErrorHandler() as rejects:
        _ = p | beam.Create(pages) | ExtractArticles(rejects)
    _ = rejects.output() | beam.Map(str)
    result = p.run()
    found = result.metrics().query()["counters"]
    return {it.key.metric.name: it.committed for it in found if it.key.metric.namespace == NAMESPACE}


def test_counts_pages_by_what_their_text_was_taken_from() -> None:
    assert counters(html(*PROSE), html(*PROSE * 2), "\n".join(PROSE)) == {"extracted_blocks": 2}


def test_counts_pages_on_which_the_models_fail(monkeypatch: pytest.MonkeyPatch) -> None:

    def fail(tree: Any, stated: Any) -> Any:
        if len(tree.findall(".//p")) != 3:
            raise ZeroDivisionError
        return page_body(tree, stated)

    monkeypatch.setattr("transforms.extract.article.page_body", fail)
    assert counters(html(*PROSE), html(*PROSE * 2), NO_TEXT) == {
        "extracted_blocks": 1,
        "extracted_trafilatura": 1,
        "extracted_failed": 1,
        "rejected_extract_failed": 1,
    }
