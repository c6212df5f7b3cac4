"""`PollSources` on a real runner, against real servers: whole ticks, a piece, what a state and a journal bring back."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.transforms.window import TimestampedValue

from pipeline import fetching
from pipeline.config import Live, Stream
from pipeline.polling import PollSources
from tests.e2e.press import XML, article_html, conditional, feed_xml, sitemap_xml, story
from tests.e2e.servers import Answers, Reply, Servers, redirect, text
from tests.transforms.running import run
from transforms.elements import Source
from transforms.fetch.freshness import ask_again_at
from transforms.fetch.policy import FetchPolicy
from transforms.generation import StatePlan, commit, load, write_rows
from transforms.journal import drop_carried
from transforms.ledger import addresses, hosts

POLICY = FetchPolicy("test (+https://example.org/bot)", 0.005, 5.0, retries=0, allow_private=True)
TICK_S = 1.0


@pytest.fixture
def servers() -> Iterator[Servers]:
    with Servers() as running:
        yield running


def pages(count: int, first: int = 0) -> dict[str, Answers]:
    return {f"/{n}": conditional(article_html(f"Meldung {n}", story(first + n))) for n in range(count)}


def stream(tmp_path: Path, **more: Any) -> Stream:
    given = {
        "every_s": 1.0,
        "window_s": 600.0,
        "shards": 1,
        "is_by_language": True,
        "stop_after_s": None,
        "is_in_pieces": False,
    }
    return Stream(stop_path=str(tmp_path / "stop"), drained_path=str(tmp_path / "drained"), **(given | more))


def polled(
    live: Live, mode: Stream, count: int, carried_as: str | None = None, plan: StatePlan | None = None
) -> dict[str, list[Any]]:
    """What comes of some ticks, a second from each to the next."""
    first_s = float(int(time.time()))
    ticks = [first_s + TICK_S * number for number in range(count)]
    return run(
        lambda p, rejects: (
            p
            | beam.Create(ticks)
            | beam.Map(lambda at: TimestampedValue(int(at * 1e6), at)).with_output_types(int)
            | PollSources(live, mode, plan, carried_as, rejects)
        )._asdict()
    )


def urls(fetched: list[Any]) -> list[str]:
    return sorted(one.request.url for one in fetched)


def test_what_lists_lead_to_comes_once_and_a_local_list_is_through_in_one_tick(
    tmp_path: Path, servers: Servers
) -> None:
    site = servers.serve(
        "127.0.2.1", pages(6) | {"/robots.txt": text("User-agent: *\nDisallow: /5"), "/weg": Reply(410)}
    )
    other = servers.serve("127.0.2.2", pages(3, 10) | {"/moved": redirect(f"{site}/0")})
    lists: dict[str, Answers] = {
        "/rss": conditional(feed_xml([*(f"{site}/{n}" for n in range(6)), f"{site}/weg"]), XML)
    }
    outlet = servers.serve("127.0.2.3", lists)
    lists["/map.xml"] = conditional(sitemap_xml([f"{other}/1", f"{other}/moved"]), XML)
    lists["/index.xml"] = conditional(sitemap_xml([f"{outlet}/map.xml"], "sitemapindex"), XML)
    lists["/lager.warc"] = Reply(200, b"WARC/1.0\r\n", (("Content-Type", "application/warc"),))
    sources = (
        Source("blatt", "feed", (f"{outlet}/rss",), every_s=2.0),
        Source("karte", "sitemap", (f"{outlet}/index.xml",), every_s=2.0),
        Source("einzeln", "page", (f"{other}/2",), every_s=2.0),
        Source("lager", "archive", (f"{outlet}/lager.warc",), every_s=2.0),
    )
    kept = polled(Live(sources, POLICY), stream(tmp_path), 12)
    expected = {*(f"{site}/{n}" for n in range(5)), f"{other}/1", f"{other}/2", f"{site}/0"}
    assert set(urls(kept["pages"])) == expected
    assert Counter(urls(kept["pages"]))[f"{site}/0"] == 2, "as it was listed, and where another address led"
    assert Counter((one.reason, one.url) for one in kept["rejects"]) == {
        ("robots", f"{site}/5"): 1,
        ("http_status", f"{site}/weg"): 1,
    }
    [archive] = kept["archives"]
    assert Path(archive.path).exists(), "the reader removes it"
    Path(archive.path).unlink()
    assert kept["unchanged"].count(f"{outlet}/rss") >= 3
    assert len(servers.asked(site, "/robots.txt")) == 1
    asked = Counter((one.origin, one.path) for one in servers.log)
    assert {count for (origin, path), count in asked.items() if origin == site and path != "/0"} == {1}
    assert {f"{outlet}/rss", f"{other}/moved", f"{other}/1"} <= {visit.url for visit in kept["visits"]}
    assert {fact.origin for fact in kept["facts"]} == {site, other, outlet}
    assert not fetching._RUNNING, "teardown ends the crawl"


def test_a_long_list_is_looked_into_aside(tmp_path: Path, servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "READ_ASIDE_BYTES", 1_000)
    site = servers.serve("127.0.2.1", pages(20))
    outlet = servers.serve("127.0.2.3", {"/rss": conditional(feed_xml(f"{site}/{n}" for n in range(20)), XML)})
    kept = polled(Live((Source("blatt", "feed", (f"{outlet}/rss",), every_s=60.0),), POLICY), stream(tmp_path), 12)
    assert urls(kept["pages"]) == sorted(f"{site}/{n}" for n in range(20))
    assert len(kept["visits"]) == 21


def test_a_piece_lasts_to_the_end_of_its_window_and_the_next_one_goes_on(tmp_path: Path, servers: Servers) -> None:
    site = servers.serve("127.0.2.1", pages(9))
    lists: dict[str, Answers] = {"/rss": conditional(feed_xml([f"{site}/0"]), XML)}
    outlet = servers.serve("127.0.2.3", lists)
    live = Live((Source("blatt", "feed", (f"{outlet}/rss",), every_s=0.3),), POLICY)
    piece = stream(tmp_path, is_in_pieces=True, window_s=2.0)
    try:
        began = time.monotonic()
        first = polled(live, piece, 1, "probe")
        assert time.monotonic() - began < 6
        assert urls(first["pages"]) == [f"{site}/0"]
        assert len(servers.asked(outlet, "/rss")) >= 3, "it is polled all the time"
        lists["/rss"] = conditional(feed_xml(f"{site}/{n}" for n in range(3)), XML)
        assert urls(polled(live, piece, 1, "probe")["pages"]) == [f"{site}/1", f"{site}/2"]
        assert len(servers.asked(outlet, "/robots.txt")) == 1, "the crawl goes on"
        (tmp_path / "stop").touch()
        began = time.monotonic()
        polled(live, stream(tmp_path, is_in_pieces=True, window_s=600.0), 1, "probe")
        assert time.monotonic() - began < 5, "it is stopped"
    finally:
        drop_carried("probe")
        fetching.close("probe/crawl")


def test_a_bundle_that_fails_loses_nothing(tmp_path: Path, servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker forgets what it has in memory, and begins again with what the state holds."""
    site = servers.serve("127.0.2.1", pages(30))
    outlet = servers.serve("127.0.2.3", {"/rss": conditional(feed_xml(f"{site}/{n}" for n in range(30)), XML)})
    live = Live((Source("blatt", "feed", (f"{outlet}/rss",), every_s=60.0),), POLICY)
    monkeypatch.setattr("transforms.journal.Cache.keep", lambda *_: None)
    monkeypatch.setattr("pipeline.turn.MAX_TICK_S", 0.05)
    kept = polled(live, stream(tmp_path), 20)
    assert urls(kept["pages"]) == sorted(f"{site}/{n}" for n in range(30))
    assert set(Counter(one.path for one in servers.asked(site)).values()) == {1}, "what is under way is not asked twice"
    assert {visit.url for visit in kept["visits"]} == {f"{outlet}/rss", *urls(kept["pages"])}


