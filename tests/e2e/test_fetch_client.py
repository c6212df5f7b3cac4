"""The crawler against real servers: each fault, the guards, the pace, robots, and what it leaves behind."""

from __future__ import annotations

import gzip
import hashlib
import resource
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.e2e.servers import Asked, Reply, Servers, certificate, http_date, redirect, text
from transforms.elements import Fetched, FetchedArchive, FetchRequest, HostFacts, Reject, Source, Validators
from transforms.fetch.crawl import Outcome
from transforms.fetch.crawler import Crawler
from transforms.fetch.guard import is_private
from transforms.fetch.http import MAX_SOCKETS
from transforms.fetch.policy import FetchPolicy
from transforms.fetch.progress import Counts, read_counts
from transforms.reasons import Reason

POLICY = FetchPolicy(
    user_agent="Depesche/0.1 (+https://example.org/bot)",
    per_host_delay_s=0.02,
    timeout_s=2.0,
    max_bytes=1_000_000,
    retries=2,
    allow_private=True,
)
SOURCE = Source("quelle", "page", ())
T = TypeVar("T")


@pytest.fixture
def servers() -> Iterator[Servers]:
    with Servers() as running:
        yield running


@pytest.fixture(autouse=True)
def short_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transforms.fetch.pace.BACKOFF_S", 0.02)


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = threading.active_count()
    yield
    deadline = time.monotonic() + 2
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() <= before, [thread.name for thread in threading.enumerate()]


def request(url: str, **more: object) -> FetchRequest:
    return replace(FetchRequest(url, "page", SOURCE), **more)  # type: ignore[arg-type]


def crawl(
    urls: Iterable[str | FetchRequest],
    policy: FetchPolicy = POLICY,
    facts: Iterable[HostFacts] = (),
    spool: Path | None = None,
) -> tuple[list[Outcome], list[HostFacts]]:
    crawler = Crawler(policy, spool)
    try:
        crawler.submit([url if isinstance(url, FetchRequest) else request(url) for url in urls], facts)
        given = list(crawler.finish())
    finally:
        crawler.close()
    return [one for one in given if not isinstance(one, HostFacts)], [
        one for one in given if isinstance(one, HostFacts)
    ]


def only(kind: type[T], url: str | FetchRequest, policy: FetchPolicy = POLICY) -> T:
    (outcome,), _ = crawl([url], policy)
    assert isinstance(outcome, kind), outcome
    return outcome


def test_a_page_comes_as_it_was_sent(servers: Servers) -> None:
    body = "<meta charset=utf-8><p>Über".encode("latin-1")
    site = servers.serve("127.0.0.2", {"/a": Reply(body=body, headers=(("Content-Type", "text/html; charset=utf-8"),))})
    before = datetime.now(UTC)
    page = only(Fetched, f"{site}/a#teil")
    assert (page.body, page.status, page.url) == (body, 200, f"{site}/a")
    assert ("content-type", "text/html; charset=utf-8") in page.headers
    assert before <= page.fetched_at <= datetime.now(UTC)
    asked = servers.asked(site, "/a")[0].headers
    assert asked["user-agent"] == POLICY.user_agent
    assert "cookie" not in asked and "if-none-match" not in asked


