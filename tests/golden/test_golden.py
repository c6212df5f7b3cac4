"""Documents with one trap each, and what a careful reader makes of them.

``NAME.txt|.html|.jsonl|.xml`` stands beside ``NAME.expected.json``, which is written by hand: ``trap`` says what is
tested; ``given`` sets fields of the `Page` that a fetch would know (``url``, ``fetched_at``, ``content_type``); every
other key is a field of the record, or ``reject``. ``text`` is a list, a paragraph each. A file of several documents
has ``documents``, one such object each. Fields that are not named are not compared. ``not_yet`` says why a document
is known to come out wrong: the test fails when it comes out right.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from transforms.clean.article import clean_article
from transforms.clean.verdict import accept
from transforms.elements import InputFile, Page, Record, Reject
from transforms.extract.article import extract_article
from transforms.language.label import label_language
from transforms.read.documents import read_documents
from transforms.read.jsonl import parse_line
from transforms.read.kinds import kind_of_name
from transforms.wire.verdict import mark_and_judge
from transforms.write.jsonl import record_line, reject_line
from transforms.write.record import make_record

HERE = Path(__file__).parent
DOCUMENTS = sorted(path for path in HERE.glob("*/*.*") if not path.name.endswith(".expected.json"))
FIELDS = {field.name for field in dataclasses.fields(Record)}
KEYS = FIELDS | {"trap", "given", "reject", "documents", "not_yet"}
GIVEN = {"url", "fetched_at", "content_type"}

LIST_MARK = re.compile(r"[-–•*]\s+")
CELL_MARK = re.compile(r"\s*(?:\||\t)\s*")


def expected_of(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((path.parent / f"{path.stem}.expected.json").read_text("utf-8"))
    return found


def documents(path: Path, given: dict[str, Any]) -> Iterator[Page | Reject]:
    """The file's documents as the read room hands them on, with what a fetch would have known."""
    body = path.read_bytes()
    kind, _ = kind_of_name(path.name)
    if kind == "jsonl":
        yield from (page for line in body.splitlines() if (page := parse_line(line, path.name, 0)))
        return
    known = dict(given)
    if "fetched_at" in known:
        known["fetched_at"] = datetime.fromisoformat(known["fetched_at"])
    for page in read_documents(body, InputFile(bytes(path), path.name, kind, None, len(body))):
        yield dataclasses.replace(page, **known) if isinstance(page, Page) else page


def outcome(page: Page | Reject) -> dict[str, Any]:
    """The line that a run would write: a record's, or ``{"reject": …}``."""
    article = page if isinstance(page, Reject) else extract_article(page)
    if not isinstance(article, Reject):
        article = accept(clean_article(article).article)
    if not isinstance(article, Reject):
        article = mark_and_judge(article)
    if isinstance(article, Reject):
        return {"reject": json.loads(reject_line(article))}
    row: dict[str, Any] = json.loads(record_line(make_record(label_language(article))))
    return row


def paragraphs(text: list[str], kind: str) -> list[str]:
    """What is compared: the words; not the kind of white space, nor how a page's lists and tables are set."""
    if kind == "html":
        text = [CELL_MARK.sub(" ", LIST_MARK.sub("", line, count=1)) for line in text]
    return [" ".join(line.split()) for line in text]


def differences(wanted: dict[str, Any], got: dict[str, Any], kind: str) -> list[str]:
    """One line for each wrong field, ``-`` what is missing and ``+`` what is too much in the text."""
    if "reject" in wanted or "reject" in got:
        return _verdict(wanted, got)
    names = sorted(FIELDS & wanted.keys() - {"text"})
    found = [f"{name}: wanted {wanted[name]!r}, got {got[name]!r}" for name in names if got[name] != wanted[name]]
    if "text" in wanted:
        lines = paragraphs(got["text"].split("\n\n"), kind)
        found += [line for line in difflib.ndiff(paragraphs(wanted["text"], kind), lines) if line[0] in "-+"]
    return found


def _verdict(wanted: dict[str, Any], got: dict[str, Any]) -> list[str]:
    if "reject" not in wanted:
        reject = got["reject"]
        return [f"wanted an article, got a reject: {reject['stage']}, {reject['reason']} ({reject['detail']})"]
    if "reject" not in got:
        lines = [f"+ {line}" for line in got["text"].split("\n\n")]
        return [f"wanted a reject: {wanted['reject']}, got an article: {got['title']!r}", *lines]
    return [
        f"reject.{name}: wanted {value!r}, got {got['reject'][name]!r}"
        for name, value in wanted["reject"].items()
        if got["reject"][name] != value
    ]


def parameter(path: Path) -> Any:
    reason = expected_of(path).get("not_yet")
    marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
    return pytest.param(path, marks=marks, id=f"{path.parent.name}/{path.name}")


@pytest.mark.parametrize("path", map(parameter, DOCUMENTS))
def test_a_document_becomes_what_a_reader_wants(path: Path) -> None:
    expected = expected_of(path)
    wanted = expected.get("documents", [expected])
    got = [outcome(page) for page in documents(path, expected.get("given", {}))]
    assert len(got) == len(wanted), f"{path.name}: {len(wanted)} documents wanted, {len(got)} read"
    kind = "text" if path.suffix == ".txt" else "html"
    found = [
        f"{number}: {line}" if len(wanted) > 1 else line
        for number, pair in enumerate(zip(wanted, got, strict=True), 1)
        for line in differences(*pair, kind)
    ]
    if found:
        pytest.fail("\n".join([f"{path.name}: {expected['trap']}", *found]), pytrace=False)


def test_the_folder_is_whole() -> None:
    """A document without an expectation, or a misspelt field, would pass in silence."""
    expectations = sorted(HERE.glob("*/*.expected.json"))
    assert [path.parent / f"{path.stem}.expected.json" for path in DOCUMENTS] == expectations
    assert len(DOCUMENTS) >= 24
    for path in DOCUMENTS:
        expected = expected_of(path)
        assert len(expected["trap"]) > 20, f"{path.name} does not say what it tests"
        assert expected.get("given", {}).keys() <= GIVEN, path.name
        for row in expected.get("documents", [expected]):
            assert row.keys() <= KEYS, f"{path.name}: unknown {sorted(row.keys() - KEYS)}"
            assert ("text" in row) != ("reject" in row), f"{path.name}: an article has a text, a reject has none"


def test_differences_are_seen() -> None:
    """The comparison itself can fail."""
    got = {"title": "A", "text": "one\n\nthree"}
    assert differences({"title": "A", "text": ["one", "three"]}, got, "text") == []
    assert differences({"title": "B", "text": ["one", "two", "three"]}, got, "text") == [
        "title: wanted 'B', got 'A'",
        "- two",
    ]
    assert differences({"text": ["one"]}, got, "text") == ["+ three"]
    reject = {"reject": {"stage": "extract", "reason": "no_article", "detail": "index"}}
    assert differences({"text": ["one"]}, reject, "text")[0].startswith("wanted an article")
    assert differences({"reject": {"reason": "no_article"}}, got, "html")[1:] == ["+ one", "+ three"]
    assert differences({"reject": {"reason": "too_short"}}, reject, "text") == [
        "reject.reason: wanted 'too_short', got 'no_article'"
    ]
