"""Bad input is normal: each of it is one clear reject or a whole article, and the rest goes on."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.e2e.commands import Run, ingest

STORY = "Der neue Hafen von Nordhafen ist am Montag mit einem Fest für alle Anwohner eröffnet worden. " * 3
FEED = '<?xml version="1.0"?>{doctype}<rss version="2.0"><channel><title>N</title>{items}</channel></rss>'
ITEM = "<item><title>Hafen</title><link>https://blatt.example/{n}</link><description>{text}</description></item>"
BOMB = (
    "<!DOCTYPE lolz ["
    + '<!ENTITY l0 "lol">'
    + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    + "]>"
)


def page(body: str) -> str:
    return f"<!doctype html><html lang=de><head><title>Hafen</title></head><body>{body}</body></html>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("hostile")
    secret = root.parent / "secret.txt"
    secret.write_text("GEHEIMES WORT")
    external = f'<!DOCTYPE rss [<!ENTITY file SYSTEM "{secret.as_uri()}">]>'
    deep = "<div>" * 100_000 + "</div>" * 100_000
    files: dict[str, bytes] = {
        "good.txt": STORY.encode(),
        "empty.txt": b"",
        "binary.txt": bytes(range(256)) * 40,
        "utf16-bom.txt": STORY.encode("utf-16"),
        "utf16-le.txt": STORY.encode("utf-16-le"),
        "utf16-be.txt": STORY.encode("utf-16-be"),
        "windows.html": page(f"<meta charset=utf-8><article><p>{STORY}</p></article>").encode("windows-1252"),
        "half.jsonl": json.dumps({"text": STORY}).encode()[:90] + b"\n" + json.dumps({"text": STORY}).encode(),
        "no-text.jsonl": b'{"url": "https://blatt.example/1", "title": "Hafen"}\n',
        "no-object.jsonl": b'[1]\n7\n"x"\nnull\n',
        "wrong-types.jsonl": b'{"text": 7}\n{"text": "zu kurz", "url": 9}\n{"url": "blatt", "text": "x"}\n',
        "long-line.jsonl": b'{"text": "' + b"x" * 30_000_000 + b'"}\n' + json.dumps({"text": STORY}).encode(),
        "surrogates.jsonl": rb'{"text": "Der Hafen \ud800 ist offen, sagte der B\udfffrgermeister am Montag."}' + b"\n",
        "nulls.jsonl": b'{"text": "Der Hafen\\u0000 ist wieder offen, sagte der Rat am Montag."}\n',
        "deep-json.jsonl": b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n",
        "deep.html": page(f"<article><p>{STORY}</p></article>{deep}").encode(),
        "bomb.xml": FEED.format(doctype=BOMB, items=ITEM.format(n=1, text=f"{STORY} &l9;")).encode(),
        "external.xml": FEED.format(doctype=external, items=ITEM.format(n=2, text=f"{STORY} &file;")).encode(),
        "torn.txt.gz": gzip.compress(STORY.encode() * 500)[:60],
        "page.rss": page(f"<p>{STORY}</p>").encode(),
        "no-article.html": page("<nav><a href=/a>Politik</a> <a href=/b>Sport</a></nav>").encode(),
        "not-found.html": page("<h1>Seite nicht gefunden</h1><p>Fehler 404</p><a href=/>Zur Startseite</a>").encode(),
        "one-word.txt": b"x" * 1_000_000,
        "cut.rss": FEED.format(doctype="", items="".join(ITEM.format(n=n, text=STORY) for n in (3, 4))).encode()[:-200],
        "spaces.txt": b" \n" * 100_000,
        "wide.html": page("<p>" + "<b>Hafen</b> " * 20_000).encode(),
        "code-point.xml": FEED.format(doctype="", items=ITEM.format(n=6, text="Hafen &#1114112; ist")).encode(),
        "year-one.xml": FEED.format(
            doctype="",
            items=ITEM.format(n=5, text="Der Kran am Hafen dreht sich wieder.").replace(
                "<link>", "<pubDate>0001-01-01T00:00:00Z</pubDate><link>"
            ),
        ).encode(),
        "canonical.html": page(
            f"<link rel=canonical href='http://[x'><article><p>Die Boje vor dem Hafen leuchtet. {STORY}</p></article>"
        ).encode(),
        "chinese.txt": "北港新码头星期一举行了开放仪式，许多市民到场参观并表示祝贺。".encode(),
        "packed.txt": gzip.compress(b"Die Schleuse am Hafen ist ab Montag wieder offen."),
    }
    for name, content in files.items():
        (root / name).write_bytes(content)
    return root


@pytest.fixture(scope="module")
def run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return ingest(tmp_path_factory.mktemp("out"), "r", "--input", folder)


def reasons(run: Run, source: str) -> list[str]:
    return sorted(reject["reason"] for reject in run.rejects if reject["source"] == source)


def texts(run: Run) -> str:
    return json.dumps(run.articles, ensure_ascii=False)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("empty.txt", ["empty"]),
        ("spaces.txt", ["empty"]),
        ("binary.txt", ["unsupported"]),
        ("half.jsonl", ["bad_json"]),
        ("no-text.jsonl", ["missing_field"]),
        ("no-object.jsonl", ["bad_json"] * 4),
        ("wrong-types.jsonl", ["bad_url", "missing_field", "too_short"]),
        ("long-line.jsonl", ["too_large"]),
        ("deep-json.jsonl", ["bad_json"]),
        ("torn.txt.gz", ["unreadable"]),
        ("page.rss", ["bad_feed"]),
        ("no-article.html", ["no_article"]),
        ("not-found.html", ["no_article"]),
        ("one-word.txt", ["too_short"]),
        ("cut.rss", ["bad_feed"]),
        ("good.txt", []),
        ("surrogates.jsonl", []),
        ("nulls.jsonl", []),
        ("windows.html", []),
        ("wide.html", []),
        ("code-point.xml", ["bad_feed"]),
        ("year-one.xml", []),
        ("canonical.html", []),
        ("chinese.txt", []),
        ("packed.txt", []),
    ],
)
def test_each_fault_has_its_reason(run: Run, source: str, expected: list[str]) -> None:
    assert reasons(run, source) == expected, [r for r in run.rejects if r["source"] == source]


def test_nothing_fails(run: Run) -> None:
    """An exception is a bug, even where it is caught."""
    assert not [reject for reject in run.rejects if reject["reason"] == "failed"]


def test_encodings_are_read_not_rejected(run: Run, folder: Path) -> None:
    sources = {a["source"] for a in run.articles} | {c["source"] for c in run.copies}
    assert {"utf16-bom.txt", "utf16-le.txt", "utf16-be.txt", "windows.html", "deep.html"} <= sources
    assert "für alle Anwohner" in texts(run) and "\ufffd" not in texts(run).replace("Hafen \ufffd", "").replace(
        "B\ufffdrgermeister", ""
    )


def test_entities_of_a_feed_are_never_resolved(run: Run) -> None:
    assert "GEHEIM" not in texts(run) and "lollol" not in texts(run)
    assert {a["url"] for a in run.articles} | {c["url"] for c in run.copies} >= {
        "https://blatt.example/1",
        "https://blatt.example/2",
    }


def test_what_stands_before_a_cut_is_kept(run: Run) -> None:
    everything = {a["url"] for a in run.articles} | {c["url"] for c in run.copies}
    assert "https://blatt.example/3" in everything and "https://blatt.example/4" not in everything
