"""Lists of every kind to addresses and documents, the rules of a source, and lists that lie or break off."""

from __future__ import annotations

import gzip
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from transforms.discover.discover import DEPTH, discover
from transforms.discover.packed import MAX_LIST_BYTES
from transforms.elements import Fetched, FetchRequest, Page, Reject, Source, SourceKind
from transforms.instants import iso

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
AT = "https://blatt.example/listen/liste.xml"
NEWS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"'
IMAGE = 'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'

Found = list[FetchRequest | Page | Reject]


def read(body: str | bytes, kind: SourceKind = "feed", depth: int = 0, status: int = 200, **rules: Any) -> Found:
    source = Source("blatt", kind, (AT,), **rules)
    packed = body.encode() if isinstance(body, str) else body
    request = FetchRequest(AT, kind, source, depth=depth)
    return list(discover(Fetched(request, AT, status, (), packed, NOW), NOW))


def urls(found: Found) -> list[str]:
    return [request.url for request in found if isinstance(request, FetchRequest)]


def reasons(found: Found) -> list[str]:
    return [reject.reason for reject in found if isinstance(reject, Reject)]


def rss(*items: str) -> str:
    return f'<rss version="2.0"><channel>{"".join(f"<item>{item}</item>" for item in items)}</channel></rss>'


def link(path: str, day: int | None = None) -> str:
    date = f"<pubDate>{day:02} Mar 2026 09:00:00 GMT</pubDate>" if day else ""
    return f"<link>https://blatt.example{path}</link>{date}"


def urlset(*inner: str, root: str = "urlset", entry: str = "url") -> str:
    return f"<{root} {NEWS} {IMAGE}>{''.join(f'<{entry}>{text}</{entry}>' for text in inner)}</{root}>"


def test_an_entry_becomes_a_request_with_what_the_feed_says() -> None:
    more = "<title>Der Kai</title><category>Hafen</category><author>a@b.example (Ada Berg)</author>"
    (request,) = read(rss(link("/kai", 1) + more))
    assert isinstance(request, FetchRequest)
    assert (request.url, request.kind, request.depth) == ("https://blatt.example/kai", "page", 1)
    assert request.source.name == "blatt"
    hints = request.hints
    assert (hints.title, hints.tags, iso(hints.published_at)) == ("Der Kai", ("Hafen",), "2026-03-01T09:00:00Z")


def test_json_feed() -> None:
    item = {"url": "/kai", "title": "Der Kai", "date_published": "2026-03-01T09:00:00Z", "image": "https://b.example/i"}
    body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "home_page_url": "/", "items": [item]})
    (request,) = read(body)
    assert isinstance(request, FetchRequest)
    assert (request.url, request.hints.image) == ("https://blatt.example/kai", "https://b.example/i")


@pytest.mark.parametrize(
    ("feed", "url"),
    [
        (rss("<link>kai</link>"), "https://blatt.example/listen/kai"),
        (
            '<rss xml:base="https://b.example/x/"><channel><item><link>kai</link></item></channel></rss>',
            "https://b.example/x/kai",
        ),
        (rss("<link>//b.example/kai#absatz</link>"), "https://b.example/kai"),
        (rss("<link>https://b.example/der kai</link>"), "https://b.example/der%20kai"),
    ],
)
def test_addresses_are_made_absolute_and_clean(feed: str, url: str) -> None:
    assert urls(read(feed)) == [url]


def test_content_is_the_document_where_pages_are_not_followed() -> None:
    page, nothing = read(rss(link("/1") + "<description>Der Kai ist fertig.</description>", link("/2")), follow=False)
    assert isinstance(page, Page)
    assert (page.url, page.body, page.source) == ("https://blatt.example/1", b"Der Kai ist fertig.", "blatt")
    assert (page.origin, page.fetched_at) == (f"{AT}#1", NOW)
    assert isinstance(nothing, Reject)
    assert (nothing.reason, nothing.url) == ("missing_field", "https://blatt.example/2")


def test_an_entry_without_an_address_is_its_content() -> None:
    page, nothing = read(rss("<description>Der Kai ist fertig.</description>", "<title>Nur ein Titel</title>"))
    assert isinstance(page, Page) and page.url is None
    assert isinstance(nothing, Reject) and nothing.reason == "missing_field"


def test_rules_on_addresses() -> None:
    found = read(
        rss(link("/politik/1"), link("/sport/2"), link("/politik/video/3")),
        include=("/politik/",),
        exclude=("/video/",),
    )
    assert urls(found) == ["https://blatt.example/politik/1"]
    out = [(r.stage, r.reason, r.url, r.detail) for r in found if isinstance(r, Reject)]
    assert out == [
        ("fetch", "excluded", "https://blatt.example/sport/2", "no pattern of include matches"),
        ("fetch", "excluded", "https://blatt.example/politik/video/3", "exclude /video/"),
    ]


