"""What is known of hosts: a robots.txt asked for again, what outlives a run, and what a long crawl forgets."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from transforms.elements import HostFacts, Validators
from transforms.fetch.answer import Answer
from transforms.fetch.hosts import Hosts
from transforms.fetch.policy import FetchPolicy
from transforms.fetch.site import parse_address
from transforms.ledger.hosts import SCHEMA, host_rows, hosts_of

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
ADDRESS = parse_address("https://h.example/a")
RULES = b"User-agent: *\nDisallow: /intern"
NO_VALIDATORS = Validators()
NONE_KEPT = SCHEMA.empty_table()


def fact(age: timedelta, validators: Validators = NO_VALIDATORS, origin: str = "https://h.example") -> HostFacts:
    return HostFacts(origin, 200, RULES, AT - age, validators, last_start_at=AT - age)


def kept(*facts: HostFacts) -> list[HostFacts]:
    return list(hosts_of(host_rows(facts, NONE_KEPT, AT)))


def test_a_robots_txt_outlives_a_day_only_where_it_can_be_confirmed() -> None:
    day, month = timedelta(days=1, hours=1), timedelta(days=31)
    dated = Validators(last_modified="Wed, 04 Mar 2026 05:06:07 GMT")
    assert kept(fact(timedelta(hours=2))) == [fact(timedelta(hours=2))]
    assert kept(fact(day)) == []
    assert kept(fact(day, Validators('"1"'))) == [fact(day, Validators('"1"'))]
    assert kept(fact(day, dated)) == [fact(day, dated)]
    assert kept(fact(month, dated)) == []


def test_the_newer_answer_brings_its_own_validators() -> None:
    old, new = fact(timedelta(hours=5), Validators('"1"')), fact(timedelta(hours=1))
    assert kept(old, new) == kept(new, old) == [new]
    rows = host_rows([new], host_rows([old, fact(timedelta(0), origin="https://i.example")], NONE_KEPT, AT), AT)
    assert [(one.origin, one.robots_validators) for one in sorted(hosts_of(rows), key=repr)] == [
        ("https://h.example", Validators()),
        ("https://i.example", Validators()),
    ]


def hosts() -> Hosts:
    return Hosts(FetchPolicy("Depesche/0.1 (+https://example.org/bot)"))


def test_an_answer_of_304_confirms_what_is_known() -> None:
    crawl = hosts()
    crawl.remember([fact(timedelta(0), Validators('"1"', "gestern"))])
    origin = crawl.origin(ADDRESS)
    assert origin.robots_conditions == {"If-None-Match": '"1"', "If-Modified-Since": "gestern"}
    assert not origin.rules.allow("https://h.example/intern")
    origin.learn(Answer(304, (), b""), "304")
    assert (
        origin.is_known
        and origin.facts.robots == RULES
        and origin.facts.robots_validators == Validators('"1"', "gestern")
    )
    origin.learn(Answer(200, (("etag", '"2"'), ("last-modified", "x" * 2000)), b""), "200")
    assert origin.rules.allow("https://h.example/intern")
    assert origin.facts.robots_validators == Validators('"2"'), "what is too long is not kept"
    origin.learn(None, "no answer")
    assert origin.robots_conditions == {} and origin.unreachable == "no answer"


@pytest.mark.parametrize(("ahead", "expected"), [(0.5, 0.5), (1.5, 1.0), (3.0, None), (11_574.0, None), (-1.0, None)])
def test_a_rest_is_no_longer_than_a_day_whatever_was_kept_of_it(ahead: float, expected: float | None) -> None:
    """``ahead`` in days: two or more are a clock's fault, and would keep a host from being asked for good."""
    crawl = hosts()
    crawl.remember([replace(fact(timedelta(0)), not_before=datetime.now(UTC) + timedelta(days=ahead))])
    found = crawl.origin(ADDRESS).facts.not_before
    in_days = found and (found - datetime.now(UTC)) / timedelta(days=1)
    assert in_days == (expected and pytest.approx(expected, abs=0.001))


@pytest.mark.parametrize("status", [None, 0, 404, 503])
def test_only_a_text_can_be_confirmed(status: int | None) -> None:
    crawl = hosts()
    crawl.remember([replace(fact(timedelta(0), Validators('"1"')), robots_status=status)])
    assert crawl.origin(ADDRESS).robots_conditions == {}


def test_hosts_that_are_not_asked_any_more_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    crawl = hosts()
    names = ("lange-her", "ruht", "eben", "ungesagt")
    origins = {name: crawl.origin(parse_address(f"https://{name}.example/")) for name in names}
    for origin in origins.values():
        origin.touch()
    assert len(list(crawl.take_facts())) == 4
    start = time.monotonic()
    origins["ruht"].server.pace.not_before = start + 9_000
    monkeypatch.setattr(time, "monotonic", lambda: start + 3_000)
    origins["eben"].touch()
    monkeypatch.setattr(time, "monotonic", lambda: start + 4_000)
    assert [one.origin for one in crawl.take_facts()] == ["https://eben.example"]
    again = {name: crawl.origin(parse_address(f"https://{name}.example/")) for name in names}
    assert [name for name in names if again[name] is not origins[name]] == ["lange-her", "ungesagt"]
    assert again["eben"].server is origins["eben"].server
