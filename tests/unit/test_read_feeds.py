"""Saved feeds of every dialect, and what only claims to be one."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.encoding import assert_encodable
from transforms.elements import Page, Reject
from transforms.instants import iso
from transforms.read.feeds import read_feed

CONTENT = 'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
RSS_091 = """<rss version="0.91"><channel><title>Blatt</title><item><title>Der Kai</title>
<link>https://blatt.example/1</link><description>Der Kai ist fertig.</description></item></channel></rss>"""
RSS_092 = RSS_091.replace("0.91", "0.92").replace("<item>", "<item><category>Hafen</category>")
RSS_10 = f"""<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" {CONTENT}>
<channel><title>K</title></channel>
<item rdf:about="https://blatt.example/1"><title>Der Kai</title><link>https://blatt.example/1</link>
<dc:date>2026-03-01T10:00:00+01:00</dc:date><dc:creator>Ada Berg</dc:creator><description>kurz</description>
<content:encoded>&lt;p&gt;Der Kai ist fertig.&lt;/p&gt;</content:encoded></item></rdf:RDF>"""
RSS_20 = f"""<rss version="2.0" {CONTENT}><channel><item><title>Der Kai</title><link>https://blatt.example/1</link>
<pubDate>Sun, 01 Mar 2026 10:00:00 +0100</pubDate><description>kurz</description>
<content:encoded><![CDATA[<p>Der Kai ist fertig.</p>]]></content:encoded></item></channel></rss>"""
ATOM_03 = """<feed version="0.3" xmlns="http://purl.org/atom/ns#"><entry><title>Der Kai</title>
<link rel="alternate" href="https://blatt.example/1"/><issued>2026-03-01T09:00:00Z</issued>
<modified>2026-03-02T09:00:00Z</modified><content type="text/html" mode="escaped">&lt;p&gt;Der Kai ist fertig.&lt;/p&gt;
</content></entry></feed>"""
ATOM_10 = """<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>a</id><title>Der Kai</title>
<link href="https://blatt.example/1"/><published>2026-03-01T09:00:00Z</published>
<updated>2026-03-02T09:00:00Z</updated>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Der Kai ist fertig.</p></div></content>
</entry></feed>"""


def json_feed(*items: object, version: str = "1.1") -> bytes:
    return json.dumps({"version": f"https://jsonfeed.org/version/{version}", "items": items}).encode()


def one(body: str | bytes) -> Page | Reject:
    (document,) = read_feed(body.encode() if isinstance(body, str) else body, "feed.xml")
    return document


def page(body: str | bytes) -> Page:
    document = one(body)
    assert isinstance(document, Page), document
    return document


def item(title: str = "a", text: str = "Der Kai ist fertig.", more: str = "") -> str:
    inside = f"<title>{title}</title><description>{text}</description>{more}"
    return f'<rss version="2.0"><channel><item>{inside}</item></channel></rss>'


@pytest.mark.parametrize(
    "body",
    [
        RSS_091,
        RSS_092,
        RSS_10,
        RSS_20,
        ATOM_03,
        ATOM_10,
        json_feed(
            {"id": 1, "title": "Der Kai", "url": "https://blatt.example/1", "content_html": "Der Kai ist fertig."}
        ),
        json_feed(
            {"title": "Der Kai", "external_url": "https://blatt.example/1", "content_text": "Der Kai ist fertig."}
        ),
        json_feed(
            {"title": "Der Kai", "url": "https://blatt.example/1", "summary": "Der Kai ist fertig."}, version="1"
        ),
    ],
    ids=["0.91", "0.92", "1.0", "2.0", "atom 0.3", "atom 1.0", "json html", "json text", "json summary"],
)
def test_every_dialect(body: str | bytes) -> None:
    found = page(body)
    assert (found.url, found.hints.title) == ("https://blatt.example/1", "Der Kai")
    assert "Der Kai ist fertig." in found.body.decode() and "kurz" not in found.body.decode()


@pytest.mark.parametrize("body", [RSS_10, RSS_20, ATOM_03, ATOM_10], ids=["1.0", "2.0", "atom 0.3", "atom 1.0"])
def test_times(body: str) -> None:
    hints = page(body).hints
    assert (iso(hints.published_at), hints.published_precision) == ("2026-03-01T09:00:00Z", "second")
    assert body == RSS_10 or iso(hints.modified_at) == (None if body == RSS_20 else "2026-03-02T09:00:00Z")


@pytest.mark.parametrize(
    ("written", "precision"), [("2026-03-01", "day"), ("2026-03-01T10:00Z", "minute"), ("1. Blub 2026", None)]
)
def test_precision_is_that_of_the_feed(written: str, precision: str | None) -> None:
    assert page(item(more=f"<pubDate>{written}</pubDate>")).hints.published_precision == precision


def test_a_title_is_plain_text() -> None:
    assert page(item("Kai &lt;em&gt;7&lt;/em&gt; &amp;amp; 3 &lt; 4")).hints.title == "Kai 7 & 3 < 4"


