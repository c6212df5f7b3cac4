"""Whatever the bytes, reading gives documents and rejects, and the same ones again."""

from __future__ import annotations

import io
import json

from hypothesis import given
from hypothesis import strategies as st

from tests.encoding import assert_encodable
from transforms.elements import InputFile, Page, Reject
from transforms.instants import parse_instant
from transforms.read.documents import read_documents
from transforms.read.feeds import read_feed
from transforms.read.jsonl import parse_line
from transforms.read.streams import LineReader

PIECES = (
    b"<rss version='2.0'>|<channel>|<item>|</item>|</rss>|<title>|<description>|<![CDATA[|]]>|&lt;p&gt;|&x;|<link>|"
    b"<feed xmlns='http://www.w3.org/2005/Atom'>|<entry>|<content type='xhtml'>|<pubDate>|2026-03-01|http://a.example|"
    b"<!DOCTYPE r [|<!ENTITY x 'y'>|]>|<?xml version='1.0' encoding='utf-16'?>|\xff\xfe|\0|<category>|Wort|</entry>|"
    b"&#1114112;|&#xD800;|<?xml version='1.0' encoding='undefined'?>|<gml:pos>1 2</gml:pos>|<textInput>|<where>"
).split(b"|")
FEEDS = st.lists(st.sampled_from(PIECES) | st.binary(max_size=6), max_size=25).map(b"".join)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
NAMES = (
    "id url html text title published_at fetched_at http_status content_type content_html date_published author tags"
)
ROWS = st.dictionaries(st.sampled_from(NAMES.split()), ANY_JSON | st.just("https://a.example/"), max_size=9)


def checked(documents: list[Page | Reject]) -> list[Page | Reject]:
    assert documents
    for document in documents:
        assert isinstance(document, Page | Reject)
        assert_encodable(document)
    return documents


@given(FEEDS)
def test_any_feed(body: bytes) -> None:
    assert checked(list(read_feed(body, "a.xml"))) == list(read_feed(body, "a.xml"))


@given(st.lists(ROWS | ANY_JSON, max_size=3))
def test_any_json_feed(items: list[object]) -> None:
    body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode()
    checked(list(read_feed(body, "a.json")))


@given(st.binary(max_size=200) | FEEDS)
def test_any_file(body: bytes) -> None:
    checked(list(read_documents(body, InputFile(b"a", "a", None, None, len(body)))))


@given(ROWS.map(lambda row: json.dumps(row).encode()) | st.binary(min_size=1, max_size=60))
def test_any_line(line: bytes) -> None:
    if (document := parse_line(line, "a.jsonl", 0)) is not None:
        checked([document])


@given(st.text(max_size=70) | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}.{0,20}", fullmatch=True))
def test_any_time(text: str) -> None:
    found = parse_instant(text)
    assert found is None or found[0].utcoffset() is not None


@given(st.lists(st.binary(max_size=12), max_size=8), st.integers(1, 12))
def test_lines_are_those_of_the_stream(parts: list[bytes], max_bytes: int) -> None:
    data = b"\n".join(parts)
    reader = LineReader(io.BufferedReader(io.BytesIO(data)), max_bytes)
    lines = [line for line in iter(reader.next_line, None) if line]
    assert sum(line.size_bytes for line in lines) == len(data)
    whole = [part.rstrip(b"\r\n") for part in data.splitlines(keepends=False)] if b"\r" not in data else None
    if whole is not None and not any(byte in data for byte in b"\x0b\x0c\x1c\x1d\x1e\x85"):
        assert [line.data for line in lines] == [part if len(part) <= max_bytes else None for part in whole]
