"""What the ledger keeps of addresses from run to run."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from transforms.elements import HostFacts, Validators, Visit, Visited
from transforms.fetch.freshness import ask_again_at
from transforms.ledger import addresses, hosts

AT = datetime(2026, 3, 4, 8, tzinfo=UTC)
URL = "http://a.example/1"
HEADERS = (("etag", '"1"'), ("last-modified", "Wed, 04 Mar 2026 05:06:07 GMT"))


def visit(minutes: int, status: int = 200, body: bytes = b"12345678", **fields: Any) -> Visit:
    headers = HEADERS if status == 200 else ()
    given = {"headers": headers, "body_hash": body if status == 200 else b""} | fields
    return Visit(URL, "blatt", "page", status, at=AT + timedelta(minutes=minutes), **given)


def after(*runs: Iterable[Visit]) -> Visited:
    """What is known after runs, each an hour later, with the visits of each."""
    rows = addresses.SCHEMA.empty_table()
    for number, visits in enumerate(runs):
        rows = addresses.address_rows(visits, rows, AT + timedelta(hours=number), ask_again_at)
    ((_, found),) = addresses.visited_among([URL, "http://b.example/"], rows)
    return found


def test_a_304_keeps_what_it_does_not_repeat() -> None:
    found = after([visit(0)], [visit(60, 304)])
    assert found.validators == Validators(HEADERS[0][1], HEADERS[1][1])
    assert found.ask_again_at == AT + timedelta(minutes=72), "a fifth of the hour since it changed, from then on"


def test_another_body_is_a_change() -> None:
    found = after([visit(0)], [visit(60, body=b"abcdefgh")])
    assert found.ask_again_at == AT + timedelta(minutes=65)


def test_a_first_reading_is_no_change() -> None:
    found = after([visit(0, published_at=AT - timedelta(days=5))])
    assert found.ask_again_at == AT + timedelta(days=1)


def test_validators_stay_with_the_address_that_they_came_from_also_over_a_fault() -> None:
    moved = "http://a.example/there"
    expected = Validators(HEADERS[0][1], HEADERS[1][1], moved)
    assert after([visit(0, final_url=moved)]).validators == expected
    assert after([visit(0, final_url=moved)], [visit(60, 503)]).validators == expected


def test_faults_are_tried_again_later_and_later_and_not_for_ever() -> None:
    waits, faults = [], []
    for number in range(addresses.MAX_TRIES + 1):
        faults.append([visit(60 * number, 503)])
        found = after(*faults)
        waits.append(int((found.ask_again_at - faults[-1][0].at) / timedelta(minutes=1)))
        assert found.is_pending == (number + 1 < addresses.MAX_TRIES)
    assert waits == [10, 40, 160, 640, 1440, 1440]
    assert not after([visit(0, 404, is_final=True)]).is_pending
    assert not after([visit(0, 503)], [visit(60)]).is_pending, "it came in the end"


def test_an_older_visit_changes_nothing() -> None:
    """Of a run that died, and was taken up after another one had asked again."""
    assert after([visit(60)], [visit(0, body=b"abcdefgh", headers=(("etag", '"0"'),))]).validators.etag == '"1"'


def test_hosts_are_joined_and_forgotten() -> None:
    hour = timedelta(hours=1)
    origin = "http://a.example"
    first = HostFacts(origin, 200, b"x", robots_at=AT, last_start_at=AT, not_before=AT + timedelta(days=9000))
    later = HostFacts(origin, 404, b"", robots_at=AT + hour, last_start_at=AT + 2 * hour)
    rows = hosts.host_rows([later, first], hosts.SCHEMA.empty_table(), AT)
    assert list(hosts.hosts_of(rows)) == [later], "the newer robots.txt; no server is let alone for years"
    assert not len(hosts.host_rows([], rows, AT + timedelta(days=3)))