def test_entities_are_never_resolved(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("GEHEIM")
    declared = f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
    for body in (declared + item("a &x;", "Text &x; hier"), declared + ATOM_10.replace("Der Kai", "Der &x;")):
        assert "GEHEIM" not in str(list(read_feed(body.encode(), "feed.xml")))


def test_the_body_is_never_taken_for_a_path_or_an_address(tmp_path: Path) -> None:
    (tmp_path / "feed").write_text(RSS_20)
    for body in (str(tmp_path / "feed").encode(), (tmp_path / "feed").as_uri().encode()):
        assert isinstance(one(body), Reject)


def test_an_entity_bomb_does_not_grow() -> None:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a0 "haha">{entities}]>' + item("x &a11;", "Text &a11; hier")
    start = time.perf_counter()
    assert len(str(list(read_feed(bomb.encode(), "feed.xml")))) < 2000
    assert time.perf_counter() - start < 5


def test_a_torn_feed_gives_its_whole_entries() -> None:
    body = RSS_20.replace("</item>", "</item><item><title>b</title><description>zwei", 1).split("zwei")[0] + "zwei"
    whole, rest = read_feed(body.encode(), "feed.xml")
    assert isinstance(whole, Page) and isinstance(rest, Reject)
    assert (rest.reason, rest.detail) == ("bad_feed", "the feed breaks off after 1 whole entries")


@pytest.mark.parametrize("closing", ["</rss>", "</RSS>", "</a:rss >"])
def test_a_sloppy_but_closed_feed_is_whole(closing: str) -> None:
    documents = list(read_feed(item(text="A & B &nbsp;").replace("</rss>", closing).encode(), "feed.xml"))
    assert [type(document) for document in documents] == [Page]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<!doctype html><html><body>keiner</body></html>", "bad_feed"),
        (b"\x00\xff\x00", "bad_feed"),
        (b'<rss version="2.0"><channel></channel></rss>', "empty"),
        (b'{"version": "https://jsonfeed.org/version/1", "items": null}', "bad_feed"),
        (b'{"version": 1, "items": []}', "bad_feed"),
        (b"[1]", "bad_feed"),
        (b"[" * 100_000, "bad_feed"),
        (b'{"a', "bad_feed"),
        (b'{"a": "\xff"}', "bad_feed"),
        (json_feed(), "empty"),
        (json_feed(7), "bad_feed"),
        (json_feed({"id": 1}), "missing_field"),
    ],
)
def test_what_is_rejected(body: bytes, reason: str) -> None:
    document = one(body)
    assert isinstance(document, Reject) and document.reason == reason


@pytest.mark.parametrize("wrong", [None, True, 7, 1.5, "Ada", [], ["Ada", 7, None], {}, {"name": ["x"]}, [[{}]]])
def test_json_feed_with_wrong_types(wrong: Any) -> None:
    names = (
        "id",
        "url",
        "external_url",
        "title",
        "date_published",
        "date_modified",
        "authors",
        "author",
        "tags",
        "image",
    )
    document = one(json_feed({"content_text": "Der Kai."} | dict.fromkeys(names, wrong)))
    assert isinstance(document, Page)
    hints = document.hints
    assert all(isinstance(text, str) for text in (*hints.authors, *hints.tags))
    assert document.url is None and hints.published_at is None


def test_lone_surrogates_can_be_written() -> None:
    found = page(json_feed({"content_text": "Der \ud800 Kai", "title": "\udfff", "tags": ["\ud800"], "id": "\ud800"}))
    assert_encodable(found)
    assert found.hints.title == "\ufffd"


def test_deep_nesting_in_an_entry() -> None:
    assert isinstance(one(item(text="&lt;div&gt;" * 20_000 + "tief")), Page)


def test_utf16_and_windows_1252() -> None:
    declared = '<?xml version="1.0" encoding="{}"?>' + item(text="größer €")
    for name in ("utf-16", "windows-1252"):
        assert page(declared.format(name).encode(name)).body.decode() == "größer €"


@pytest.mark.parametrize(
    ("body", "url"),
    [
        (json_feed({"content_text": "x", "url": "javascript:x"}), None),
        (item(more="<link>ftp://a.example</link>").encode(), None),
        (item(more="<guid>abc-123</guid>").encode(), None),
        (item(more="<link>https://a.example/1</link>").encode(), "https://a.example/1"),
    ],
)
def test_content_is_kept_where_the_address_is_none(body: bytes, url: str | None) -> None:
    (document,) = read_feed(body, "feed.xml")
    assert isinstance(document, Page) and document.url == url


def test_relative_links_belong_to_the_feed() -> None:
    body = RSS_20.replace("<channel>", "<channel><link>https://a.example/news/</link>", 1)
    body = body.replace("<link>https://blatt.example/1</link>", "<link>/1</link>", 1)
    (document,) = read_feed(body.encode(), "feed.xml")
    assert isinstance(document, Page) and document.url == "https://a.example/1"