def test_the_limit_keeps_the_newest_and_then_the_undated_in_their_order() -> None:
    feed = rss(link("/alt", 1), link("/ohne1"), link("/neu", 9), link("/ohne2"))
    found = read(feed, limit=3)
    assert urls(found) == [f"https://blatt.example/{name}" for name in ("alt", "ohne1", "neu")]
    (beyond,) = (reject for reject in found if isinstance(reject, Reject))
    assert (beyond.reason, beyond.url) == ("excluded", "https://blatt.example/ohne2") and "limit" in beyond.detail
    assert urls(read(feed, limit=1)) == ["https://blatt.example/neu"]


def test_the_limit_counts_what_the_other_rules_leave() -> None:
    assert len(urls(read(rss(link("/a"), link("/x"), link("/b")), limit=2, exclude=("/x",)))) == 2


def test_too_old() -> None:
    found = read(rss(link("/alt", 1), link("/neu", 9), link("/ohne")), max_age_s=7 * 86400)
    assert urls(found) == ["https://blatt.example/neu", "https://blatt.example/ohne"]
    assert reasons(found) == ["too_old"]


def test_a_day_counts_to_its_end() -> None:
    body = urlset(*(f"<loc>https://a.example/{day}</loc><lastmod>2026-03-{day}</lastmod>" for day in ("08", "09")))
    assert urls(read(body, "sitemap", max_age_s=86400)) == ["https://a.example/09"]


def test_one_address_twice_is_one_entry() -> None:
    found = read(rss(link("/1"), link("/1#a"), link("/x"), link("/x")), exclude=("/x",))
    assert urls(found) == ["https://blatt.example/1"] and reasons(found) == ["excluded"]


@pytest.mark.parametrize(
    "loc",
    [
        "ftp://a.example/1",
        "https://u:p@a.example/1",
        "https://u@a.example/",
        "http://a.example:99999/",
        "http://[::1/",
        "/1",
    ],
)
def test_what_is_no_address_is_refused(loc: str) -> None:
    (reject,) = read(urlset(f"<loc>{loc}</loc>"), "sitemap")
    assert isinstance(reject, Reject) and (reject.reason, reject.url) == ("bad_url", loc)


def test_a_news_sitemap() -> None:
    news = "<n:title>Kai &amp; Meer</n:title><n:publication_date>2026-03-09</n:publication_date>"
    news += "<n:keywords>Hafen, Bau</n:keywords>"
    more = (
        "<lastmod>2026-03-09T18:00Z</lastmod><image:image><image:loc>https://a.example/b.jpg</image:loc></image:image>"
    )
    (request,) = read(urlset(f"{more}<loc>\n https://a.example/1 </loc><n:news>{news}</n:news>"), "sitemap")
    assert isinstance(request, FetchRequest) and request.url == "https://a.example/1"
    hints = request.hints
    assert (hints.title, hints.tags, hints.published_precision) == ("Kai & Meer", ("Hafen", "Bau"), "day")
    assert (iso(hints.published_at), iso(hints.modified_at)) == ("2026-03-09T00:00:00Z", "2026-03-09T18:00:00Z")


def test_a_sitemap_index_leads_to_sitemaps_that_changed() -> None:
    old, new = (f"<loc>https://a.example/{day}</loc><lastmod>{day}</lastmod>" for day in ("2025-01-01", "2026-03-10"))
    body = urlset(old, new, root="sitemapindex", entry="sitemap")
    found = read(body, "sitemap", max_age_s=86400, include=("/politik/",), limit=0)
    assert [(r.url, r.kind, r.depth) for r in found if isinstance(r, FetchRequest)] == [
        ("https://a.example/2026-03-10", "sitemap", 1)
    ]
    assert reasons(found) == ["too_old"]


