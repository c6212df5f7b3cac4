"""What a file is, its lines, and single lines of JSON."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any

import pytest

from tests.encoding import assert_encodable
from transforms.elements import FileKind, InputFile, Page, Reject
from transforms.read.documents import read_documents
from transforms.read.jsonl import parse_line
from transforms.read.kinds import binary_content, kind_of_content, kind_of_name
from transforms.read.streams import BROKEN, LineReader, decompressed, read_at_most
from transforms.web_address import is_web_address


@pytest.mark.parametrize(
    ("name", "kind", "compression"),
    [
        ("a/b.x/news.JSONL.gz", "jsonl", "gzip"),
        ("c:\\feeds\\a.rss", "feed", None),
        ("page.htm", "html", None),
        ("a.warc.zst", "archive", "zstd"),
        ("README", None, None),
        ("v1.2", None, None),
        (".gz", None, "gzip"),
        ("", None, None),
    ],
)
def test_kind_of_name(name: str, kind: str | None, compression: str | None) -> None:
    assert kind_of_name(name) == (kind, compression)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xef\xbb\xbf \n<!DOCTYPE html>", "html"),
        (b"<!-- a --><html lang='de'>", "html"),
        (b'<?xml version="1.0"?><html xmlns="x">', "html"),
        (b'<?xml version="1.0"?><rss>', "feed"),
        (b"<feed xmlns='x'>", "feed"),
        (b'{"version": "https:\\/\\/jsonfeed.org/version/1"', "feed"),
        (b'{"text": "a"}\n', "jsonl"),
        (b"WARC/1.0\r\n", "archive"),
        (b"<3 heisst Herz", "text"),
        (b"", "text"),
        (b"{" * 4096, "jsonl"),
        (b"<!--" * 1024, "text"),
    ],
)
def test_kind_of_content(head: bytes, kind: FileKind) -> None:
    assert kind_of_content(head) == kind


def test_text_in_any_encoding_is_not_binary() -> None:
    text = "Größe und Gewicht der Äpfel.\n" * 9
    for encoding in ("utf-8", "cp1252", "utf-16", "utf-16-le", "utf-16-be"):
        assert binary_content(text.encode(encoding)) is None, encoding
    assert binary_content(b"\x89PNG\r\n\x1a\n") == "a PNG picture"
    assert binary_content(bytes(range(32)) * 20) == "binary data"


def test_lines_with_bounded_memory() -> None:
    reader = LineReader(io.BufferedReader(io.BytesIO(b"eins\r\n\n" + b"x" * 11 + b"\n" + b"y" * 10 + b"\nende")), 10)
    lines = list(iter(reader.next_line, None))
    assert [line.data for line in lines if line] == [b"eins", b"", None, b"y" * 10, b"ende"]
    assert sum(line.size_bytes for line in lines if line) == 34


def test_reading_stops_at_the_bound() -> None:
    assert read_at_most(io.BufferedReader(io.BytesIO(b"x" * 10)), 10) == b"x" * 10
    assert read_at_most(io.BufferedReader(io.BytesIO(b"x" * 11)), 10) is None


def test_a_torn_stream_raises_what_is_declared() -> None:
    stream = decompressed(io.BufferedReader(io.BytesIO(gzip.compress(b"abc" * 999)[:-9])), "gzip")
    with pytest.raises(BROKEN):
        read_at_most(stream, 1 << 20)


@pytest.mark.parametrize(
    ("text", "is_address"),
    [
        ("https://a.example/x", True),
        ("HTTP://A.example", True),
        ("//a.example/x", False),
        ("ftp://a.example", False),
        ("https://", False),
        ("http://[::1", False),
        ("https://a.example/" + "x" * 2048, False),
        ("\ud800", False),
        ("", False),
    ],
)
def test_web_addresses(text: str, is_address: bool) -> None:
    assert is_web_address(text) is is_address


def line(**row: Any) -> Page | Reject | None:
    return parse_line(json.dumps(row).encode(), "a.jsonl", 7)


def test_a_line_with_every_field() -> None:
    found = line(
        id="a-1",
        url="https://blatt.example/1",
        html="<p>Der Kai</p>",
        title="Kai",
        published_at="2026-03-01",
        fetched_at="2026-03-02T10:00:00Z",
        http_status=200,
        content_type="text/html; charset=latin-1",
    )
    assert isinstance(found, Page)
    assert (found.markup, found.status, found.origin) == ("html", 200, "a.jsonl:7")
    assert found.content_type == "text/html; charset=utf-8", "the text was decoded with its line"
    assert (found.hints.source_id, found.hints.title, found.hints.published_precision) == ("a-1", "Kai", "day")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{", "bad_json"),
        (b"[1]", "bad_json"),
        (b"7", "bad_json"),
        (b"[" * 100_000, "bad_json"),
        (b'{"text": "\xff\0"}', "bad_encoding"),
        (b"{}", "missing_field"),
        (b'{"text": 7}', "missing_field"),
        (b'{"html": ["a"]}', "missing_field"),
        (b'{"text": ""}', "empty"),
        (b'{"html": " "}', "empty"),
        (b'{"text": "a", "url": "a.example"}', "bad_url"),
        (b'{"html": "a", "content_type": "image/png"}', "unsupported"),
        (b'{"text": "a", "http_status": 404}', "http_status"),
    ],
)
def test_lines_that_are_rejected(data: bytes, reason: str) -> None:
    found = parse_line(data, "a.jsonl", 0)
    assert isinstance(found, Reject) and found.reason == reason


def test_blank_lines_and_a_windows_export() -> None:
    assert parse_line(b" \r\n", "a.jsonl", 0) is None
    found = parse_line('{"text": "größer"}'.encode("cp1252"), "a.jsonl", 0)
    assert isinstance(found, Page) and found.body.decode() == "größer"


def test_lone_surrogates_can_be_written() -> None:
    found = line(id="\ud800", text="a\ud800", title="\udfff", url="https://a.example/\ud800")
    assert isinstance(found, Page)
    assert_encodable(found)


def test_a_wrong_type_of_a_side_field_is_left_out() -> None:
    found = line(text="Der Kai", id=[1], title=7, published_at=5, fetched_at={}, http_status=True, content_type=9)
    assert isinstance(found, Page)
    assert (found.hints.source_id, found.hints.title, found.fetched_at) == (None, None, None)


def test_a_file_is_taken_by_its_content_where_its_name_is_silent() -> None:
    file = InputFile(b"x", "x", None, None, 9)
    kinds = {b"<html><p>a": "html", b"Der Kai.": "text", b"<rss><channel><item><description>a</description>": None}
    for body, markup in kinds.items():
        first = next(iter(read_documents(body, file)))
        assert (first.markup if isinstance(first, Page) else None) == markup
