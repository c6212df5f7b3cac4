"""Documents to articles."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.build import page
from transforms.elements import Article, Hints, Reject
from transforms.extract.article import extract_article

SENTENCES = (
    "Der neue Kai am Nordhafen ist am Montag nach zwei Jahren Bauzeit feierlich eröffnet worden.",
    "Die Leiterin des Hafens lobte vor den Gästen die Arbeit der vielen beteiligten Handwerker.",
    "Am Dienstag legt dort das erste Schiff an, ein Frachter mit Holz und Papier aus dem Norden.",
)
PAGE = f"""<!doctype html><html><head><title>Der Kai ist offen</title>
<meta property="article:published_time" content="2026-03-04T05:06:07Z"></head><body><nav><a href="/">Start</a></nav>
<article><h1>Der Kai ist offen</h1>{"".join(f"<p>{sentence}</p>" for sentence in SENTENCES)}
<figure><img src="a.jpg"><figcaption>Der Kai. Foto: Berg</figcaption></figure></article></body></html>"""


def article(body: str | bytes, **fields: Any) -> Article:
    found = extract_article(page(body, **fields))
    assert isinstance(found, Article), found
    return found


def test_a_page() -> None:
    found = article(PAGE, markup="html", url="https://blatt.example/kai?utm_source=x")
    assert [line for line in found.paragraphs if line in SENTENCES] == list(SENTENCES)
    assert (found.title, found.site) == ("Der Kai ist offen", "blatt.example")
    assert found.canonical_url == "https://blatt.example/kai"
    assert found.published_at == datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert found.captions == ("Der Kai. Foto: Berg",)


def test_a_hint_fills_but_never_overrides() -> None:
    hints = Hints("n1", " Anderer\n Titel", datetime(2020, 1, 1, tzinfo=UTC), "day", tags=("Hafen",))
    found = article(PAGE, markup="html", hints=hints)
    assert found.title == "Der Kai ist offen"
    assert found.published_at and found.published_at.year == 2026 and found.published_precision == "second"
    assert (found.tags, found.source_id) == (("Hafen",), "n1")
    assert article(SENTENCES[0], hints=hints).title == "Anderer Titel"


def test_text_that_is_a_page_is_read_as_one() -> None:
    assert article(f"\n {PAGE}").kind == "html"
    assert article(f"Im Text steht <html> nur so. {SENTENCES[0]}").kind == "text"


def test_external_entities_are_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("GEHEIM")
    declared = f'<?xml version="1.0"?><!DOCTYPE html [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
    body = declared + PAGE.replace("<!doctype html>", "").replace("Der neue Kai", "Der neue &x; Kai")
    assert "GEHEIM" not in str(extract_article(page(body, markup="html")))
    assert "GEHEIM" not in str(extract_article(page(body, markup="fragment")))


@pytest.mark.parametrize("markup", ["html", "fragment", "text"])
@pytest.mark.parametrize(
    ("body", "reason"), [(b"", "empty"), (b" \n\0\t", "empty"), (bytes(range(256)) * 20, "bad_encoding")]
)
def test_nothing_to_read(markup: str, body: bytes, reason: str) -> None:
    found = extract_article(page(body, markup=markup))
    assert isinstance(found, Reject) and (found.stage, found.reason) == ("extract", reason)


@pytest.mark.parametrize(
    "body", ["<html><body></body></html>", "<html><!-- a --></html>", "<html><script>x()</script>"]
)
def test_a_page_without_text(body: str) -> None:
    found = extract_article(page(body, markup="html"))
    assert isinstance(found, Reject) and found.reason in ("empty", "no_article")


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16", "utf-16-le"])
def test_a_page_in_any_encoding(encoding: str) -> None:
    found = article(PAGE.encode(encoding), markup="html", content_type="text/html; charset=utf-8")
    assert SENTENCES[0] in found.paragraphs


@pytest.mark.parametrize(
    "body",
    [
        "<html><p>Anfang</p>" + "<div>" * 100_000 + "Ende",
        "<html><title>" + "x" * 500_000 + "</title><h1>" + "y" * 500_000 + "</h1><p>" + "z" * 1_000_000,
        "<html><p " + "a=b " * 100_000 + ">Text",
        "<html>" + "<figcaption>Kai" * 700 + " x" * 50_000,
        "<html><title>" + " - |" * 200_000 + "</title><p>Text",
    ],
    ids=["deep", "token", "attributes", "captions", "separators"],
)
def test_hostile_pages_end_soon(body: str) -> None:
    start = time.perf_counter()
    extract_article(page(body, markup="html"))
    assert time.perf_counter() - start < 10


def test_the_same_page_gives_the_same_article() -> None:
    one = page(PAGE, markup="html")
    assert extract_article(one) == extract_article(replace(one))
