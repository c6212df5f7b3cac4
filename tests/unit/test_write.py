"""Records, lines, schemas and the manifest."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.build import DAY, article, record
from transforms.elements import Copy, CopyRef, Reject, Rights
from transforms.reasons import Reason, Stage
from transforms.write import schemas
from transforms.write.jsonl import copy_line, record_line, reject_line
from transforms.write.manifest import Counts, CountsError, manifest
from transforms.write.record import make_record, record_id

RUN: dict[str, Any] = {
    "run_id": "r1",
    "attempt": "20260304T080000-1-host",
    "started_at": "2026-03-04T08:00:00Z",
    "runner": "FnApiRunner",
    "state": None,
    "options": {"input": ["a"]},
    "versions": {"python": "3.11"},
}


def valid(kind: str, line: str) -> dict[str, Any]:
    row: dict[str, Any] = json.loads(line)
    Draft202012Validator(schemas.schema(kind)).validate(row)
    return row


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_schemas_are_schemas(kind: str) -> None:
    Draft202012Validator.check_schema(schemas.schema(kind))


def test_schema_lists_every_stage_and_reason() -> None:
    properties = schemas.schema("reject")["properties"]
    assert set(properties["stage"]["enum"]) == {stage.value for stage in Stage}
    assert set(properties["reason"]["enum"]) == {reason.value for reason in Reason}


def test_a_bare_article_has_every_key() -> None:
    row = valid("article", record_line(record("Ein Satz.")))
    assert row["title"] is None and row["url"] is None and row["authors"] == [] and row["language"] == "und"
    assert row["word_count"] == 2


def test_a_full_article_is_valid_and_its_times_are_utc() -> None:
    local = datetime(2026, 3, 4, 10, 30, tzinfo=timezone(timedelta(hours=2)))
    full = make_record(
        article(
            "Erster Absatz.",
            "Zweiter.",
            url="https://blatt.example/a?utm_source=x",
            canonical_url="https://blatt.example/a",
            published_at=local,
            published_precision="minute",
            rights=Rights(license="https://licence.example", robots="noindex", tdm_reservation=True),
            tags=("Hafen", "Wirtschaft"),
            language="de",
            language_confidence=0.99999,
        )
    )
    row = valid("article", record_line(full))
    assert row["published_at"] == "2026-03-04T08:30:00Z"
    assert row["text"] == "Erster Absatz.\n\nZweiter."
    assert row["rights"] == {"license": "https://licence.example", "robots": "noindex", "tdm_reservation": True}


def test_copies_and_rejects_are_valid() -> None:
    one = record("Ein Satz.")
    ref = CopyRef(one.id, None, "a.txt", None, DAY)
    valid("copy", copy_line(Copy(None, one.id, one.id, 1.0, "a.txt", DAY, None)))
    valid("reject", reject_line(Reject(Stage.READ, Reason.EMPTY, None, "leer", "a.txt", DAY)))
    assert ref.similarity is None


@given(st.text(alphabet=st.characters(), min_size=1))
def test_any_text_makes_one_valid_line(text: str) -> None:
    line = record_line(record(text))
    assert len(line.splitlines()) == 1
    assert valid("article", line)["text"] == "\n\n".join(text.encode("utf-8", "replace").decode().split("\n"))


def test_id_is_the_address_or_else_the_words() -> None:
    assert record_id("https://a.example/1", "x") == record_id("http://a.example/1", "y")
    assert record_id("https://a.example/1", "x") != record_id("https://a.example/2", "x")
    assert record_id(None, "zwei  Wörter\n") == record_id(None, "zwei Wörter")
    # Written down once: an id that changes with a release would make every known article new.
    assert record_id("https://a.example/1", "") == "621dd693e61fe3afe9275d1a1e0542a9"
    assert record_id(None, "zwei Wörter") == "dd8bb8cc70605ce21afd2844317dd568"


def test_manifest_is_valid_and_names_files_without_their_folder() -> None:
    files = {"articles": ["/tmp/x/articles-00000-of-00001.jsonl"], "copies": [], "rejects": []}  # noqa: S108
    text = manifest(RUN, Counts(3, 1, 1, 1), {"empty": 1}, {"de": 1}, {"blocks": 1}, files, "2026-03-04T08:01:00Z")
    assert valid("run", text)["files"]["articles"] == ["articles-00000-of-00001.jsonl"]


@pytest.mark.parametrize("counts", [Counts(4, 1, 1, 1), Counts(2, 1, 1, 1), Counts(0, 0, 0, 0, 1)])
def test_counts_that_do_not_close_are_never_committed(counts: Counts) -> None:
    with pytest.raises(CountsError, match="came to an end"):
        manifest(RUN, counts, {}, {}, {}, {}, datetime.now(UTC).isoformat())
