"""`explain` on addresses: real servers, and what they were asked."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from pipeline.explain import Explanation, as_json, as_text, explain
from tests.e2e.commands import depesche
from tests.e2e.press import HTML, article_html, conditional, story
from tests.e2e.servers import Reply, Servers, redirect, text

CONTACT = "https://example.org/bot"
ARTICLE = article_html("Rat sperrt die alte Brücke", story(7), "2026-03-04T08:00:00Z")


@pytest.fixture
def servers() -> Iterator[Servers]:
    with Servers() as running:
        yield running


def explained(url: str) -> Explanation:
    return explain(url, contact=CONTACT, allow_private=True)


def test_the_command_says_how_a_page_came_and_what_it_is(servers: Servers) -> None:
    site = servers.serve(
        "127.0.20.1",
        {
            "/robots.txt": text("User-agent: *\nDisallow: /suche"),
            "/alt": redirect("/neu", 301),
            "/neu": conditional(ARTICLE, HTML, **{"Cache-Control": "max-age=1200"}),
        },
    )
    done = depesche("explain", f"{site}/alt", "--contact", CONTACT, "--allow-private")
    assert done.returncode == 0, done.stderr
    lines = {line[2:22].strip(): line[23:] for line in done.stdout.splitlines() if line.startswith("  ")}
    assert lines["redirected to"] == f"{site}/neu"
    assert lines["status"] == "200 OK" and lines["type"] == HTML
    assert lines["bytes"] == f"{len(ARTICLE.encode()):,}"
    assert f"  robots               allows {site}/alt ({site}/robots.txt: 200 OK)" in done.stdout
    assert lines["title"].startswith("Rat sperrt die alte Brücke")
    assert [asked.path for asked in servers.log] == ["/robots.txt", "/alt", "/neu"]
    assert all(asked.headers["user-agent"].endswith(f"(+{CONTACT})") for asked in servers.log)


def test_a_redirect_to_another_site_is_followed_as_far_as_its_robots_allow(servers: Servers) -> None:
    other = servers.serve(
        "127.0.20.2", {"/robots.txt": text("User-agent: depesche\nDisallow: /intern/"), "/neu": conditional(ARTICLE)}
    )
    site = servers.serve("127.0.20.3", {"/weg": redirect(f"{other}/neu"), "/nein": redirect(f"{other}/intern/1")})
    found = explained(f"{site}/weg")
    assert found.reject is None and found.exchange is not None
    assert found.exchange.asked == (f"{site}/weg", f"{other}/neu")
    assert found.exchange.url == f"{other}/neu"
    refused = explained(f"{site}/nein")
    assert refused.reject is not None and refused.reject.reason == "robots"
    assert refused.exchange is not None and refused.exchange.status is None
    assert [(verdict.url, verdict.is_allowed) for verdict in refused.exchange.robots] == [
        (f"{site}/nein", True),
        (f"{other}/intern/1", False),
    ]
    assert not servers.asked(other, "/intern/1")


def test_when_it_is_asked_again_follows_from_headers_and_the_date_of_the_article(servers: Servers) -> None:
    undated = "<!doctype html><title>Am Hafen</title><article>" + "".join(f"<p>{one}</p>" for one in story(8))
    pages = {
        "/lange": conditional(undated, HTML, **{"Cache-Control": "max-age=1200"}),
        "/alt": conditional(ARTICLE),
    }
    site = servers.serve("127.0.20.4", pages)
    waits = {}
    for path in pages:
        exchange = explained(f"{site}{path}").exchange
        assert exchange is not None and exchange.fetched_at is not None and exchange.ask_again_at is not None
        waits[path] = (exchange.ask_again_at - exchange.fetched_at).total_seconds()
    assert waits == {"/lange": 1200, "/alt": 14 * 86_400}


def test_what_is_no_page_is_a_reject_that_shows_what_came(servers: Servers) -> None:
    picture = Reply(200, b"\x89PNG\r\n\x1a\n" + bytes(200), (("Content-Type", "image/png"),))
    site = servers.serve("127.0.20.5", {"/bild": picture})
    shown = as_text(explained(f"{site}/bild"), False)
    assert "  type                 image/png" in shown and "rejected in fetch: unsupported: a PNG picture" in shown
    gone = explained(f"{site}/weg")
    assert gone.reject is not None and (gone.reject.reason, gone.reject.detail) == ("http_status", "404 Not Found")
    row = json.loads(as_json(gone))
    assert row["exchange"]["asked"] == [f"{site}/weg"] and row["reject"]["reason"] == "http_status"


def test_nothing_is_asked_without_a_contact_or_inside_of_private_networks(servers: Servers) -> None:
    site = servers.serve("127.0.20.6", {"/1": conditional(ARTICLE)})
    done = depesche("explain", f"{site}/1", "--allow-private")
    assert done.returncode == 2 and "--contact https://example.org/bot" in done.stderr
    assert "Traceback" not in done.stderr
    file = depesche("explain", "seeds/demo/feed.xml", "--contact", CONTACT)
    assert file.returncode == 2 and "are for one address" in file.stderr, "an option is never ignored"
    private = explain(f"{site}/1", contact=CONTACT)
    assert private.reject is not None and private.reject.reason == "private_address"
    assert not servers.log
