"""What a stream asks for and when, on an invented web and a clock that is turned by hand."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipeline.agenda.agenda import Agenda
from pipeline.agenda.answers import Product
from pipeline.agenda.items import LONGEST_S, wait_s
from pipeline.agenda.known import KnownAddresses
from pipeline.agenda.lines import MAX_OUT, MAX_OUT_OF_SERVER
from tests.e2e.press import feed_xml, sitemap_xml
from transforms.elements import (
    Fetched,
    FetchRequest,
    Gone,
    HostFacts,
    Page,
    Reject,
    Source,
    SourceKind,
    Validators,
    Visit,
)
from transforms.fetch.crawl import Outcome
from transforms.fetch.freshness import ask_again_at
from transforms.ledger.addresses import SCHEMA, address_rows
from transforms.reasons import Reason, Stage

START = datetime(2026, 3, 4, 6, 0, tzinfo=UTC)
FEED = "https://blatt.example/rss"
DELAY_S = 0.01


def source(name: str = "blatt", kind: SourceKind = "feed", url: str = FEED, **more: Any) -> Source:
    return Source(name, kind, (url,), **more)


def links(first: int, count: int, host: str = "blatt.example") -> list[str]:
    return [f"https://{host}/{number}" for number in range(first, first + count)]


class Web:
    """Answers by address: a body, a status, or an address to be sent to; ``None`` never answers."""

    def __init__(self, bodies: Mapping[str, str | int | None], headers: Iterable[tuple[str, str]] = ()) -> None:
        self.bodies = dict(bodies)
        self.headers = tuple(headers)
        self.asked: list[tuple[datetime, str]] = []

    def answer(self, request: FetchRequest, now: datetime) -> Outcome | None:
        self.asked.append((now, request.url))
        body = self.bodies.get(request.url, f"Text von {request.url}")
        if body is None:
            return None
        if isinstance(body, int):
            return rejected(request, body, now)
        if body.startswith("->"):
            first, hops = request.first_url or request.url, request.hops + 1
            return replace(request, url=body.removeprefix("->"), first_url=first, hops=hops)
        etag = f'"{hashlib.blake2b(body.encode(), digest_size=4).hexdigest()}"'
        headers = (("etag", etag), *self.headers)
        if request.validators.etag == etag:
            return Fetched(request, request.url, 304, self.headers, b"", now)
        return Fetched(request, request.url, 200, headers, body.encode(), now)

    def times(self, url: str) -> list[float]:
        return [(at - START).total_seconds() for at, asked in self.asked if asked == url]


def rejected(request: FetchRequest, status: int, now: datetime) -> Reject:
    url = request.first_url or request.url
    return Reject(Stage.FETCH, Reason.HTTP_STATUS, url, f"{status} Something", request.source.name, now)


def tick(agenda: Agenda, web: Web, now: datetime) -> list[Product]:
    """All that can be done at one time."""
    products: list[Product] = []
    while requests := agenda.due(now):
        for request in requests:
            outcome = web.answer(request, now)
            if outcome:
                products += agenda.settle(outcome, now)
    return products


def go_on(agenda: Agenda, web: Web, from_s: float, to_s: float, step_s: float = 60.0) -> list[tuple[float, Product]]:
    told = []
    at_s = from_s
    while at_s < to_s:
        told += [(at_s, product) for product in tick(agenda, web, START + timedelta(seconds=at_s))]
        at_s += step_s
    return told


def of(kind: type, told: Iterable[Any]) -> list[Any]:
    products = (one[1] if isinstance(one, tuple) else one for one in told)
    return [product for product in products if isinstance(product, kind)]


def pages(told: Iterable[Any]) -> list[str]:
    return sorted(fetched.request.url for fetched in of(Fetched, told))


def ledger_of(products: Iterable[Any], kept: pa.Table | None = None) -> pa.Table:
    return address_rows(of(Visit, products), SCHEMA.empty_table() if kept is None else kept, START, ask_again_at)


def test_a_list_is_polled_at_its_cadence_and_each_page_asked_once() -> None:
    web = Web({FEED: feed_xml(links(0, 5))})
    agenda = Agenda((source(every_s=300),), DELAY_S)
    told = go_on(agenda, web, 0, 1500)
    assert web.times(FEED) == [0, 300, 600, 900, 1200]
    assert pages(told) == sorted(links(0, 5))
    assert of(str, told) == [FEED] * 4, "an unchanged list counts once a poll, and none of its entries does"
    web.bodies[FEED] = feed_xml(links(1, 5))
    assert pages(go_on(agenda, web, 1500, 1800)) == links(5, 1)


def test_a_quiet_list_is_asked_more_rarely_and_one_that_changes_at_its_cadence_again() -> None:
    web = Web({FEED: feed_xml(links(0, 1))})
    agenda = Agenda((source(every_s=300),), DELAY_S)
    go_on(agenda, web, 0, 100_000)
    times = web.times(FEED)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps[:9] == [300.0] * 9
    assert gaps == sorted(gaps) and gaps[-1] == 2400, "eight times the cadence"
    web.bodies[FEED] = feed_xml(links(1, 1))
    go_on(agenda, web, 100_000, 104_000)
    assert [time - web.times(FEED)[-2] for time in web.times(FEED)[-1:]] == [300]


@pytest.mark.parametrize(
    ("every_s", "quiet_s", "fresh_s", "expected"),
    [
        (300, 0, 0, 300),
        (300, 1e9, 0, 2400),
        (1800, 1e9, 0, LONGEST_S),
        (7200, 1e9, 0, 7200),
        (300, 0, 900, 900),
        (300, 0, 1e9, 3600),
        (2, 10, 0, 2),
    ],
)
def test_the_wait_between_two_polls(every_s: float, quiet_s: float, fresh_s: float, expected: float) -> None:
    assert wait_s(every_s, quiet_s, fresh_s) == expected


def test_the_freshness_that_a_server_states_is_believed() -> None:
    web = Web({FEED: feed_xml(links(0, 1))}, [("cache-control", "max-age=700")])
    agenda = Agenda((source(every_s=300),), DELAY_S)
    go_on(agenda, web, 0, 1500)
    assert web.times(FEED) == [0, 720, 1440]


def test_a_poll_that_is_under_way_is_not_repeated_and_holds_up_no_other() -> None:
    other = "https://anders.example/rss"
    web = Web({FEED: None, other: feed_xml(links(0, 2, "anders.example"))})
    agenda = Agenda((source(every_s=60), source("anders", url=other, every_s=60)), DELAY_S)
    told = go_on(agenda, web, 0, 600)
    assert web.times(FEED) == [0]
    assert len(web.times(other)) == 10
    assert pages(told) == links(0, 2, "anders.example")


def test_a_poll_that_waited_for_its_turn_counts_from_when_it_was_asked() -> None:
    agenda = Agenda((source(every_s=300),), DELAY_S)
    [request] = agenda.due(START)
    asked_at = START + timedelta(seconds=200)
    agenda.settle(Fetched(request, FEED, 200, (), feed_xml([]).encode(), asked_at), asked_at + timedelta(seconds=1))
    assert not agenda.due(START + timedelta(seconds=499))
    assert agenda.due(START + timedelta(seconds=500))


def test_a_flood_waits_in_line_and_harms_no_other() -> None:
    count = 20_000
    other = "https://anders.example/rss"
    flood = Source("flut", "sitemap", ("https://flut.example/map.xml",), every_s=60)
    agenda = Agenda((flood, source("anders", url=other, every_s=60)), DELAY_S)
    few = feed_xml(links(0, 9, "anders.example"))
    web = Web({flood.urls[0]: sitemap_xml(links(0, count, "flut.example")), other: few})
    [first, second] = agenda.due(START)
    for request in (first, second):
        outcome = web.answer(request, START)
        assert outcome
        agenda.settle(outcome, START)
    requests = agenda.due(START)
    hosts = Counter(request.url.split("/")[2] for request in requests)
    assert hosts == {"flut.example": MAX_OUT_OF_SERVER, "anders.example": 9}
    assert agenda.waiting == count + 9
    for request in requests:
        if "flut" in request.url:
            agenda.settle(rejected(request, 403, START), START)
    assert len(agenda.due(START)) == MAX_OUT_OF_SERVER


def test_no_more_is_out_than_there_may_be() -> None:
    urls = tuple(f"https://h{number}.example/{page}" for page in range(300) for number in range(20))
    agenda = Agenda((Source("viele", "page", urls),), DELAY_S)
    assert len(agenda.due(START)) == MAX_OUT
    assert not agenda.due(START)


def test_a_slow_host_has_no_more_out_than_a_minute_takes() -> None:
    agenda = Agenda((Source("langsam", "page", tuple(links(0, 500))),), 2.0)
    assert len(agenda.due(START)) == 30


def test_what_the_ledger_is_told_of_a_list_waits_for_its_pages() -> None:
    web = Web({FEED: feed_xml(links(0, 3)), links(1, 1)[0]: None})
    agenda = Agenda((source(every_s=60),), DELAY_S)
    told = go_on(agenda, web, 0, 300)
    assert pages(told) == sorted([links(0, 1)[0], links(2, 1)[0]])
    assert {visit.url for visit in of(Visit, told)} == set(pages(told)), "the list's own visit has to wait"

    # A run that starts from what the ledger was told reads the list again, and asks for what is missing.
    again = Agenda((source(every_s=60),), DELAY_S)
    again.load(ledger_of(told), START)
    later = Web({FEED: web.bodies[FEED]})
    assert pages(go_on(again, later, 300, 360)) == links(1, 1)

    request = FetchRequest(links(1, 1)[0], "page", source(every_s=60))
    last = agenda.settle(Fetched(request, request.url, 200, (), b"Text", START), START + timedelta(seconds=300))
    visits = of(Visit, last)
    assert [visit.url for visit in visits] == [request.url, FEED]
    assert dict(visits[1].headers)["etag"] and visits[1].body_hash, "whole, though the last poll was answered 304"


def test_every_list_that_names_a_page_waits_for_it() -> None:
    other = "https://anders.example/rss"
    page = links(0, 1)[0]
    web = Web({FEED: feed_xml([page]), other: feed_xml([page, *links(1, 1)]), page: None})
    agenda = Agenda((source(), source("anders", url=other)), DELAY_S)
    assert {visit.url for visit in of(Visit, tick(agenda, web, START))} == set(links(1, 1))
    request = FetchRequest(page, "page", source())
    told = agenda.settle(Fetched(request, page, 200, (), b"Text", START), START)
    assert {visit.url for visit in of(Visit, told)} == {page, FEED, other}


def test_a_page_is_asked_again_when_it_is_due_and_listed() -> None:
    page = links(0, 1)[0]
    web = Web({FEED: feed_xml([page])})
    agenda = Agenda((source(every_s=120),), DELAY_S)
    go_on(agenda, web, 0, 60)
    web.bodies[FEED] = feed_xml([page, *links(1, 1)])
    go_on(agenda, web, 120, 180)
    assert len(web.times(page)) == 1, "not due yet"
    web.bodies[FEED] = feed_xml([page, *links(2, 1)])
    told = go_on(agenda, web, 86_400, 86_460)
    assert len(web.times(page)) == 2 and page in of(str, told), "not modified"
    web.bodies[FEED], web.bodies[page] = feed_xml([page, *links(3, 1)]), "Ein anderer Text"
    assert page in pages(go_on(agenda, web, 7 * 86_400, 7 * 86_400 + 60))


def test_a_body_that_comes_again_is_unchanged_without_validators() -> None:
    page = links(0, 1)[0]
    agenda = Agenda((Source("einzeln", "page", (page,), every_s=60),), DELAY_S)

    def ask(at_s: int, body: bytes) -> list[Product]:
        now = START + timedelta(seconds=at_s)
        [request] = agenda.due(now)
        return agenda.settle(Fetched(request, page, 200, (), body, now), now)

    assert pages(ask(0, b"eins")) == [page]
    assert of(str, ask(60, b"eins")) == [page]
    assert pages(ask(120, b"zwei")) == [page]


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_was_there_is_gone_once(status: int) -> None:
    page = links(0, 1)[0]
    web = Web({page: "Text"})
    agenda = Agenda((Source("einzeln", "page", (page,), every_s=3600),), DELAY_S)
    tick(agenda, web, START)
    web.bodies[page] = status
    told = go_on(agenda, web, 3600, 4 * 86_400, 3600)
    assert [(gone.url, gone.status) for gone in of(Gone, told)] == [(page, status)]
    assert len(of(Reject, told)) == len(web.times(page)) - 1
    web.bodies[page] = "Wieder da"
    assert pages(go_on(agenda, web, 4 * 86_400, 5 * 86_400, 3600)) == [page]
    web.bodies[page] = status
    assert len(of(Gone, go_on(agenda, web, 5 * 86_400, 6 * 86_400, 3600))) == 1


def test_gone_is_told_of_what_an_earlier_run_had_and_not_of_what_was_never_there() -> None:
    had, never = links(0, 2)
    web = Web({FEED: feed_xml([had, never]), never: 404})
    before = Agenda((source(),), DELAY_S)
    told = go_on(before, web, 0, 60)
    assert not of(Gone, told)
    agenda = Agenda((source(),), DELAY_S)
    agenda.load(ledger_of(told), START)
    web.bodies |= {had: 404, FEED: feed_xml([had, never, *links(2, 1)])}
    assert [gone.url for gone in of(Gone, go_on(agenda, web, 40 * 86_400, 40 * 86_400 + 60))] == [had]


def test_what_could_not_be_had_comes_back_by_itself() -> None:
    page = links(0, 1)[0]
    web = Web({FEED: feed_xml([page]), page: 503})
    agenda = Agenda((source(every_s=3600),), DELAY_S)
    told = go_on(agenda, web, 0, 86_400)
    assert web.times(page) == [0, 600, 3000, 12600, 51000], "after 10 minutes, 40, 160, 640"
    assert FEED in {visit.url for visit in of(Visit, told)}, "the list has nothing to wait for"
    web.bodies[page] = "Doch noch"
    again = Agenda((source(every_s=3600),), DELAY_S)
    again.load(ledger_of(told[:4]), START)
    assert pages(go_on(again, web, 600, 7200)) == [page]


def test_a_page_that_rules_forbid_is_not_asked_at_every_reading() -> None:
    page = links(0, 1)[0]
    agenda = Agenda((source(every_s=60),), DELAY_S)
    asked = 0
    for minute in range(60):
        now = START + timedelta(minutes=minute)
        web = Web({FEED: feed_xml([page, *links(1 + minute, 1)])})
        while requests := agenda.due(now):
            for request in requests:
                if request.url == page:
                    asked += 1
                    agenda.settle(Reject(Stage.FETCH, Reason.ROBOTS, page, "forbidden", "blatt", now), now)
                elif outcome := web.answer(request, now):
                    agenda.settle(outcome, now)
    assert asked == 1


def test_documents_and_faults_of_a_list_are_told_once_while_they_stay_in_it() -> None:
    def feed(*numbers: int) -> str:
        items = (
            f"<item><title>M {n}</title><guid>g{n}</guid><description>Text {n}</description></item>" for n in numbers
        )
        return f"<rss version='2.0'><channel><title>B</title>{''.join(items)}<item/></channel></rss>"

    web = Web({FEED: feed(0, 1)})
    agenda = Agenda((source(follow=False, every_s=60),), DELAY_S)
    first = go_on(agenda, web, 0, 60)
    assert len(of(Page, first)) == 2 and len(of(Reject, first)) == 1
    web.bodies[FEED] = feed(1, 2)
    second = go_on(agenda, web, 60, 120)
    assert [b"Text 2" in page.body for page in of(Page, second)] == [True]
    faults = {reject.detail for reject in of(Reject, first + second)}
    assert len(of(Reject, second)) == len(faults) - 1, "another place in the list is another fault, and no more"


def test_lists_below_a_list_are_polled_and_dropped_with_it() -> None:
    opml = "https://blatt.example/abo.opml"
    feeds = [f"https://f{number}.example/rss" for number in range(3)]

    def outline(*urls: str) -> str:
        inner = "".join(f'<outline text="Feed {url[9]}" xmlUrl="{url}"/>' for url in urls)
        return f'<opml version="2.0"><body>{inner}</body></opml>'

    web = Web({opml: outline(*feeds[:2])} | {url: feed_xml([url + "/1"]) for url in feeds})
    agenda = Agenda((source("abo", "opml", opml, every_s=300),), DELAY_S)
    told = go_on(agenda, web, 0, 900)
    assert [len(web.times(url)) for url in feeds] == [3, 3, 0]
    assert {fetched.request.source.name for fetched in of(Fetched, told)} == {"abo/Feed 0", "abo/Feed 1"}
    web.bodies[opml] = outline(*feeds[1:])
    go_on(agenda, web, 900, 1800)
    assert [len(web.times(url)) for url in feeds] == [4, 6, 3], "once more, as it was due when its list was"


def test_what_an_earlier_run_read_below_a_list_is_found_again() -> None:
    index, below = "https://blatt.example/index.xml", "https://blatt.example/teil.xml"
    web = Web({index: sitemap_xml([below], "sitemapindex"), below: sitemap_xml(links(0, 2))})
    sources = (source("karte", "sitemap", index, every_s=300),)
    told = go_on(Agenda(sources, DELAY_S), web, 0, 60)
    agenda = Agenda(sources, DELAY_S)
    agenda.load(ledger_of(told), START)
    again = go_on(agenda, web, 600, 700)
    assert len(web.times(below)) == 2, "the index has not changed, and is looked into all the same"
    assert of(str, again) == [below]


def test_a_list_that_several_sources_have_is_asked_once_and_looked_into_for_each() -> None:
    web = Web({FEED: feed_xml(["https://blatt.example/a/1", "https://blatt.example/b/2"])})
    sources = (source("a", include=("/a/",), every_s=300), source("b", include=("/b/",), every_s=60))
    told = go_on(Agenda(sources, DELAY_S), web, 0, 300)
    assert len(web.times(FEED)) == 5, "as often as the one that wants it most often"
    read = {(one.request.source.name, one.request.url[-3:]) for one in of(Fetched, told)}
    assert read == {("a", "a/1"), ("b", "b/2")}


def test_redirects_to_other_sites_are_followed_and_too_many_are_not() -> None:
    first, circle = links(0, 2)
    web = Web(
        {
            FEED: feed_xml([first, circle]),
            first: "->https://neu.example/0",
            circle: "->https://k1.example/",
            "https://k1.example/": "->https://k2.example/",
            "https://k2.example/": "->https://k3.example/",
        }
    )
    told = go_on(Agenda((source(),), DELAY_S), web, 0, 60)
    assert pages(told) == ["https://neu.example/0"]
    assert {visit.url for visit in of(Visit, told)} == {first, FEED}, "as they were listed"
    assert [(reject.reason, reject.url) for reject in of(Reject, told)] == [(Reason.REDIRECTS, circle)]


def test_an_outcome_that_nobody_waits_for_is_dropped() -> None:
    agenda = Agenda((source(),), DELAY_S)
    request = FetchRequest(links(0, 1)[0], "page", source())
    assert not agenda.settle(Fetched(request, request.url, 200, (), b"Text", START), START)


def test_a_304_for_what_a_fault_has_made_forgotten_is_asked_again() -> None:
    agenda = Agenda((source(),), DELAY_S)
    [request] = agenda.due(START)
    stale = FetchRequest(FEED, "feed", source(), validators=Validators('"alt"'))
    assert not agenda.settle(Fetched(stale, FEED, 304, (), b"", START), START)
    assert agenda.due(START) == [request]


def press(host: str) -> dict[str, str | int | None]:
    """A site with a bit of everything."""
    made: dict[str, str | int | None] = {
        f"https://{host}/rss": feed_xml([*links(0, 12, host), f"https://{host}/weg", f"https://{host}/moved"]),
        f"https://{host}/map.xml": sitemap_xml([f"https://{host}/teil.xml"], "sitemapindex"),
        f"https://{host}/teil.xml": sitemap_xml(links(6, 12, host)),
        f"https://{host}/weg": 404,
        f"https://{host}/3": 503,
        f"https://{host}/moved": f"->https://neu-{host}/1",
    }
    return made


def results(told: Iterable[Any]) -> dict[str, Counter[Any]]:
    """What came out, without when, and without how often something was polled."""
    return {
        "pages": Counter(pages(told)),
        "rejects": Counter(
            (reject.reason, reject.url) for reject in of(Reject, told) if not (reject.url or "").endswith("/3")
        ),
        "visits": Counter({visit.url: 1 for visit in of(Visit, told)}),
    }


def waited(told: Iterable[Product]) -> bool:
    """Whether the ledger was told of no list before the pages that it names."""
    urls = [visit.url for visit in of(Visit, told)]
    named = {
        "https://a.example/rss": links(0, 12, "a.example"),
        "https://a.example/teil.xml": links(6, 12, "a.example"),
    }
    return all(urls.index(page) < urls.index(name) for name, those in named.items() for page in those)


SOURCES = (
    source("rss", url="https://a.example/rss", every_s=60),
    source("karte", "sitemap", "https://a.example/map.xml", every_s=60),
)


def test_built_anew_after_every_answer_it_asks_for_the_same() -> None:
    undisturbed = Web(press("a.example"))
    go_on(Agenda(SOURCES, DELAY_S), undisturbed, 0, 2400, 30)
    web = Web(press("a.example"))
    agenda = Agenda(SOURCES, DELAY_S)
    entries = list(agenda.snapshot())
    for step in range(80):
        now = START + timedelta(seconds=30 * step)
        while requests := agenda.due(now):
            outcome = web.answer(requests[0], now)
            assert outcome
            agenda.settle(outcome, now)
            entries += agenda.entries()
            agenda = Agenda.from_entries(SOURCES, DELAY_S, reversed(entries))
            entries += agenda.entries()
    assert Counter(web.asked) == Counter(undisturbed.asked)


@pytest.mark.parametrize("seed", range(6))
def test_it_can_be_built_anew_at_every_point(seed: int) -> None:
    """Workers die between bundles and within: nothing is lost, and nothing told twice. The journal is in any order."""
    expected = results(go_on(Agenda(SOURCES, DELAY_S), Web(press("a.example")), 0, 1200, 30))
    assert sum(expected["pages"].values()) == 18
    dice = random.Random(seed)
    agenda, web = Agenda(SOURCES, DELAY_S), Web(press("a.example"))
    entries = list(agenda.snapshot())
    told: list[Product] = []
    for step in range(200):
        now = START + timedelta(seconds=6 * step)
        requests = agenda.due(now)
        answered = dice.sample(requests, dice.randint(0, len(requests)))
        answered = [request for request in answered if step > 40 or not request.url.endswith("/5")]  # a slow one
        products: list[Product] = []
        for request in answered:
            if outcome := web.answer(request, now):
                products += agenda.settle(outcome, now)
        if dice.random() < 0.8:
            told += products
            entries = list(agenda.snapshot()) if dice.random() < 0.1 else entries + agenda.entries()
        # Else the bundle fails: what it gave out and wrote counts for nothing.
        dice.shuffle(entries)
        agenda = Agenda.from_entries(SOURCES, DELAY_S, entries)
    assert results(told) == expected
    assert waited(told)


def test_sources_that_were_removed_are_dropped_and_new_ones_start() -> None:
    old, new = source("alt"), source("neu", url="https://neu.example/rss")
    web = Web({FEED: feed_xml(links(0, 3)), new.urls[0]: feed_xml([])} | dict.fromkeys(links(0, 3), 503))
    agenda = Agenda((old,), DELAY_S)
    entries = list(agenda.snapshot())
    tick(agenda, web, START)
    entries += agenda.entries()
    later = Agenda.from_entries((new,), DELAY_S, entries)
    web.asked.clear()
    go_on(later, web, 600, 1200)
    assert {url for _, url in web.asked} == {new.urls[0]}


def test_hosts_are_told_of_at_once_and_then_every_few_minutes() -> None:
    agenda = Agenda((source(),), DELAY_S)
    untouched = HostFacts("https://blatt.example")
    known = HostFacts("https://blatt.example", 200, b"User-agent: *", START, last_start_at=START)

    def told(at_s: int, *facts: HostFacts) -> list[HostFacts]:
        return agenda.hosts.told(facts, START + timedelta(seconds=at_s))

    assert not told(0, untouched)
    assert told(1, known) == [known]
    assert not told(10, known) and not told(299, known)
    assert told(302) == [known]
    entries = list(agenda.snapshot())
    restored = Agenda.from_entries((source(),), DELAY_S, entries)
    assert [facts.last_start_at for facts in restored.hosts.paces()] == [START]
    assert not restored.hosts.told([known], START + timedelta(seconds=303))


def test_rows_are_kept_as_they_are() -> None:
    url = "https://blatt.example/ä"
    headers = (("etag", '"ö"'), ("last-modified", "gestern"))
    table = ledger_of([Visit(url, "a", "page", 200, headers, b"12345678", START, START, final_url=f"{url}/2")])
    known = KnownAddresses()
    for row in table.to_pylist():
        known.put(url, row)
        found = known.get(url)
        assert found and found == {name: row[name] for name in found}
    assert len(known) == 1
    known.forget(START)
    assert len(known) == 1
    known.forget(START + timedelta(seconds=1))
    assert known.get(url) is None and len(known) == 0


def rss_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_memory_is_flat_over_ten_thousand_polls(capsys: pytest.CaptureFixture[str]) -> None:
    """A list of 50 entries that turn around, polled for 35 days; the journal is written anew as it would be."""
    where = "https://blatt.example/map.xml"
    agenda = Agenda((source("karte", "sitemap", where, every_s=300),), DELAY_S)
    log = list(agenda.snapshot())
    sizes, lengths = [], []
    for poll in range(10_000):
        now = START + timedelta(seconds=300 * poll)
        tick(agenda, Web({where: sitemap_xml(links(poll // 8 % 400, 50))}), now)
        if agenda.is_log_long:
            log = list(agenda.snapshot())
        else:
            log += agenda.entries()
        if poll % 2_000 == 1_999:
            sizes.append(rss_bytes())
            lengths.append(sum(map(len, log)))
    with capsys.disabled():
        grown = (sizes[-1] - sizes[0]) / 1e6
        print(f"\n10,000 polls: {grown:+.1f} MB after the first 2,000; journal {max(lengths) / 1e6:.2f} MB at most")
    assert sizes[-1] - sizes[0] < 8_000_000
    assert max(lengths) < 8_000_000
    assert len(agenda) <= 451
