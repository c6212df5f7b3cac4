"""What the ledger keeps of responses, and of requests without one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from transforms.elements import Fetched, FetchRequest, Reject, Source
from transforms.fetch.guard import Refusal
from transforms.fetch.pace import Pace
from transforms.fetch.visits import visit_of, visit_of_fault
from transforms.reasons import Reason, Stage

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
REQUEST = FetchRequest("http://H.example/ä", "page", Source("quelle", "page", ()))
HEADERS = (("etag", '"1"'), ("last-modified", "Wed, 04 Mar 2026 05:06:07 GMT"), ("cache-control", "max-age=60"))


@pytest.mark.parametrize(
    ("first_url", "url", "is_kept"),
    [
        (None, "http://h.example/%C3%A4", True),
        (None, "http://h.example/b", False),
        (None, "https://h.example/%C3%A4", False),
        ("http://i.example/", "http://h.example/%C3%A4", False),
        ("http://[", "http://h.example/%C3%A4", False),
    ],
)
def test_validators_are_those_of_the_address_that_was_asked(first_url: str | None, url: str, is_kept: bool) -> None:
    visit = visit_of(Fetched(replace(REQUEST, first_url=first_url), url, 200, HEADERS, b"", AT))
    assert visit.headers == HEADERS
    assert (visit.final_url is None) == is_kept, "validators are for the address that they came from"


def fault(reason: Reason, detail: str) -> Reject:
    return Reject(Stage.FETCH, reason, REQUEST.url, detail, "quelle", AT)


@pytest.mark.parametrize(
    ("detail", "status", "is_final"),
    [
        ("404 Not Found", 404, True),
        ("503 Service Unavailable (after 3 attempts)", 503, False),
        ("302 Found", 0, True),
        ("304 Not Modified", 0, True),
    ],
)
def test_what_is_no_page_is_no_success(detail: str, status: int, is_final: bool) -> None:
    visit = visit_of_fault(fault(Reason.HTTP_STATUS, detail))
    assert visit and (visit.status, visit.is_final) == (status, is_final)


def test_a_page_that_waits_for_its_turn_is_asked_in_a_later_run() -> None:
    refused = Pace(300.0, last_start=0.0).refusal(1.0)
    assert isinstance(refused, Refusal) and refused.reason is Reason.ROBOTS
    visit = visit_of_fault(fault(refused.reason, f"{refused.detail}"))
    assert visit and (visit.status, visit.is_final) == (0, False)
    assert visit_of_fault(fault(Reason.ROBOTS, "http://h.example/robots.txt forbids it")) is None
