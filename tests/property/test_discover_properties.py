"""Whatever the bytes, lists give requests, documents and rejects that can be fetched and written; archives too."""

from __future__ import annotations

import gzip
import io
import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from tests.encoding import assert_encodable
from tests.unit.test_read_archives import PACKS, page, record, response
from transforms.discover.discover import DEPTH, discover
from transforms.elements import Fetched, FetchRequest, Page, Reject, Source
from transforms.read.archives import read_archive
from transforms.web_address import is_web_address

NOW = datetime(2026, 3, 10, tzinfo=UTC)
AT = "https://blatt.example/liste"
PIECES = (
    b"<rss>|<channel>|<item>|</item>|</rss>|<title>|<description>|<link>|<urlset>|<url>|</url>|<loc>|</loc>|</urlset>|"
    b"<urlset xmlns='http://a'>|<sitemapindex>|<sitemap>|</sitemap>|<lastmod>2026-03-01|<news:news>|<news:title>|"
    b"<opml>|<outline xmlUrl='/f'|<outline type='include' url='|/>|</opml>|https://a.example/1|http://u:p@a|http://[|"
    b"<!DOCTYPE r [<!ENTITY x 'y'>]>|&x;|&#0;|<?xml version='1.0' encoding='utf-16'?>|\xff\xfe|\0|\n|#|<![CDATA[|]]>"
).split(b"|")
BODIES = st.lists(st.sampled_from(PIECES) | st.binary(max_size=6), max_size=25).map(b"".join)
SOURCES = st.builds(
    Source,
    name=st.just("q"),
    kind=st.sampled_from(("feed", "sitemap", "opml")),
    urls=st.just((AT,)),
    follow=st.booleans(),
    limit=st.none() | st.integers(0, 2),
    max_age_s=st.none() | st.just(86400.0),
    include=st.sampled_from(((), ("a",))),
    exclude=st.sampled_from(((), ("1",))),
)
ITEMS = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("url", "title", "id", "content_html", "date_published"), st.text(max_size=9) | st.integers()
    ),
)
RECORDS = [
    page(1),
    page(2, gzip.compress(b"<p>zwei</p>"), Content_Encoding="gzip"),
    page(3, b"3\r\n<p>\r\n0\r\n\r\n", Transfer_Encoding="chunked"),
    record("warcinfo", "", b"a: b", content_type="application/warc-fields"),
    record("response", "<https://blatt.example/\xff>", response(b"<p>x", content_type=None)),
]


def checked(body: bytes, source: Source, depth: int) -> None:
    fetched = Fetched(FetchRequest(AT, source.kind, source, depth=depth), AT, 200, (), body, NOW)
    found = list(discover(fetched, NOW))
    assert found and found == list(discover(fetched, NOW))
    requests = [item for item in found if isinstance(item, FetchRequest)]
    assert len({request.url for request in requests}) == len(requests)
    for request in requests:
        assert is_web_address(request.url) and "#" not in request.url and "@" not in request.url.split("/")[2]
        assert request.kind == "page" or request.depth < DEPTH
    for item in found:
        assert isinstance(item, FetchRequest | Page | Reject)
        assert_encodable(item)


@given(BODIES, SOURCES, st.integers(0, 3), st.booleans())
def test_any_list(body: bytes, source: Source, depth: int, is_packed: bool) -> None:
    checked(gzip.compress(body) if is_packed else body, source, depth)


@given(st.lists(ITEMS, max_size=3), SOURCES)
def test_any_json_feed(items: list[object], source: Source) -> None:
    checked(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode(), source, 0)


@given(st.data(), st.sampled_from(list(PACKS)))
def test_any_archive(data: st.DataObject, pack: str) -> None:
    archive = bytearray(b"".join(map(PACKS[pack], data.draw(st.lists(st.sampled_from(RECORDS), max_size=5)))))
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(0, len(archive)))
        archive[place : place + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=5))
    found = list(read_archive(io.BytesIO(bytes(archive)), "a", 1000))
    assert found and found == list(read_archive(io.BytesIO(bytes(archive)), "a", 1000))
    for document in found:
        assert_encodable(document)
        assert not isinstance(document, Page) or len(document.body) <= 1000