def test_lists_lie_below_each_other_only_so_deep() -> None:
    body = urlset("<loc>https://a.example/s</loc>", root="sitemapindex", entry="sitemap")
    assert urls(read(body, "sitemap", depth=DEPTH - 2)) == ["https://a.example/s"]
    (reject,) = read(body, "sitemap", depth=DEPTH - 1)
    assert isinstance(reject, Reject) and reject.reason == "bad_feed" and "below each other" in reject.detail
    assert urls(read(urlset("<loc>https://a.example/1</loc>"), "sitemap", depth=DEPTH - 1)) == ["https://a.example/1"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig"])
def test_a_sitemap_in_any_encoding(encoding: str) -> None:
    head = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>\n'
    assert urls(read((head + urlset("<loc>https://a.example/ä</loc>")).encode(encoding), "sitemap")) == [
        "https://a.example/ä"
    ]


def test_a_gzipped_sitemap() -> None:
    body = urlset(*(f"<loc>https://a.example/{n}</loc>" for n in range(9)))
    assert len(urls(read(gzip.compress(body.encode()), "sitemap"))) == 9


def test_a_torn_gzip_file_gives_what_stands_before_the_tear() -> None:
    noise = "".join(f"<url><loc>https://a.example/{(n * 2654435761) % (1 << 32)}</loc></url>" for n in range(9000))
    packed = gzip.compress(f"<urlset>{noise}</urlset>".encode())
    found = read(packed[: len(packed) // 2], "sitemap")
    assert len(urls(found)) > 2000 and reasons(found) == ["bad_feed"]


def test_a_gzip_bomb_is_read_to_the_bound() -> None:
    start = time.perf_counter()
    found = read(gzip.compress(b"<urlset>" + bytes([32]) * (MAX_LIST_BYTES * 2), 9), "sitemap")
    assert reasons(found) == ["too_large"] and time.perf_counter() - start < 10


def test_a_plain_text_sitemap() -> None:
    found = read("\ufeffhttps://a.example/1\r\n\r\nhttps://a.example/2\nkeine\n", "sitemap")
    assert urls(found) == ["https://a.example/1", "https://a.example/2"] and reasons(found) == ["bad_url"]


def test_a_feed_as_sitemap_and_a_sitemap_as_feed() -> None:
    assert urls(read(rss(link("/1")), "sitemap")) == ["https://blatt.example/1"]
    assert urls(read(urlset("<loc>https://a.example/1</loc>"))) == ["https://a.example/1"]


def test_a_torn_sitemap_gives_its_whole_entries() -> None:
    found = read(
        urlset("<loc>https://a.example/1</loc>", "<loc>https://a.example/langes</loc>").split("nges")[0], "sitemap"
    )
    assert urls(found) == ["https://a.example/1"] and reasons(found) == ["bad_feed"]


def test_subscriptions_at_any_depth_are_sources_of_their_own() -> None:
    inner = '<outline text="Kai/Blatt  am Meer" type="rss" xmlUrl="/kai.xml"/><outline text="Seite" url="https://a.example/"/>'
    body = f'<opml version="2.0"><body><outline text="Norden"><outline text="Stadt">{inner}</outline></outline>'
    body += '<outline type="include" url="mehr.opml"/><outline xmlURL="https://b.example/f"/></body></opml>'
    found = read(body, "opml", exclude=("kai",), limit=7)
    assert [(r.url, r.kind, r.source.name, r.source.kind, r.depth) for r in found if isinstance(r, FetchRequest)] == [
        ("https://blatt.example/kai.xml", "feed", "blatt/Kai Blatt am Meer", "feed", 1),
        ("https://blatt.example/listen/mehr.opml", "opml", "blatt", "opml", 1),
        ("https://b.example/f", "feed", "blatt/b.example", "feed", 1),
    ]
    assert all(isinstance(r, FetchRequest) and r.source.limit == 7 for r in found)


@pytest.mark.parametrize(
    ("kind", "body", "reason"),
    [
        ("feed", "", "empty"),
        ("sitemap", " \n", "empty"),
        ("feed", "<!doctype html><html><body>Wartung</body></html>", "bad_feed"),
        ("sitemap", "<!doctype html><html><body>Wartung</body></html>", "bad_feed"),
        ("opml", "<!doctype html><html><body>Wartung</body></html>", "bad_feed"),
        ("sitemap", "Not found", "bad_feed"),
        ("feed", '{"error": 404}', "bad_feed"),
        ("feed", rss(), "empty"),
        ("sitemap", urlset(), "empty"),
        ("sitemap", "<urlset/>", "empty"),
        ("opml", "<opml><body/></opml>", "empty"),
        ("sitemap", b"\x1f\x8bxx", "bad_feed"),
    ],
)
def test_lists_that_lie_are_one_reject(kind: SourceKind, body: str | bytes, reason: str) -> None:
    (reject,) = read(body, kind)
    assert isinstance(reject, Reject)
    assert (reject.reason, reject.url, reject.source, reject.stage) == (reason, AT, "blatt", "fetch")


def test_an_unchanged_list_leads_to_nothing() -> None:
    assert read(b"", status=304) == []


def test_entities_are_never_resolved() -> None:
    bomb = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    body = f'<!DOCTYPE u [<!ENTITY a0 "haha">{bomb}<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    start = time.perf_counter()
    found = read(body + urlset("<loc>https://a.example/&a11;&x;</loc>"), "sitemap")
    assert "haha" not in str(found) and time.perf_counter() - start < 2


def test_fifty_thousand_addresses() -> None:
    entry = "<loc>https://a.example/{}</loc><lastmod>2026-03-09T10:00:00Z</lastmod>"
    start = time.perf_counter()
    found = read(
        urlset(*map(entry.format, range(50_000))), "sitemap", limit=100, max_age_s=timedelta(days=7).total_seconds()
    )
    assert len(urls(found)) == 100 and len(found) == 50_000
    assert time.perf_counter() - start < 30
