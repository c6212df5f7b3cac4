"""An archive as a source: longer than any page may be, and read from the disk."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.commands import ingest
from tests.e2e.press import article_html, conditional, sources_file, story
from tests.e2e.servers import Reply, Servers, redirect
from tests.unit.test_read_archives import record, response


@pytest.fixture
def servers() -> Iterator[Servers]:
    with Servers() as running:
        yield running


def warc(count: int) -> bytes:
    pages = (article_html(f"Meldung {number}", story(5000 + number)).encode() for number in range(count))
    return b"".join(
        gzip.compress(record("response", f"https://blatt.example/{number}", response(page)))
        for number, page in enumerate(pages)
    )


@pytest.mark.parametrize("workers", [1, 2])
def test_an_archive_longer_than_a_page_is_read_and_then_unchanged(
    tmp_path: Path, servers: Servers, workers: int
) -> None:
    body = warc(30)
    elsewhere = servers.serve("127.0.10.2", {"/a.warc.gz": conditional(body, "application/warc")})
    site = servers.serve("127.0.10.1", {"/a.warc.gz": redirect(f"{elsewhere}/a.warc.gz"), "/b.warc": Reply(body=b"?")})
    file = sources_file(
        tmp_path / "s.yaml",
        {"name": "lager", "kind": "archive", "url": f"{site}/a.warc.gz"},
        {"name": "leer", "kind": "archive", "url": f"{site}/b.warc"},
    )
    options = ("--direct_num_workers=2", "--direct_running_mode=multi_processing") if workers == 2 else ()
    arguments = ("--sources", file, "--state", tmp_path / "state", "--max-bytes", str(len(body) // 3), *options)
    first = ingest(tmp_path, "one", *arguments)
    assert len(first.articles) == 30 and {article["source"] for article in first.articles} == {"lager"}
    assert [(reject["stage"], reject["reason"]) for reject in first.rejects] == [("read", "bad_archive")]
    assert not (tmp_path / "one" / "spool").exists()
    asked = Counter(one.path for one in servers.log if one.path != "/robots.txt")
    assert asked == {"/a.warc.gz": 2, "/b.warc": 1}, "the redirect, the archive, the other one"
    if workers == 1:
        servers.sent_bytes = 0
        second = ingest(tmp_path, "two", *arguments)
        assert second.manifest["counts"]["unchanged"] >= 1 and not second.articles
        assert servers.sent_bytes < 100, "an archive that has not changed is not sent again"