def test_what_an_earlier_run_knew_is_taken_over(tmp_path: Path, servers: Servers) -> None:
    site = servers.serve("127.0.2.1", pages(5) | {"/robots.txt": text("User-agent: *\nAllow: /")})
    lists: dict[str, Answers] = {"/rss": conditional(feed_xml(f"{site}/{n}" for n in range(5)), XML)}
    outlet = servers.serve("127.0.2.3", lists)
    live = Live((Source("blatt", "feed", (f"{outlet}/rss",), every_s=60.0),), POLICY)
    first = polled(live, stream(tmp_path), 8)
    assert len(first["pages"]) == 5
    at = datetime.now(UTC)
    empty = StatePlan(str(tmp_path / "state"), None, 1, "r", "a", at, at)
    rows = addresses.address_rows(first["visits"], addresses.SCHEMA.empty_table(), at, ask_again_at)
    known = hosts.host_rows(first["facts"], hosts.SCHEMA.empty_table(), at)
    (tmp_path / "state").mkdir()
    commit(
        empty,
        [
            write_rows(empty, addresses.ADDRESSES, 0, 0, rows),
            write_rows(empty, hosts.HOSTS, 0, 0, known),
        ],
    )
    servers.log.clear()
    second = polled(live, stream(tmp_path), 3, plan=replace(empty, base=load(empty.root, 1), number=2))
    assert [one.path for one in servers.log] == ["/rss"], "neither robots.txt nor a page is asked again"
    assert not second["pages"] and second["unchanged"] == [f"{outlet}/rss"]
    assert [(visit.url, visit.status, dict(visit.headers)["etag"] != "") for visit in second["visits"]] == [
        (f"{outlet}/rss", 304, True)
    ]
