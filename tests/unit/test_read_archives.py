"""WARC archives, plain and packed: which records are documents, and what damage costs."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from transforms.elements import InputFile, Page, Reject
from transforms.instants import iso
from transforms.read.archives import MAX_RESTARTS, read_archive
from transforms.read.documents import read_documents
from transforms.read.kinds import kind_of_content, kind_of_name

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_BYTES = 100_000
HTTP = "application/http; msgtype=response"

BROTLI = bytes.fromhex("0b05803c703e65696e733c2f703e03")
"""``<p>eins</p>``"""

Pack = Callable[[bytes], bytes]
PACKS: dict[str, Pack] = {"plain": bytes, "gzip": gzip.compress, "zstd": zstd.compress}


def record(kind: str, url: str, block: bytes, length: int | None = None, content_type: str = HTTP) -> bytes:
    head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2026-03-01T10:00:00Z\r\n"
    head += f"WARC-Record-ID: <urn:uuid:{zlib.crc32(url.encode()):032x}>\r\nContent-Type: {content_type}\r\n"
    return f"{head}Content-Length: {len(block) if length is None else length}\r\n\r\n".encode() + block + b"\r\n\r\n"


def response(body: bytes, status: str = "200 OK", content_type: str | None = "text/html", **more: str) -> bytes:
    headers = {"Content-Type": content_type, **{name.replace("_", "-"): value for name, value in more.items()}}
    lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode() + body


def page(number: int, body: bytes | None = None, **more: Any) -> bytes:
    url = f"https://blatt.example/{number}"
    return record("response", url, response(body or b"<p>Seite %d</p>" % number + b"." * 300, **more))


def read(archive: bytes, max_bytes: int = MAX_BYTES) -> list[Page | Reject]:
    return list(read_archive(io.BytesIO(archive), "a.warc", max_bytes))


def urls(found: list[Page | Reject]) -> list[str]:
    return [str(document.url).rpartition("/")[2] for document in found if isinstance(document, Page)]


def reasons(found: list[Page | Reject]) -> list[str]:
    return [document.reason for document in found if isinstance(document, Reject)]


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_the_html_responses_of_an_archive(pack: Pack) -> None:
    others = [
        record("warcinfo", "", b"software: x\r\n", content_type="application/warc-fields"),
        record("request", "https://blatt.example/1", b"GET /1 HTTP/1.1\r\n\r\n"),
        record("metadata", "https://blatt.example/1", b"a: b", content_type="application/warc-fields"),
        record("revisit", "https://blatt.example/1", response(b"")),
        record("resource", "https://blatt.example/1", b"<p>x</p>", content_type="text/html"),
        record("response", "dns:blatt.example", b"1.2.3.4", content_type="text/dns"),
        record("response", "https://blatt.example/b.jpg", response(b"\xff\xd8", content_type="image/jpeg")),
        record("response", "https://blatt.example/alt", response(b"<p>dort</p>", "301 Moved")),
        record("response", "https://blatt.example/robots.txt", response(b"Allow: /", content_type="text/plain")),
    ]
    before = b"".join(map(pack, others))
    found = read(before + pack(page(1, b"<p>eins</p>", content_type="Text/HTML; charset=utf-8")) + pack(page(2)))
    first = found[0]
    assert isinstance(first, Page) and urls(found) == ["1", "2"] and reasons(found) == []
    assert (first.url, first.body, first.markup) == ("https://blatt.example/1", b"<p>eins</p>", "html")
    assert (first.content_type, first.status, first.source) == ("Text/HTML; charset=utf-8", 200, "a.warc")
    assert (iso(first.fetched_at), first.origin) == ("2026-03-01T10:00:00Z", f"a.warc:{len(before)}")


@pytest.mark.parametrize(
    ("content_type", "body", "markup"),
    [("application/xhtml+xml", b"<p>", "html"), ("text/plain; charset=x", b"<p>", "text"), (None, b"<html>", "html")],
)
def test_markup_follows_the_content_type(content_type: str | None, body: bytes, markup: str) -> None:
    (document,) = read(page(1, body, content_type=content_type))
    assert isinstance(document, Page) and document.markup == markup


def test_an_archive_packed_as_a_whole() -> None:
    assert urls(read(gzip.compress(page(1) + page(2)))) == ["1", "2"]


@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        (page(1, status="404 Not Found"), "http_status"),
        (page(1, status="503 Busy"), "http_status"),
        (record("response", "ftp://blatt.example/1", response(b"<p>x")), "bad_url"),
        (record("response", "https://blatt.example/1", response(b" ")), "empty"),
        (record("response", "https://blatt.example/1", b"kein HTTP"), "bad_archive"),
        (page(1, b"\x89PNG\r\n" + bytes(99)), "unsupported"),
        (page(1, b"." * 300_000), "too_large"),
        (page(1, b"." * 120_000), "too_large"),
        (page(1, gzip.compress(bytes(10_000_000)), Content_Encoding="gzip"), "too_large"),
    ],
)
def test_what_is_no_page_is_one_reject_and_the_next_is_read(archive: bytes, reason: str) -> None:
    reject, document = read(archive + page(2))
    assert isinstance(reject, Reject) and isinstance(document, Page)
    assert (reject.reason, reject.stage, iso(reject.at)) == (reason, "read", "2026-03-01T10:00:00Z")


def test_a_large_picture_is_passed_over() -> None:
    picture = record("response", "https://blatt.example/b", response(bytes(300_000), content_type="image/png"))
    assert urls(read(picture + page(2))) == ["2"]


@pytest.mark.parametrize(
    ("coding", "pack"),
    [("gzip", gzip.compress), ("x-gzip", gzip.compress), ("deflate", zlib.compress), ("br", lambda _: BROTLI),
     ("zstd", zstd.compress)],
)  # fmt: skip
def test_content_codings(coding: str, pack: Pack) -> None:
    found = read(
        page(1, pack(b"<p>eins</p>"), Content_Encoding=coding) + page(2, b"<p>bar</p>", Content_Encoding=coding)
    )
    assert [document.body for document in found if isinstance(document, Page)] == [b"<p>eins</p>", b"<p>bar</p>"]


def test_chunks() -> None:
    packed = gzip.compress(b"<p>eins</p>")
    chunked = b"5;x=y\r\n" + packed[:5] + b"\r\n%x\r\n" % len(packed[5:]) + packed[5:] + b"\r\n0\r\n\r\n"
    found = read(page(1, chunked, Transfer_Encoding="chunked", Content_Encoding="gzip"))
    found += read(page(2, b"<p>bar</p>", Transfer_Encoding="chunked"))
    assert [document.body for document in found if isinstance(document, Page)] == [b"<p>eins</p>", b"<p>bar</p>"]


@pytest.mark.parametrize("cut", [30, 60, 390, 480, 600])
@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_a_torn_archive_gives_what_is_whole(pack: Pack, cut: int) -> None:
    last = pack(page(3))
    archive = pack(page(1)) + pack(page(2)) + last[: -min(cut, len(last) - 20)]
    found = read(archive)
    assert urls(found) == ["1", "2"] and reasons(found) == ["bad_archive"]


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_a_cut_between_records_is_no_damage(pack: Pack) -> None:
    assert reasons(read(pack(page(1)) + pack(page(2)))) == []


@pytest.mark.parametrize("pack", [gzip.compress, bytes], ids=["gzip", "plain"])
def test_a_damaged_record_costs_only_itself(pack: Pack) -> None:
    broken = bytearray(pack(page(3)))
    broken[:40] = b"\xff" * 40
    archive = b"".join([pack(page(1)), pack(page(2)), bytes(broken), pack(page(4)), pack(page(5))])
    found = read(archive)
    assert {"1", "2", "4", "5"} >= set(urls(found)) >= {"1", "4", "5"} and reasons(found) == ["bad_archive"]


@pytest.mark.parametrize("length", [-5, 0, 50, 500, 1000, 10**15, 10**30])
def test_a_length_that_lies_costs_its_record(length: int) -> None:
    liar = record("response", "https://blatt.example/2", response(b"<p>zwei</p>" + b"." * 300), length)
    found = read(page(1) + liar + page(3) + page(4))
    assert urls(found) == ["1", "3", "4"] and reasons(found)[-1] == "bad_archive"


def test_garbage_has_an_end() -> None:
    found = read(b"WARC/1.0\r\nx\r\n" * 20_000)
    assert reasons(found) == ["bad_archive"]
    assert f"broken in {MAX_RESTARTS + 1} places" in str(found[0])
    assert reasons(read(b"\x00\x01kein Archiv" * 50)) == ["bad_archive"]


@pytest.mark.parametrize("archive", [b"", record("request", "https://blatt.example/", b"GET / HTTP/1.1\r\n\r\n")])
def test_an_archive_without_documents(archive: bytes) -> None:
    assert reasons(read(archive)) == ["empty"]


def test_a_stream_that_only_reads() -> None:
    class Pipe:
        def __init__(self, data: bytes) -> None:
            self._data = io.BytesIO(data)

        def read(self, size: int) -> bytes:
            return self._data.read(min(size, 1000))

    whole: Any = Pipe(gzip.compress(page(1)) + gzip.compress(page(2)))
    torn: Any = Pipe((page(1) + page(2))[:-50])
    assert urls(list(read_archive(whole, "a", MAX_BYTES))) == ["1", "2"]
    assert reasons(list(read_archive(torn, "a", MAX_BYTES))) == ["bad_archive"]


def test_memory_stays_bounded() -> None:
    """Two pages at most are held: a generator that runs ahead of its reader would take the whole archive."""
    stream = io.BytesIO(b"".join(page(n, b"<p>" + b"." * 90_000) for n in range(100)))
    documents = read_archive(stream, "a", MAX_BYTES)
    next(documents)
    assert stream.tell() < 500_000


def test_archives_are_told_by_name_and_content() -> None:
    assert kind_of_name("CC-NEWS-1.warc.gz") == ("archive", "gzip")
    assert kind_of_name("a.warc.zst") == ("archive", "zstd")
    assert kind_of_name("a.WARC") == ("archive", None)
    assert kind_of_content(b"WARC/1.1\r\nWARC-Type: warcinfo") == "archive"
    (document,) = read_documents(page(1), InputFile(b"a", "a", None, None, 1))
    assert isinstance(document, Page) and document.url == "https://blatt.example/1"