FAULTS: dict[str, tuple[Reply, Reason, str]] = {
    "cut in mid-body": (Reply(length=500, ending="close"), Reason.CONNECTION, "ContentLength"),
    "reset": (Reply(length=500, ending="reset"), Reason.CONNECTION, ""),
    "nothing": (Reply(raw=b"", ending="close"), Reason.CONNECTION, "disconnected"),
    "no HTTP": (Reply(raw=b"SSH-2.0-OpenSSH\r\n\r\n", ending="close"), Reason.CONNECTION, ""),
    "chunk cut": (
        Reply(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc", ending="close"),
        Reason.CONNECTION,
        "",
    ),
    "gzip cut": (
        Reply(body=gzip.compress(b"Wort " * 500)[:-12], headers=(("Content-Encoding", "gzip"),)),
        Reason.CONNECTION,
        "ends early",
    ),
    "503": (Reply(503), Reason.HTTP_STATUS, "503"),
    "408": (Reply(408), Reason.HTTP_STATUS, "408"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_tried_again_and_then_one_reject(servers: Servers, name: str) -> None:
    reply, reason, detail = FAULTS[name]
    site = servers.serve("127.0.0.2", {"/a": reply, "/b": [reply, reply, Reply()]})
    rejected = only(Reject, f"{site}/a")
    assert rejected.reason == reason and detail in rejected.detail and "3 attempts" in rejected.detail
    assert rejected.url == f"{site}/a" and rejected.source == "quelle" and rejected.at
    assert len(servers.asked(site, "/a")) == 3
    assert only(Fetched, f"{site}/b").status == 200


@pytest.mark.parametrize("status", [401, 402, 403, 404, 410, 451])
def test_a_final_status_is_asked_once(servers: Servers, status: int) -> None:
    site = servers.serve("127.0.0.2", {"/a": Reply(status)})
    rejected = only(Reject, f"{site}/a")
    assert rejected.reason == Reason.HTTP_STATUS and rejected.detail.startswith(str(status))
    assert len(servers.asked(site, "/a")) == 1


def test_a_lost_connection_is_not_asked_again_at_once(servers: Servers) -> None:
    """The library would repeat a request that a kept connection lost, without regard to the pace."""
    site = servers.serve("127.0.0.2", {"/a": Reply(), "/b": [Reply(raw=b"", ending="close"), Reply()]})
    outcomes, _ = crawl([f"{site}/a", f"{site}/b"], replace(POLICY, per_host_delay_s=0.4, timeout_s=20.0))
    assert all(isinstance(outcome, Fetched) for outcome in outcomes)
    gaps = servers.gaps(site)
    assert len(gaps) == 3 and min(gaps) > 0.2, "a busy machine shortens a gap a little; at once would be 0"


def test_a_drip_and_a_silence_end_in_time(servers: Servers) -> None:
    policy = replace(POLICY, timeout_s=0.3, retries=0)
    drip = servers.serve("127.0.0.2", {"/a": Reply(drip_s=0.05)})
    silent = servers.serve("127.0.0.3", {"/a": Reply(wait_s=9)})
    began = time.monotonic()
    outcomes, _ = crawl([f"{drip}/a", f"{silent}/a"], policy)
    assert [outcome.reason for outcome in outcomes if isinstance(outcome, Reject)] == [Reason.TIMEOUT] * 2
    assert time.monotonic() - began < 1.5


def test_what_is_too_large_is_given_up_early(servers: Servers) -> None:
    bomb = gzip.compress(gzip.compress(bytes(200_000_000)))
    site = servers.serve(
        "127.0.0.2",
        {
            "/bomb": Reply(body=bomb, headers=(("Content-Encoding", "gzip, gzip"),)),
            "/plain": Reply(body=bytes(1_000_001)),
            "/whole": Reply(body=bytes(1_000_000)),
            "/header": Reply(headers=(("X-Long", "x" * 100_000),)),
            "/headers": Reply(headers=tuple((f"X-{n}", "x") for n in range(2_000))),
        },
    )
    outcomes, _ = crawl([f"{site}/{path}" for path in ("bomb", "plain", "header", "headers")], POLICY)
    assert [(o.reason, o.url) for o in outcomes if isinstance(o, Reject)] == [
        (Reason.TOO_LARGE, f"{site}/{path}") for path in ("bomb", "plain", "header", "headers")
    ]
    assert len(only(Fetched, f"{site}/whole").body) == 1_000_000


def test_redirects_inside_of_a_site_are_followed_at_the_pace(servers: Servers) -> None:
    other = servers.serve("127.0.0.2", {"/c?x=%C3%A4": Reply()})
    pages = {"/a": redirect("b", 301), "/b": redirect(f"{other}/c?x=ä#teil", 308)}
    site = servers.serve("127.0.0.2", pages)
    page = only(Fetched, f"{site}/a", replace(POLICY, per_host_delay_s=0.2))
    assert page.url == f"{other}/c?x=%C3%A4" and page.request.url == f"{site}/a"
    assert min(servers.gaps(site)) > 0.98 * 0.2, "robots.txt, a and b are three requests to one server"


def test_a_redirect_to_another_site_is_handed_back(servers: Servers) -> None:
    site = servers.serve("127.0.0.2", {"/a": redirect("/b"), "/b": redirect("http://127.0.0.3/c#x")})
    onward = only(FetchRequest, request(f"{site}/a", validators=Validators(etag='"1"')))
    assert isinstance(onward, FetchRequest)
    expected = request("http://127.0.0.3/c", hops=2, first_url=f"{site}/a")
    assert replace(onward, validators=expected.validators) == expected
    sent = [asked.headers.get("if-none-match") for asked in servers.asked(site)]
    assert sent == [None, '"1"', None], "robots.txt, a, b"
    page = servers.serve("127.0.0.2", {"/a": redirect("/b"), "/b": Reply(304, b"")})
    assert only(Reject, request(f"{page}/a", validators=Validators(etag='"1"'))).detail.startswith("304")


def test_the_body_of_a_redirect_is_not_waited_for(servers: Servers) -> None:
    late = replace(redirect("/b"), length=10, ending="hang")
    site = servers.serve("127.0.0.2", {"/a": late, "/c": replace(redirect("/b"), body=b"here"), "*": Reply()})
    outcomes, _ = crawl([f"{site}/a", f"{site}/c"])
    assert all(isinstance(outcome, Fetched) for outcome in outcomes)
    # A body that comes later than its head may cost a connection too; that each request has its own would be wrong.
    assert len({asked.connection for asked in servers.log}) <= 3, "connections are not kept"


def test_redirects_have_bounds(servers: Servers) -> None:
    chain = {f"/{n}": redirect(f"/{n + 1}") for n in range(20)}
    far = {"/far": redirect("http://127.0.0.3/")}
    site = servers.serve("127.0.0.2", {"/loop": redirect("/back"), "/back": redirect("/loop"), **chain, **far})
    assert only(Reject, f"{site}/loop").reason == Reason.REDIRECTS
    assert only(Reject, f"{site}/0").reason == Reason.REDIRECTS
    assert len(servers.asked(site)) == 2 + 2 + 6, "two robots.txt, the loop, five redirects and the one too many"
    rejected = only(Reject, request(f"{site}/far", hops=5, first_url="http://127.0.0.9/first"))
    assert (rejected.reason, rejected.url) == (Reason.REDIRECTS, "http://127.0.0.9/first")
    assert only(Reject, f"{site}/nowhere").reason == Reason.HTTP_STATUS


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("ftp://127.0.0.3/", Reason.BAD_URL),
        ("http://user:word@127.0.0.3/", Reason.BAD_URL),
        ("http://[::1", Reason.BAD_URL),
        ("http://0x7f.1/", Reason.BAD_URL),
    ],
)
def test_a_redirect_to_no_address(servers: Servers, location: str, reason: Reason) -> None:
    site = servers.serve("127.0.0.2", {"/a": redirect(location)})
    assert only(Reject, f"{site}/a").reason == reason


PRIVATE = replace(POLICY, allow_private=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.2:{port}/",
        "http://2130706434:{port}/",
        "http://[::ffff:127.0.0.2]:{port}/",
        "http://localhost:{port}/",
    ],
)
def test_no_connection_into_private_networks(servers: Servers, url: str) -> None:
    port = servers.serve("127.0.0.2", {"*": Reply()}).rsplit(":", 1)[1]
    assert only(Reject, url.format(port=port), PRIVATE).reason == Reason.PRIVATE_ADDRESS
    assert not servers.log


