"""What is a page, and what a spool gives back."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator

from transforms.elements import Fetched, FetchRequest, Hints, HostFacts, Page, Reject, Source, Validators
from transforms.fetch.page import page_of
from transforms.fetch.spool import Spool
from transforms.reasons import Reason

AT = datetime(2026, 3, 4, 5, 6, 7, 891234, tzinfo=UTC)
REQUEST = FetchRequest("http://h.example/a?x=ä", "page", Source("quelle", "page", ()), Hints(title="Titel"))
RESPONSE = Fetched(
    request=REQUEST,
    url="http://h.example/b",
    status=200,
    headers=(
        ("content-type", "text/html; charset=latin1"),
        ("content-encoding", "gzip"),
        ("content-length", "77"),
        ("set-cookie", "a=b"),
        ("set-cookie", "ü: c"),
        ("x-empty", ""),
    ),
    body=b"<p>\r\n\r\n\xfcber\r\n\r\n",
    fetched_at=AT,
)


@pytest.mark.parametrize(
    ("content_type", "body", "markup"),
    [
        ("text/html", b"anything", "html"),
        ("Text/HTML;charset=x", b"", "html"),
        ("application/xhtml+xml", b"<html/>", "html"),
        ("text/plain; charset=utf-8", b"Ein Text.", "text"),
        ("text/plain", b" <!DOCTYPE html><p>", "html"),
        ("application/xml", b"<?xml version='1.0'?><!-- x --><html lang=de>", "html"),
        ("", b"<!doctype html>", "html"),
        ("", b"Ein Text ohne Typ.", "text"),
        ("", b"", "html"),
        ("", b"<p>Ein Absatz", "html"),
        ("html", b"<div>", "html"),
        ("application/octet-stream", b"\xef\xbb\xbf<html>", "html"),
        ("", "\ufeff<html>".encode("utf-16-le"), "html"),
    ],
)
def test_pages(content_type: str, body: bytes, markup: str) -> None:
    page = page_of(replace(RESPONSE, headers=(("content-type", content_type),), body=body))
    assert isinstance(page, Page) and page.markup == markup and page.body == body


@pytest.mark.parametrize(
    ("content_type", "body", "detail"),
    [
        ("application/pdf", b"%PDF-1.7", "PDF"),
        ("text/html", b"%PDF-1.7", "PDF"),
        ("image/jpeg", b"\xff\xd8\xff\xe0", "JPEG"),
        ("video/mp4", b"....", "video/mp4"),
        ("application/json", b"{}", "application/json"),
        ("application/rss+xml", b"<rss>", "feed"),
        ("application/xml", b"<?xml version='1.0'?><rss><channel>", "feed"),
        ("", b"<rss>", "feed"),
        ("", b'{"a": 1}', "JSON"),
        ("application/octet-stream", bytes(range(256)), "binary"),
        ("x" * 1_000_000 + "/y", b"\0\1\2\3\4", "binary"),
        ("text/css", b"a {}", "text/css"),
    ],
)
def test_what_is_no_page(content_type: str, body: bytes, detail: str) -> None:
    reject = page_of(replace(RESPONSE, headers=(("content-type", content_type),), body=body))
    assert isinstance(reject, Reject) and reject.reason == Reason.UNSUPPORTED
    assert detail in reject.detail and len(reject.detail) < 300


def test_a_page_stands_where_it_came_from_and_names_what_was_asked() -> None:
    request = replace(REQUEST, first_url="http://kurz.example/1")
    page = page_of(replace(RESPONSE, request=request))
    assert isinstance(page, Page)
    assert (page.url, page.origin, page.source) == (RESPONSE.url, "http://kurz.example/1", "quelle")
    assert (page.fetched_at, page.status, page.hints.title) == (AT, 200, "Titel")
    assert page.content_type == "text/html; charset=latin1"


def test_a_spool_gives_back_what_it_took_once(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.put(replace(RESPONSE, body=b"an older one"))
    spool.put(RESPONSE)
    spool.close()
    asked_later = replace(REQUEST, hints=Hints(title="Anders"))
    spool = Spool(tmp_path)
    assert asked_later in spool
    assert spool.get(asked_later) == replace(RESPONSE, request=asked_later)
    assert spool.get(asked_later) is None
    assert replace(REQUEST, url="http://h.example/other") not in spool


def test_several_processes_write_files_of_their_own(tmp_path: Path) -> None:
    first, second = Spool(tmp_path), Spool(tmp_path)
    first.put(RESPONSE)
    second.put(replace(RESPONSE, request=replace(REQUEST, url="http://h.example/z")))
    first.close()
    second.close()
    assert len(list(tmp_path.iterdir())) == 2
    assert all(replace(REQUEST, url=url) in Spool(tmp_path) for url in (REQUEST.url, "http://h.example/z"))


@pytest.mark.parametrize("url", ["http://h.example/\ud800", "http://h.example/\r\nX: y", "x" * 100_000, ""])
def test_any_address_can_be_spooled(tmp_path: Path, url: str) -> None:
    response = replace(RESPONSE, request=replace(REQUEST, url=url))
    spool = Spool(tmp_path)
    spool.put(response)
    spool.close()
    assert Spool(tmp_path).get(response.request) == response


def test_a_torn_record_is_dropped_wherever_it_tore(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.put(RESPONSE)
    (path,) = tmp_path.iterdir()
    whole = path.stat().st_size
    other = replace(REQUEST, url="http://h.example/z")
    spool.put(replace(RESPONSE, request=other))
    spool.close()
    data = path.read_bytes()
    for size in range(whole, len(data), 7):
        path.write_bytes(data[:size])
        spool = Spool(tmp_path)
        assert REQUEST in spool and other not in spool
    path.write_bytes(data[:whole] + b"no gzip at all")
    assert Spool(tmp_path).get(REQUEST) == RESPONSE


def test_an_unchanged_answer_is_no_answer_to_an_unconditional_request(tmp_path: Path) -> None:
    unchanged = replace(RESPONSE, status=304, body=b"")
    for number, (validators, expected) in enumerate(((Validators(), False), (Validators(etag='"1"'), True))):
        spool = Spool(tmp_path / str(number))
        spool.put(unchanged)
        spool.close()
        found = Spool(tmp_path / str(number)).get(replace(REQUEST, validators=validators))
        assert (found is not None) is expected


def test_a_spool_tells_of_the_hosts_that_it_is_of(tmp_path: Path) -> None:
    later, of_robots = AT + timedelta(seconds=9), AT - timedelta(seconds=9)
    facts = HostFacts("http://h.example", 200, b"User-agent: *\r\n\r\nDisallow: /x", of_robots, Validators('"1"'))
    robots = replace(REQUEST, url="http://h.example/robots.txt")
    spool = Spool(tmp_path)
    assert spool.facts == []
    for at in (later, AT):
        spool.put(replace(RESPONSE, request=replace(REQUEST, url=f"http://h.example/{at}"), fetched_at=at))
    spool.put_robots(replace(facts, robots=b"an older one", robots_at=of_robots - timedelta(seconds=1)))
    spool.put_robots(facts)
    spool.put_robots(HostFacts("http://i.example:81", 404, b"", AT))
    spool.put_robots(HostFacts("http://never-asked.example"))
    spool.close()
    spool = Spool(tmp_path)
    assert spool.facts == [
        replace(facts, last_start_at=later),
        HostFacts("http://i.example:81", 404, b"", AT, last_start_at=AT),
    ]
    assert robots not in spool and spool.get(robots) is None, "what a crawler asks by itself is nobody's page"


def test_other_tools_can_read_a_spool(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.put(RESPONSE)
    spool.put(replace(RESPONSE, body=b"x" * 300_000))
    spool.close()
    (path,) = tmp_path.iterdir()
    assert gzip.decompress(path.read_bytes()).startswith(b"WARC/1.1\r\nWARC-Type: response\r\n")
    with path.open("rb") as file:
        records = [
            (record.headers["WARC-Target-URI"], record.http_content_type, record.reader.read())
            for record in ArchiveIterator(file)
        ]
    assert records == [
        (RESPONSE.url, "text/html", RESPONSE.body),
        (RESPONSE.url, "text/html", b"x" * 300_000),
    ]
