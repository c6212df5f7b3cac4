"""The pace of a server, Retry-After, and when an address is asked again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from transforms.elements import SourceKind
from transforms.fetch.freshness import ask_again_at
from transforms.fetch.guard import Refusal
from transforms.fetch.pace import (
    MAX_BACKOFF_S,
    MAX_REST_S,
    MAX_WAIT_S,
    OPEN_S,
    SILENCES_TO_OPEN,
    STATUSES_TO_OPEN,
    Pace,
    retry_after_s,
)
from transforms.reasons import Reason

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
SILENCE = Refusal(Reason.TIMEOUT, "no answer")
BUSY = Refusal(Reason.HTTP_STATUS, "503")


def test_starts_keep_their_distance() -> None:
    pace = Pace(delay_s=2.0)
    assert pace.next_start() <= 0, "a server that was never asked need not be waited for"
    pace.started(100.0)
    pace.answered()
    assert pace.next_start() == 102.0
    assert Pace(2.0, last_start=100.0, not_before=107.0).next_start() == 107.0


def test_the_time_on_the_way_does_not_shorten_a_gap() -> None:
    pace = Pace(delay_s=2.0)
    pace.started(100.0)
    pace.heard(100.03)
    assert pace.next_start() == pytest.approx(102.03)
    pace.started(102.0)
    pace.heard(103.0)
    assert pace.next_start() == pytest.approx(104.1), "a slow server is not asked much more slowly"


def test_faults_are_waited_for_longer_each_time_up_to_a_bound() -> None:
    pace, waits = Pace(delay_s=0.0), []
    for number in range(STATUSES_TO_OPEN - 1):
        pace.started(1000.0 * number)
        pace.failed(1000.0 * number, BUSY)
        waits.append(pace.next_start() - 1000.0 * number)
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30, 30] and waits[-1] == MAX_BACKOFF_S
    pace.answered()
    pace.failed(10_000.0, BUSY)
    assert pace.next_start() == 10_001.0, "an answer ends the series"


def test_a_server_that_only_fails_is_given_up_and_tried_again_later() -> None:
    for refusal, bound in ((SILENCE, SILENCES_TO_OPEN), (BUSY, STATUSES_TO_OPEN)):
        pace = Pace(delay_s=1.0)
        for number in range(bound):
            assert pace.refusal(float(number)) is None
            pace.failed(float(number), refusal)
        refused = pace.refusal(20.0)
        assert refused and refused.reason == refusal.reason and "in a row" in refused.detail
        assert pace.refusal(20.0 + OPEN_S) is None


def test_a_rest_without_end_ends_after_a_day() -> None:
    pace = Pace(delay_s=1.0)
    pace.failed(10.0, BUSY, retry_after_s=999_999_999.0)
    assert pace.not_before == 10.0 + MAX_REST_S
    assert pace.refusal(10.0 + MAX_REST_S) is None


def test_silence_is_told_from_an_answer_that_is_no_use() -> None:
    pace = Pace(delay_s=1.0)
    assert pace.is_silent is None, "nothing is known of a new server"
    for refusal, expected in ((SILENCE, True), (BUSY, False), (SILENCE, True)):
        pace.failed(10.0, refusal)
        assert pace.is_silent is expected
    pace.answered()
    assert pace.is_silent is False


def test_retry_after_is_obeyed_or_the_server_left_alone() -> None:
    pace = Pace(delay_s=1.0)
    pace.started(10.0)
    pace.failed(10.0, BUSY, retry_after_s=MAX_WAIT_S)
    assert pace.refusal(10.0) is None and pace.next_start() == 10.0 + MAX_WAIT_S
    pace.failed(10.0, BUSY, retry_after_s=MAX_WAIT_S + 1)
    refused = pace.refusal(10.0)
    assert refused and refused.reason == Reason.HTTP_STATUS and refused.detail.startswith("503")
    slow = Pace(delay_s=MAX_WAIT_S + 1, last_start=10.0)
    refused = slow.refusal(10.0)
    assert refused and refused.reason == Reason.ROBOTS and "Crawl-delay" in refused.detail


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Wed, 04 Mar 2026 05:07:07 GMT", 60.0),
        ("Wed, 04 Mar 2026 05:05:07 GMT", 0.0),
        ("bald", None),
        ("-5", None),
        ("", None),
        (None, None),
        ("9" * 5000, 999_999_999.0),
        ("²", None),
    ],
)
def test_retry_after(value: str | None, expected: float | None) -> None:
    assert retry_after_s(value, NOW) == expected


def lifetime_s(
    kind: SourceKind = "page",
    age: timedelta | None = None,
    published: timedelta | None = None,
    **headers: str,
) -> float:
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    changed_at, published_at = (None if ago is None else NOW - ago for ago in (age, published))
    return (ask_again_at(NOW, named, changed_at, published_at, kind) - NOW).total_seconds()


def test_pages_are_asked_again_by_their_age() -> None:
    assert lifetime_s() == 300, "nothing is known: soon"
    assert lifetime_s(published=timedelta(hours=1)) == 720
    assert lifetime_s(published=timedelta(days=365)) == 14 * 86_400
    assert lifetime_s(published=timedelta(days=30), age=timedelta(hours=1)) == 720, "it changed an hour ago"
    assert lifetime_s(published=timedelta(days=-3)) == 300, "a date ahead is none"
    assert lifetime_s(last_modified="Wed, 04 Mar 2026 00:06:07 GMT") == 3600
    assert lifetime_s(published=timedelta(days=5), last_modified="Wed, 04 Mar 2026 05:06:07 GMT") == 86_400


def test_what_a_server_says_holds_up_to_a_bound() -> None:
    assert lifetime_s(cache_control="public, max-age=900") == 900
    assert lifetime_s(cache_control="max-age=900", age_="x") == 900
    assert lifetime_s(cache_control='MAX-AGE = "99999999"') == 86_400
    assert lifetime_s("feed", cache_control="max-age=99999999") == 3600
    assert lifetime_s("feed", cache_control="s-maxage=600, max-age=60") == 60
    assert lifetime_s("feed", cache_control="no-cache, max-age=60") == 0
    assert lifetime_s("feed", cache_control="max-age=") == 0
    assert lifetime_s("feed") == 0, "a list may be asked at once; its validators make that cheap"
    assert lifetime_s("sitemap", expires="Wed, 04 Mar 2026 05:16:07 GMT") == 600
    assert lifetime_s("sitemap", expires="Wed, 04 Mar 2026 05:16:07 GMT", date="Wed, 04 Mar 2026 05:15:07 GMT") == 60
    assert lifetime_s("sitemap", expires="0") == 0
    assert lifetime_s(cache_control="no-store", published=timedelta(hours=5)) == 3600, "it need not be asked, either"
    assert lifetime_s(cache_control="max-age=" + "9" * 1_000_000) == 86_400


def test_the_age_in_a_cache_counts() -> None:
    again = ask_again_at(NOW, [("cache-control", "max-age=900"), ("age", "300")], None, None, "feed")
    assert again == NOW + timedelta(seconds=600)