def test_a_redirect_into_a_private_network_is_refused(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    """127.0.0.2 plays a public address here; 127.0.0.3 stays what it is."""
    inside = servers.serve("127.0.0.3", {"*": Reply()})
    site = servers.serve("127.0.0.2", {"/a": redirect(f"{inside}/secret"), "/b": redirect("http://0x7f.3/")})

    for module in ("guard", "resolver"):
        name = f"transforms.fetch.{module}.is_private"
        monkeypatch.setattr(name, lambda ip: str(ip) != "127.0.0.2" and is_private(ip))
    assert only(Reject, f"{site}/a", PRIVATE).reason == Reason.PRIVATE_ADDRESS
    assert only(Reject, f"{site}/b", PRIVATE).reason == Reason.PRIVATE_ADDRESS
    assert not servers.asked(inside)


def test_the_socket_is_guarded_whatever_led_there(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    site = servers.serve("127.0.0.2", {"*": Reply()})
    monkeypatch.setattr("transforms.fetch.guard.is_private_literal", lambda host: False)
    assert only(Reject, f"{site}/", PRIVATE).reason == Reason.PRIVATE_ADDRESS
    assert not servers.log


def test_a_host_that_does_not_exist_is_asked_for_once() -> None:
    outcomes, _ = crawl([f"http://gibt-es-nicht.invalid/{n}" for n in range(5)])
    assert [o.reason for o in outcomes if isinstance(o, Reject)] == [Reason.DNS] * 5


def test_certificates_are_checked(servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, file = certificate(tmp_path, "127.0.0.2")
    good = servers.serve("127.0.0.2", {"*": Reply()}, tls=context)
    wrong = servers.serve("127.0.0.3", {"*": Reply()}, tls=context)
    assert only(Reject, f"{good}/").reason == Reason.TLS, "nobody vouches for it"
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    assert only(Fetched, f"{good}/").status == 200
    assert only(Reject, f"{wrong}/").reason == Reason.TLS, "another host's certificate"
    assert not servers.asked(wrong)


def test_conditional_requests(servers: Servers) -> None:
    seen = http_date(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))

    def answer(asked: Asked) -> Reply:
        headers = asked.headers
        is_known = headers.get("if-none-match") == '"v1"' and headers.get("if-modified-since") == seen
        return Reply(304, b"", (("ETag", '"v1"'),)) if is_known else Reply()

    site = servers.serve("127.0.0.2", {"/a": answer, "/odd": Reply(304, b"")})
    unchanged = only(Fetched, request(f"{site}/a", validators=Validators('"v1"', seen)))
    assert (unchanged.status, unchanged.body) == (304, b"")
    assert only(Fetched, request(f"{site}/a", validators=Validators('"v2"\r\nX: y', seen))).status == 200
    assert only(Reject, f"{site}/odd").detail.startswith("304")


ROBOTS: dict[str, tuple[Reply | list[Reply], Reason | None, str]] = {
    "forbidden": (text("User-agent: Depesche\nDisallow: /a"), Reason.ROBOTS, "robots.txt"),
    "another crawler's": (text("User-agent: Dep\nDisallow: /\n\nUser-agent: Depeschenbot\nDisallow: /"), None, ""),
    "missing": (Reply(404), None, ""),
    "forbidden itself": (Reply(403), None, ""),
    "broken": (Reply(500), Reason.ROBOTS_UNREACHABLE, "500"),
    "well again": ([Reply(503), text("")], None, ""),
    "cut": (Reply(length=900, ending="close"), Reason.ROBOTS_UNREACHABLE, "connection"),
    "moved": (redirect("/elsewhere.txt", 301), Reason.ROBOTS, ""),
    "moved to another site": (
        redirect("http://127.0.0.3:1/robots.txt"),
        Reason.ROBOTS_UNREACHABLE,
        "302 to another site, not followed: http://127.0.0.3:1/robots.txt",
    ),
    "unchanged, which nobody asked": (Reply(304, b""), Reason.ROBOTS_UNREACHABLE, "304 Not Modified"),
    "moved to what is unchanged": (redirect("/unchanged"), Reason.ROBOTS_UNREACHABLE, "304 Not Modified"),
    "moved in a circle": (redirect("/robots.txt"), None, ""),
    "long": (text("User-agent: *\n" + "#\n" * 300_000 + "Disallow: /"), None, ""),
}


@pytest.mark.parametrize("name", ROBOTS)
def test_robots(servers: Servers, name: str) -> None:
    robots, reason, detail = ROBOTS[name]
    elsewhere = text("User-agent: *\nDisallow: /a")
    site = servers.serve(
        "127.0.0.2",
        {
            "/robots.txt": robots,
            "/elsewhere.txt": elsewhere,
            "/unchanged": Reply(304, b""),
            "/a": Reply(),
            "/b": Reply(),
        },
    )
    outcomes, facts = crawl([f"{site}/a", f"{site}/a"])
    assert [getattr(outcome, "reason", None) for outcome in outcomes] == [reason, reason]
    assert all(not isinstance(outcome, Reject) or detail in outcome.detail for outcome in outcomes)
    assert bool(servers.asked(site, "/a")) == (reason is None)
    before = len(servers.asked(site))
    again, _ = crawl([f"{site}/a"], facts=facts)
    assert [getattr(outcome, "reason", None) for outcome in again] == [reason]
    assert len(servers.asked(site)) - before == (reason is None), "robots.txt is not asked again in a later stage"


def test_robots_of_a_redirect_target_hold(servers: Servers) -> None:
    inner = servers.serve("127.0.0.2", {"/robots.txt": text("User-agent: *\nDisallow: /"), "*": Reply()})
    site = servers.serve("127.0.0.2", {"/a": redirect(f"{inner}/b")})
    assert only(Reject, f"{site}/a").reason == Reason.ROBOTS
    assert not servers.asked(inner, "/b")


def test_a_robots_txt_that_leads_to_a_dead_host_is_asked_once(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dead host's fault is not the live one's: one verdict of its own, and no other reason than its."""
    monkeypatch.setattr("transforms.fetch.resolver.socket.getaddrinfo", names({"live.example.org": "127.0.0.2"}))
    pages = {"/robots.txt": redirect("http://dead.example.org/robots.txt"), "*": Reply()}
    port = servers.serve("127.0.0.2", pages).rsplit(":", 1)[1]
    outcomes, _ = crawl([f"http://live.example.org:{port}/{n}" for n in range(6)])
    assert [o.reason for o in outcomes if isinstance(o, Reject)] == [Reason.ROBOTS_UNREACHABLE] * 6
    assert [asked.path for asked in servers.log] == ["/robots.txt"]


def names(known: dict[str, str], wait_s: float = 0.0) -> Callable[..., object]:
    """A lookup that knows some names, and takes its time with others."""
    look_up = socket.getaddrinfo

    def looked_up(host: str, *more: Any) -> object:
        if host.endswith(".example.org") and host not in known:
            time.sleep(wait_s)
            raise socket.gaierror(socket.EAI_AGAIN if wait_s else socket.EAI_NONAME, "no such name")
        return look_up(known.get(host, host), *more)

    return looked_up


def test_names_that_are_looked_up_for_long_hold_up_no_others(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    live = {f"live{n}.example.org": "127.0.0.2" for n in range(5)}
    monkeypatch.setattr("transforms.fetch.resolver.socket.getaddrinfo", names(live, wait_s=1.5))
    port = servers.serve("127.0.0.2", {"*": Reply()}).rsplit(":", 1)[1]
    urls = [f"http://dead{n}.example.org/" for n in range(100)] + [f"http://{name}:{port}/" for name in live]
    outcomes, _ = crawl(urls, replace(POLICY, timeout_s=1.0, retries=0))
    assert sum(isinstance(outcome, Fetched) for outcome in outcomes) == 5


def test_silent_hosts_hold_up_no_others(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four requests at once in place of 256: 20 silent hosts, then a live one."""
    monkeypatch.setattr("transforms.fetch.crawl.MAX_CONCURRENT", 4)
    silent = [servers.serve(f"127.0.1.{n}", {"/robots.txt": Reply(wait_s=9)}) for n in range(1, 21)]
    live = servers.serve("127.0.0.2", {"*": Reply()})
    crawler = Crawler(replace(POLICY, timeout_s=0.3, retries=1))
    began = time.monotonic()
    took_s: list[float] = []
    crawler.submit([request(f"{site}/") for site in silent] + [request(f"{live}/{n}") for n in range(10)])
    for outcome in crawler.finish():
        took_s += [time.monotonic() - began] if isinstance(outcome, Fetched) else []
    crawler.close()
    assert len(took_s) == 10
    assert took_s[-1] < 0.3 * 20 / 4 + 1.2, "one round of all silent hosts; each page after it would wait for another"


def test_robots_can_be_left_aside_and_grow_old(servers: Servers) -> None:
    site = servers.serve("127.0.0.2", {"/robots.txt": text("User-agent: *\nDisallow: /"), "/a": Reply()})
    old = HostFacts(site, 404, b"", datetime.now(UTC) - timedelta(hours=25))
    fresh = replace(old, robots_at=datetime.now(UTC) - timedelta(hours=23))
    assert isinstance(crawl([f"{site}/a"], facts=[fresh])[0][0], Fetched)
    assert isinstance(crawl([f"{site}/a"], facts=[old])[0][0], Reject)
    assert only(Fetched, f"{site}/a", replace(POLICY, respect_robots=False)).status == 200


def old_facts(facts: Iterable[HostFacts]) -> list[HostFacts]:
    return [replace(fact, robots_at=datetime.now(UTC) - timedelta(hours=25)) for fact in facts]


def test_robots_are_confirmed_after_a_day(servers: Servers) -> None:
    rules = [b"User-agent: *\nDisallow: /b"]

    def answer(asked: Asked) -> Reply:
        etag = f'"{rules[0][-1]}"'
        known = asked.headers.get("if-none-match") == etag
        return Reply(304 if known else 200, b"" if known else rules[0], (("ETag", etag),))

    site = servers.serve("127.0.0.2", {"/robots.txt": answer, "*": Reply()})
    _, facts = crawl([f"{site}/a"])
    assert "if-none-match" not in servers.asked(site, "/robots.txt")[0].headers
    outcomes, confirmed = crawl([f"{site}/a", f"{site}/b"], facts=old_facts(facts))
    assert servers.asked(site, "/robots.txt")[1].headers["if-none-match"] == f'"{rules[0][-1]}"'
    assert [getattr(outcome, "reason", None) for outcome in outcomes] == [None, Reason.ROBOTS]
    assert confirmed[0].robots == rules[0] and confirmed[0].robots_at and facts[0].robots_at
    assert confirmed[0].robots_at > facts[0].robots_at
    rules[0] = b"User-agent: *\nDisallow: /a"
    outcomes, _ = crawl([f"{site}/a", f"{site}/b"], facts=old_facts(confirmed))
    assert [getattr(outcome, "reason", None) for outcome in outcomes] == [Reason.ROBOTS, None]


def test_validators_of_a_robots_txt_elsewhere_are_not_used(servers: Servers) -> None:
    moved = Reply(body=b"User-agent: *\nDisallow: /b", headers=(("ETag", '"1"'),))
    site = servers.serve("127.0.0.2", {"/robots.txt": redirect("/r.txt"), "/r.txt": moved, "*": Reply()})
    _, facts = crawl([f"{site}/a"])
    assert facts[0].robots_validators == Validators()
    outcomes, _ = crawl([f"{site}/b"], facts=old_facts(facts))
    assert [getattr(outcome, "reason", None) for outcome in outcomes] == [Reason.ROBOTS]
    assert all("if-none-match" not in asked.headers for asked in servers.log)


def test_crawl_delay_and_retry_after_are_obeyed(servers: Servers) -> None:
    slow = servers.serve("127.0.0.2", {"/robots.txt": text("User-agent: *\nCrawl-delay: 0.3"), "*": Reply()})
    busy = servers.serve("127.0.0.3", {"/a": [Reply(429, headers=(("Retry-After", "1"),)), Reply()]})
    outcomes, _ = crawl([f"{slow}/1", f"{slow}/2", f"{busy}/a"])
    assert all(isinstance(outcome, Fetched) for outcome in outcomes)
    assert min(servers.gaps(slow)) > 0.98 * 0.3
    assert servers.gaps(busy)[-1] > 0.98


def test_a_host_that_asks_for_a_long_rest_gets_it(servers: Servers) -> None:
    later = http_date(datetime.now(UTC) + timedelta(hours=2))
    site = servers.serve("127.0.0.2", {"*": Reply(503, headers=(("Retry-After", later),))})
    outcomes, facts = crawl([f"{site}/{n}" for n in range(5)])
    assert [o.reason for o in outcomes if isinstance(o, Reject)] == [Reason.HTTP_STATUS] * 5
    assert all("503" in o.detail for o in outcomes if isinstance(o, Reject))
    assert len(servers.asked(site)) == 2
    assert facts[0].not_before and facts[0].not_before > datetime.now(UTC) + timedelta(minutes=110)
    crawl([f"{site}/9"], facts=facts)
    assert len(servers.asked(site)) == 2, "nor is it asked in the next run"
    slow = servers.serve("127.0.0.3", {"/robots.txt": text("User-agent: *\nCrawl-delay: 3600"), "*": Reply()})
    outcomes, (known,) = crawl([f"{slow}/"])
    assert [o.reason for o in outcomes if isinstance(o, Reject)] == [Reason.ROBOTS]
    an_hour_ago = replace(known, last_start_at=datetime.now(UTC) - timedelta(hours=1))
    outcomes, _ = crawl([f"{slow}/1", f"{slow}/2"], facts=[an_hour_ago])
    assert [getattr(o, "reason", None) for o in outcomes] == [None, Reason.ROBOTS], "one page a run, as it asks for"


def test_a_dead_host_is_given_up(servers: Servers) -> None:
    site = servers.serve("127.0.0.2", {"*": Reply(raw=b"", ending="close")})
    outcomes, _ = crawl([f"{site}/{n}" for n in range(50)])
    assert [o.reason for o in outcomes if isinstance(o, Reject)] == [Reason.CONNECTION] * 50
    assert sum("in a row" in o.detail for o in outcomes if isinstance(o, Reject)) == 50
    assert len(servers.asked(site)) == 6


def test_the_gap_holds_over_crawlers(servers: Servers) -> None:
    site = servers.serve("127.0.0.2", {"*": Reply()})
    policy = replace(POLICY, per_host_delay_s=0.25)
    _, facts = crawl([f"{site}/1", f"{site}/2"], policy)
    crawl([f"{site}/3"], policy, facts)
    assert len(servers.gaps(site)) == 3, "one robots.txt, three pages"
    assert min(servers.gaps(site)) > 0.98 * 0.25


def test_hosts_are_asked_at_once_and_one_request_at_a_time(servers: Servers) -> None:
    sites = [servers.serve(f"127.0.1.{n}", {"*": Reply(wait_s=0.02)}) for n in range(1, 41)]
    began = time.monotonic()
    outcomes, facts = crawl([f"{site}/{n}" for n in range(2) for site in sites], replace(POLICY, per_host_delay_s=0.4))
    assert sum(isinstance(outcome, Fetched) for outcome in outcomes) == 80
    assert time.monotonic() - began < 3, "40 hosts one after the other would take 32 s"
    assert {fact.origin for fact in facts} == set(sites)
    assert min(gap for site in sites for gap in servers.gaps(site)) > 0.98 * 0.4


@pytest.mark.parametrize(("bound", "value"), [("MAX_WAITING", 3), ("MAX_WAITING_BYTES", 3 * len(Reply().body))])
def test_outcomes_come_while_others_are_under_way(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, bound: str, value: int
) -> None:
    monkeypatch.setattr(f"transforms.fetch.crawler.{bound}", value)
    sites = [servers.serve(f"127.0.1.{n}", {"*": Reply()}) for n in range(1, 11)]
    crawler = Crawler(POLICY)
    try:
        assert crawler.poll(block=True) == [], "nothing was submitted"
        crawler.submit([request(f"{site}/{n}") for site in sites for n in range(3)])
        time.sleep(0.5)
        first = crawler.poll(block=False)
        assert 1 <= len(first) <= 3, "a crawl that nobody listens to waits"
        crawler.submit([request(f"{sites[0]}/late")])
        rest = list(crawler.finish())
        assert len(first) + len([one for one in rest if not isinstance(one, HostFacts)]) == 31
        crawler.submit([request(f"{sites[0]}/later")])
        assert [type(one) for one in crawler.finish()] == [Fetched, HostFacts]
    finally:
        crawler.close()


def test_what_a_dead_run_fetched_is_not_asked_again(servers: Servers, tmp_path: Path) -> None:
    site = servers.serve("127.0.0.2", {"/gone": Reply(404), "*": Reply(body=b"<p>Ein Absatz.")})
    first, _ = crawl([f"{site}/1", f"{site}/2", f"{site}/gone"], spool=tmp_path)
    before = len(servers.log)
    again, facts = crawl([f"{site}/1", f"{site}/2"], spool=tmp_path)
    assert again == [outcome for outcome in first if isinstance(outcome, Fetched)]
    assert len(servers.log) == before and not facts


def test_after_a_kill_the_pace_goes_on_and_robots_txt_is_known(servers: Servers, tmp_path: Path) -> None:
    rules = text("User-agent: *\nCrawl-delay: 1\nDisallow: /no")
    site = servers.serve("127.0.0.2", {"/robots.txt": rules, "*": Reply()})
    crawler = Crawler(POLICY, tmp_path)
    crawler.submit([request(f"{site}/{n}") for n in range(3)])
    assert len(crawler.poll(block=True)) == 1
    crawler.close()  # and no facts are taken
    outcomes, facts = crawl([f"{site}/{n}" for n in ("0", "1", "no", "robots.txt")], spool=tmp_path)
    assert [getattr(outcome, "reason", None) for outcome in outcomes].count(Reason.ROBOTS) == 1
    assert [asked.path for asked in servers.log] == ["/robots.txt", "/0", "/1", "/robots.txt"], (
        "the last is a page here"
    )
    assert min(servers.gaps(site)) > 0.9
    assert facts[0].robots == rules.body


def archive(url: str, **more: object) -> FetchRequest:
    return request(url, kind="archive", **more)


def packed(size: int, **more: object) -> Reply:
    """Bytes that a page may not have; ``more`` as in `Reply`."""
    return replace(Reply(body=bytes(range(256)) * (size // 256), headers=(("ETag", '"1"'),)), **more)  # type: ignore[arg-type]


def test_an_archive_is_a_file_of_whatever_length(servers: Servers, tmp_path: Path) -> None:
    whole = packed(5 * POLICY.max_bytes)
    pages = {"/a": whole, "/here": redirect("/a"), "/coded": replace(whole, headers=(("Content-Encoding", "gzip"),))}
    site = servers.serve("127.0.0.2", pages | {"/br": packed(512, headers=(("Content-Encoding", "br"),))})
    outcomes, _ = crawl([archive(f"{site}/{name}") for name in ("a", "here", "coded")], spool=tmp_path)
    for outcome in outcomes:
        assert isinstance(outcome, FetchedArchive) and not outcome.is_temporary
        assert Path(outcome.path).parent == tmp_path and Path(outcome.path).read_bytes() == whole.body
        assert outcome.body_hash == hashlib.blake2b(whole.body, digest_size=8).digest()
        assert (outcome.response.body, outcome.response.status) == (b"", 200)
    assert servers.asked(site, "/a")[0].headers["accept-encoding"] == "identity"
    before = len(servers.log)
    again, _ = crawl([archive(f"{site}/a")], spool=tmp_path)
    assert again == [outcomes[0]] and len(servers.log) == before, "a run that is started again has it already"
    assert only(Reject, archive(f"{site}/br")).reason == Reason.UNSUPPORTED
    assert not list(tmp_path.glob("*.part"))


def test_without_a_spool_an_archive_is_its_reader_s(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    site = servers.serve("127.0.0.2", {"/a": packed(2_000_000), "/empty": Reply(body=b"")})
    outcome = only(FetchedArchive, archive(f"{site}/a"))
    assert outcome.is_temporary and [str(path) for path in tmp_path.iterdir()] == [outcome.path]
    assert Path(only(FetchedArchive, archive(f"{site}/empty")).path).read_bytes() == b""


def test_an_archive_that_is_not_whole_leaves_nothing(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = packed(3_000_000)
    known = Validators(etag='"1"')
    pages = {
        "/cut": replace(half, length=4_000_000, ending="close"),
        "/said": replace(half, length=9_000_000_000, ending="close"),
        "/long": replace(half, length=-1, ending="close"),
        "/gone": Reply(404),
        "/known": Reply(304, b""),
    }
    site = servers.serve("127.0.0.2", pages)
    with monkeypatch.context() as bound:
        bound.setattr("transforms.fetch.archive_file.MAX_BYTES", 2_500_000)
        assert [only(Reject, archive(f"{site}/{name}")).reason for name in ("said", "long")] == [Reason.TOO_LARGE] * 2
    with monkeypatch.context() as bound:
        bound.setattr("transforms.fetch.archive_file.FREE_BYTES", 1 << 60)
        assert "the disk has" in only(Reject, archive(f"{site}/cut")).detail
    urls = [archive(f"{site}/{name}", validators=known) for name in ("cut", "gone", "known")]
    outcomes, _ = crawl(urls, replace(POLICY, retries=1), spool=tmp_path)
    reasons = {getattr(outcome, "reason", None) for outcome in outcomes}
    assert reasons == {Reason.CONNECTION, Reason.HTTP_STATUS, None}
    assert len(servers.asked(site, "/cut")) == 1 + 2, "it is tried again"
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith("archive")]


def test_an_archive_may_take_its_time_but_not_stall(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transforms.fetch.http.PROGRESS_BYTES", 4)
    policy = replace(POLICY, timeout_s=0.4, retries=0)
    site = servers.serve(
        "127.0.0.2",
        {
            "/steady": Reply(body=b"x" * 20, drip_s=0.04),
            "/slow": Reply(body=b"x" * 20, drip_s=0.2),
            "/hangs": Reply(body=b"x" * 9, length=20, ending="hang"),
        },
    )
    began = time.monotonic()
    steady = only(FetchedArchive, archive(f"{site}/steady"), policy)
    assert time.monotonic() - began > 2 * policy.timeout_s, "a page would have been given up"
    Path(steady.path).unlink()
    assert only(Reject, archive(f"{site}/slow"), policy).reason == Reason.TIMEOUT
    assert only(Reject, archive(f"{site}/hangs"), policy).detail == "no 4 more bytes within 0.4 s"


def test_counts_are_reported_while_a_crawl_goes_on(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transforms.fetch.progress.EVERY_S", 0.02)
    slow = servers.serve("127.0.0.2", {"*": Reply(wait_s=0.2)})
    site = servers.serve("127.0.0.3", {"/a": Reply(404), "/b": redirect("http://127.0.0.4/"), "*": packed(512)})
    crawler = Crawler(POLICY, tmp_path)
    crawler.submit([request(f"{slow}/{n}") for n in range(3)] + [archive(f"{site}/w")])
    crawler.submit([request(f"{site}/{path}") for path in "ab"])
    seen: list[Counts] = []
    while not seen or seen[-1].waiting != 1:
        seen += [counts] if (counts := read_counts(tmp_path)) else []
        time.sleep(0.01)
    assert seen[-1].hosts == 1 and seen[-1].waits_for == slow.removeprefix("http://")
    assert seen[-1].wait_s == pytest.approx(POLICY.per_host_delay_s)
    list(crawler.finish())
    crawler.close()
    assert read_counts(tmp_path) == Counts(
        pages=3, pages_asked=4, lists=1, lists_asked=1, archive_bytes=512, rejects=1
    ), "the redirect is another crawl's"


def test_what_is_no_request_s_own_is_raised(servers: Servers, tmp_path: Path) -> None:
    site = servers.serve("127.0.0.2", {"*": Reply()})
    crawler = Crawler(POLICY, tmp_path / "spool")
    (tmp_path / "spool").rmdir()
    crawler.submit([request(f"{site}/1")])
    with pytest.raises(RuntimeError, match="FileNotFoundError"):
        list(crawler.finish())
    crawler.close()
    crawler.close()


@pytest.mark.parametrize(
    "url", ["", "\ud800", "http://a b/", "http://" + "x" * 1_000_000, "http://[/", "mailto:a@b.example"]
)
def test_any_address_has_one_outcome(url: str) -> None:
    assert only(Reject, url).reason == Reason.BAD_URL


def test_a_proxy_of_the_environment_is_used(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = servers.serve(
        "127.0.0.2", {"http://nur-dort.invalid/a": Reply(), "http://nur-dort.invalid/robots.txt": text("")}
    )
    monkeypatch.setenv("http_proxy", proxy)
    monkeypatch.delenv("no_proxy", raising=False)
    assert only(Fetched, "http://nur-dort.invalid/a", PRIVATE).url == "http://nur-dort.invalid/a"
    for url in ("http://10.0.0.1/", "http://drucker/", "http://localhost:8080/", "http://kasse.internal/"):
        assert only(Reject, url, PRIVATE).reason == Reason.PRIVATE_ADDRESS
    assert [asked.path for asked in servers.log] == ["http://nur-dort.invalid/robots.txt", "http://nur-dort.invalid/a"]
    monkeypatch.delenv("http_proxy")
    monkeypatch.setenv("ALL_PROXY", proxy)
    assert only(Fetched, "http://nur-dort.invalid/a", PRIVATE).status == 200
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.2:9")
    assert "socks5 proxy" in only(Reject, "http://nur-dort.invalid/a", PRIVATE).detail


def test_the_limit_of_open_files_is_raised() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_SOCKETS if hard == resource.RLIM_INFINITY else min(hard, MAX_SOCKETS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, wanted), hard))
    try:
        crawl([])
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == wanted, "each kept connection is an open file"
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
