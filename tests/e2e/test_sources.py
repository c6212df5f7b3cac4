"""`ingest --sources` from end to end: the real command, real servers, and what they were asked."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.e2e.commands import ROOT, Run, depesche, environment, ingest
from tests.e2e.press import (
    XML,
    article_html,
    conditional,
    feed_xml,
    sitemap_xml,
    sources_file,
    story,
)
from tests.e2e.servers import Answers, Reply, Servers, redirect, text


@pytest.fixture
def servers() -> Iterator[Servers]:
    with Servers() as running:
        yield running


def pages(first: int, count: int) -> dict[str, Answers]:
    """Articles ``/1`` and so on, each with a text of its own."""
    return {
        f"/{number}": conditional(article_html(f"Meldung {number}", story(first + number))) for number in range(count)
    }


def forget_when(state: Path) -> None:
    """Make every address of the newest generation due: as if days had passed."""
    newest = json.loads(sorted(state.glob("generation-*.json"))[-1].read_text())
    for file in newest["files"]:
        if file["table"] == "addresses":
            rows = pq.read_table(state / file["path"])
            place = rows.schema.get_field_index("ask_again_at")
            pq.write_table(
                rows.set_column(place, "ask_again_at", pa.array([0] * len(rows), pa.int64())), state / file["path"]
            )


def test_what_lists_lead_to_is_read_once_each_and_all_of_it_comes_to_an_end(tmp_path: Path, servers: Servers) -> None:
    site = servers.serve(
        "127.0.1.1",
        pages(100, 6)
        | {
            "/robots.txt": text("User-agent: *\nDisallow: /5"),
            "/gone": Reply(410, b""),
            "/picture": Reply(200, b"\x89PNG\r\n\x1a\n" + bytes(200), (("Content-Type", "image/png"),)),
        },
    )
    other = servers.serve("127.0.1.2", pages(200, 3) | {"/moved": redirect(f"{site}/0")})
    lists = servers.serve(
        "127.0.1.3",
        {
            "/rss": conditional(feed_xml([*(f"{site}/{n}" for n in range(6)), f"{site}/gone", f"{site}/picture"]), XML),
            "/again": conditional(feed_xml([f"{site}/1#top", f"{other}/0", f"{other}/video/1"]), XML),
            "/index.xml": conditional(sitemap_xml(["/map.xml"], "sitemapindex").replace("/map", "{}/map"), XML),
            "/opml": Reply(404, b""),
        },
    )
    maps = servers.serve(
        "127.0.1.4",
        {
            "/index.xml": lambda asked: Reply(
                200, sitemap_xml([f"{asked.origin}/map.xml"], "sitemapindex").encode(), (("Content-Type", XML),)
            ),
            "/map.xml": conditional(sitemap_xml([f"{other}/1", f"{other}/moved", f"{site}/2"]), XML),
            "/subscriptions.opml": conditional(
                f'<opml version="2.0"><body><outline text="Mehr" xmlUrl="{lists}/again"/></body></opml>', XML
            ),
        },
    )
    file = sources_file(
        tmp_path / "sources.yaml",
        {"name": "blatt", "kind": "feed", "url": f"{lists}/rss"},
        {"name": "karte", "kind": "sitemap", "url": f"{maps}/index.xml"},
        {"name": "abo", "kind": "opml", "url": f"{maps}/subscriptions.opml", "exclude": ["/video/"]},
        {"name": "einzeln", "kind": "page", "url": [f"{other}/2", f"{other}/nirgends"]},
        {"name": "weg", "kind": "feed", "url": f"{lists}/opml"},
    )
    run = ingest(tmp_path, "r", "--sources", file)
    read = {article["url"] for article in run.articles}
    assert read == {*(f"{site}/{n}" for n in range(5)), *(f"{other}/{n}" for n in range(3))}
    assert Counter((reject["reason"], reject["url"]) for reject in run.rejects) == Counter(
        {
            ("robots", f"{site}/5"): 1,
            ("http_status", f"{site}/gone"): 1,
            ("unsupported", f"{site}/picture"): 1,
            ("excluded", f"{other}/video/1"): 1,
            ("http_status", f"{other}/nirgends"): 1,
            ("http_status", f"{lists}/opml"): 1,
        }
    )
    assert [copy["url"] for copy in run.copies] == [f"{site}/0"], "read by a redirect too"
    sources = {article["url"]: article["source"] for article in run.articles}
    assert sources[f"{other}/0"] == "abo/Mehr" and sources[f"{other}/2"] == "einzeln"
    asked = Counter((one.origin, one.path) for one in servers.log)
    assert set(asked.values()) == {1}, f"asked twice: {[what for what, count in asked.items() if count > 1]}"
    assert (site, "/5") not in asked
    assert not (tmp_path / "r" / "spool").exists()
    agents = {one.headers["user-agent"] for one in servers.log}
    assert len(agents) == 1 and "(+https://example.org/bot)" in agents.pop()


def test_a_second_run_asks_for_little_and_finds_what_changed(tmp_path: Path, servers: Servers) -> None:
    texts = pages(300, 12) | {"/robots.txt": text("User-agent: *\nAllow: /")}
    site = servers.serve("127.0.2.1", texts)
    feed: dict[str, Answers] = {"/rss": conditional(feed_xml(f"{site}/{n}" for n in range(12)), XML)}
    lists = servers.serve("127.0.2.2", feed)
    file = sources_file(
        tmp_path / "sources.yaml",
        {"name": "blatt", "kind": "feed", "url": f"{lists}/rss"},
        {"name": "einzeln", "kind": "page", "url": f"{site}/0"},
    )
    arguments = ("--sources", file, "--state", tmp_path / "state")
    first = ingest(tmp_path, "one", *arguments)
    assert len(first.articles) == 12
    bytes_of_first = servers.sent_bytes

    def again(name: str) -> Counter[str]:
        del servers.log[:]
        servers.sent_bytes = 0
        run = ingest(tmp_path, name, *arguments)
        assert not run.rejects and not run.copies
        runs[name] = run
        return Counter(one.path for one in servers.log)

    runs: dict[str, Run] = {}
    assert again("two") == {"/rss": 1}, "nothing else is due yet, and robots.txt is known"
    assert runs["two"].manifest["counts"]["unchanged"] == 2, "the feed, and the page that is a source"
    assert servers.sent_bytes <= 0.02 * bytes_of_first

    forget_when(tmp_path / "state")
    assert again("three") == {"/rss": 1, "/0": 1}, "the feed has not changed, and lists nothing again"
    assert servers.sent_bytes == 0 and runs["three"].manifest["counts"]["unchanged"] == 2

    texts["/3"] = conditional(article_html("Meldung 3", [*story(303), "Ein Absatz kam dazu, und er ist neu."]))
    feed["/rss"] = conditional(feed_xml([*(f"{site}/{n}" for n in range(12)), f"{site}/neu"]), XML)
    texts["/neu"] = conditional(article_html("Meldung neu", story(399)))
    forget_when(tmp_path / "state")
    asked = again("four")
    assert asked == {"/rss": 1, "/neu": 1} | {f"/{n}": 1 for n in range(12)}
    four = runs["four"]
    assert {(article["url"], article["revision"]) for article in four.articles} == {
        (f"{site}/3", 2),
        (f"{site}/neu", 1),
    }
    assert four.manifest["counts"]["unchanged"] == 11


def test_lists_below_unchanged_lists_are_asked_again(tmp_path: Path, servers: Servers) -> None:
    texts = pages(600, 4)
    site = servers.serve("127.0.9.1", texts)
    lists: dict[str, Answers] = {
        "/rss": conditional(feed_xml([f"{site}/0"]), XML),
        "/map.xml": conditional(sitemap_xml([f"{site}/1"]), XML),
    }
    origin = servers.serve("127.0.9.2", lists)
    lists["/index.xml"] = conditional(sitemap_xml([f"{origin}/map.xml"], "sitemapindex"), XML)
    lists["/all.opml"] = conditional(
        f'<opml version="2.0"><body><outline text="x" xmlUrl="{origin}/rss"/></body></opml>', XML
    )
    file = sources_file(
        tmp_path / "s.yaml",
        {"name": "abo", "kind": "opml", "url": f"{origin}/all.opml"},
        {"name": "karte", "kind": "sitemap", "url": f"{origin}/index.xml"},
    )
    arguments = ("--sources", file, "--state", tmp_path / "state")
    assert len(ingest(tmp_path, "one", *arguments).articles) == 2
    lists["/rss"] = conditional(feed_xml([f"{site}/0", f"{site}/2"]), XML)
    lists["/map.xml"] = conditional(sitemap_xml([f"{site}/1", f"{site}/3"]), XML)
    second = ingest(tmp_path, "two", *arguments)
    assert {article["url"] for article in second.articles} == {f"{site}/2", f"{site}/3"}


def test_a_list_of_two_sources_is_asked_once_and_looked_into_for_each(tmp_path: Path, servers: Servers) -> None:
    site = servers.serve("127.0.10.1", pages(700, 4))
    feed = conditional(feed_xml([f"{site}/0", f"{site}/1", f"{site}/%32", f"{site}/a/../3"]), XML)
    lists = servers.serve("127.0.10.2", {"/rss": feed})
    both = [
        {"name": "eins", "kind": "feed", "url": f"{lists}/rss", "include": ["/(0|%32)$"]},
        {"name": "zwei", "kind": "feed", "url": f"{lists}/rss", "include": ["/1$"]},
    ]
    arguments = ("--sources", sources_file(tmp_path / "s.yaml", *both), "--state", tmp_path / "state")
    first = ingest(tmp_path, "one", *arguments)
    assert {(one["url"], one["source"]) for one in first.articles} == {
        (f"{site}/0", "eins"),
        (f"{site}/1", "zwei"),
        (f"{site}/2", "eins"),
    }
    assert len(servers.asked(lists, "/rss")) == 1
    sources_file(tmp_path / "s.yaml", both[0], both[1] | {"include": ["/[13]$"]})
    second = ingest(tmp_path, "two", *arguments)
    assert [one["url"] for one in second.articles] == [f"{site}/3"], "under other rules an unchanged list is news"


def test_a_page_that_could_not_be_had_is_asked_again_though_its_feed_is_unchanged(
    tmp_path: Path, servers: Servers
) -> None:
    texts: dict[str, Answers] = {"/1": Reply(503, b""), "/2": Reply(404, b"")}
    site = servers.serve("127.0.3.1", texts)
    lists = servers.serve("127.0.3.2", {"/rss": conditional(feed_xml([f"{site}/1", f"{site}/2"]), XML)})
    file = sources_file(tmp_path / "s.yaml", {"name": "blatt", "kind": "feed", "url": f"{lists}/rss"})
    arguments = ("--sources", file, "--state", tmp_path / "state")
    first = ingest(tmp_path, "one", *arguments)
    assert [reject["reason"] for reject in first.rejects] == ["http_status", "http_status"]
    texts["/1"] = conditional(article_html("Doch noch", story(1)))
    forget_when(tmp_path / "state")
    second = ingest(tmp_path, "two", *arguments)
    assert [(article["url"], article["source"]) for article in second.articles] == [(f"{site}/1", "blatt")]
    assert not second.rejects, "a page that is gone is not asked for again where nobody lists it"


def test_a_killed_run_is_started_again_without_fetching_twice(tmp_path: Path, servers: Servers) -> None:
    hosts = [servers.serve(f"127.0.4.{n}", pages(1000 + 50 * n, 25)) for n in range(1, 5)]
    lists = servers.serve(
        "127.0.4.9", {"/rss": conditional(feed_xml(f"{h}/{n}" for h in hosts for n in range(25)), XML)}
    )
    file = sources_file(
        tmp_path / "s.yaml", {"name": "b", "kind": "feed", "url": f"{lists}/rss"}, per_host_delay="100ms"
    )
    arguments: list[str | Path] = ["--sources", file, "--state", tmp_path / "state"]
    command = [sys.executable, "-m", "pipeline", "ingest", "--output", tmp_path, "--run-id", "dies", *arguments]
    with subprocess.Popen(
        list(map(str, command)), cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        deadline = time.monotonic() + 60
        while len(servers.log) < 50:
            assert process.poll() is None, "the run ended before it could be killed"
            assert time.monotonic() < deadline, "nothing was fetched"
            time.sleep(0.01)
        process.kill()
    run = ingest(tmp_path, "dies", *arguments)
    assert len(run.articles) == 100 and not run.rejects
    asked = Counter((one.origin, one.path) for one in servers.log if one.path != "/robots.txt")
    assert len(asked) == 101 and sum(asked.values()) - 101 <= len(hosts), "only what was in flight is fetched twice"


def test_hosts_are_given_their_time_by_one_worker_and_by_two(tmp_path: Path, servers: Servers) -> None:
    for workers, net in ((1, 5), (2, 6)):
        hosts = [servers.serve(f"127.0.{net}.{n}", pages(2000 + 50 * n, 6)) for n in range(1, 9)]
        lists = [
            servers.serve(
                f"127.0.{net}.{90 + k}",
                {"/rss": conditional(feed_xml(f"{h}/{n}" for h in hosts for n in range(k, 6, 2)), XML)},
            )
            for k in range(2)
        ]
        file = sources_file(
            tmp_path / "s.yaml",
            *({"name": f"b{k}", "kind": "feed", "url": f"{origin}/rss"} for k, origin in enumerate(lists)),
            # the pages of one host are a source too: it is asked in the first round already
            {"name": "p", "kind": "sitemap", "url": f"{hosts[0]}/0"},
            per_host_delay="200ms",
        )
        options = ("--direct_num_workers=2", "--direct_running_mode=multi_processing") if workers == 2 else ()
        run = ingest(tmp_path, f"r{workers}", "--sources", file, *options)
        assert len(run.articles) == 47 or len(run.articles) == 48
        for host in hosts:
            assert min(servers.gaps(host)) >= 0.98 * 0.2, f"{host} was asked too soon"
            robots = servers.asked(host, "/robots.txt")
            assert len(robots) == 1, "robots.txt is asked once a host and run"


def test_private_addresses_are_let_alone_unless_told(tmp_path: Path, servers: Servers) -> None:
    site = servers.serve("127.0.7.1", pages(1, 1))
    port = site.rsplit(":", 1)[1]
    odd = [
        f"http://2130708225:{port}/0",
        f"http://127.0.7.1:{port}/0",
        f"http://[::ffff:127.0.7.1]:{port}/0",
        f"http://localhost:{port}/0",
    ]
    file = sources_file(tmp_path / "s.yaml", {"name": "p", "kind": "page", "url": odd[1:]}, allow_private=False)
    run = ingest(tmp_path, "r", "--sources", file)
    assert {reject["reason"] for reject in run.rejects} == {"private_address"} and len(run.rejects) == 3
    assert not servers.log and not run.articles
    allowed = ingest(tmp_path, "s", "--sources", file, "--allow-private", "true", "--per-host-delay", "10ms")
    assert allowed.articles or allowed.copies


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--sources", "{tmp}/none.yaml"], "none.yaml: cannot be read"),
        (["--sources", "{tmp}/bad.yaml"], "bad.yaml:1: "),
        (["--sources", "{tmp}/good.yaml", "--per-host-delay", "soon"], "--per-host-delay"),
        (["--sources", "{tmp}/good.yaml", "--allow-private", "yes"], "--allow-private"),
        (["--input", "{tmp}/good.yaml", "--retries", "3"], "--retries is for fetching"),
        ([], "give at least one --input PATTERN, or --sources FILE.yaml"),
    ],
)
def test_a_wrong_call_says_what_to_change(tmp_path: Path, arguments: list[str], says: str) -> None:
    sources_file(tmp_path / "good.yaml", {"name": "a", "kind": "feed", "url": "https://a.example/rss"})
    (tmp_path / "bad.yaml").write_text("version: 1\nsources: []\n")
    done = depesche("ingest", "--output", tmp_path / "out", *(argument.format(tmp=tmp_path) for argument in arguments))
    assert done.returncode == 2 and says in done.stderr, done.stderr
    assert "Traceback" not in done.stderr


def test_check_says_every_mistake_or_what_the_file_says(tmp_path: Path) -> None:
    good = depesche("check", ROOT / "seeds" / "sources.yaml")
    assert good.returncode == 0 and "no mistakes" in good.stdout, good.stderr
    (tmp_path / "bad.yaml").write_text("version: 2\nsource: []\n")
    bad = depesche("check", tmp_path / "bad.yaml")
    assert bad.returncode == 2
    assert "bad.yaml:1:" in bad.stderr and "bad.yaml:2:" in bad.stderr


def test_a_run_over_both_files_and_sources_counts_both(tmp_path: Path, servers: Servers) -> None:
    site = servers.serve("127.0.8.1", pages(1, 2))
    file = sources_file(tmp_path / "s.yaml", {"name": "p", "kind": "page", "url": [f"{site}/0", f"{site}/1"]})
    (tmp_path / "a.txt").write_text("\n\n".join(story(77)))
    run = ingest(tmp_path, "r", "--sources", file, "--input", tmp_path / "a.txt")
    assert {article["source"] for article in run.articles} == {"p", "a.txt"} and len(run.articles) == 3
    assert run.manifest["counts"]["read"] == 3
