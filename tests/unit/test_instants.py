"""Machine-written times to instants."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from transforms.instants import iso, parse_instant, parse_written


@pytest.mark.parametrize(
    ("text", "expected", "precision"),
    [
        ("2026-03-04T05:06:07Z", "2026-03-04T05:06:07Z", "second"),
        ("2026-03-04T05:06:07.891+02:00", "2026-03-04T03:06:07Z", "second"),
        ("2026-03-04 05:06:07 UTC", "2026-03-04T05:06:07Z", "second"),
        ("2026-03-04 05:06:07 -0500", "2026-03-04T10:06:07Z", "second"),
        ("2026-03-04T05:06+0100", "2026-03-04T04:06:00Z", "minute"),
        ("2026-03-04T05:06", "2026-03-04T05:06:00Z", "minute"),
        ("2026-03-04", "2026-03-04T00:00:00Z", "day"),
        ("20260304", "2026-03-04T00:00:00Z", "day"),
        ("Wed, 04 Mar 2026 05:06:07 +0100", "2026-03-04T04:06:07Z", "second"),
        ("Wed, 04 Mar 2026 05:06 GMT", "2026-03-04T05:06:00Z", "minute"),
    ],
)
def test_formats(text: str, expected: str, precision: str) -> None:
    found = parse_instant(f"  {text} ")
    assert found is not None
    assert (iso(found[0]), found[1]) == (expected, precision)


@pytest.mark.parametrize(
    "value",
    [
        None,
        1772600767,
        "1772600767",
        "",
        "gestern",
        "2026-13-01",
        "2026-02-30T10:00",
        "0001-01-01T00:00+14:00",
        "1970-01-01T00:00:00Z",
        "9999-12-31T23:59:59-12:00",
        "2026-03-04T05:06:07Z" + " x" * 40,
        "04/03/2026",
        "\ud800",
    ],
)
def test_what_is_no_time(value: object) -> None:
    assert parse_instant(value) is None


def test_the_written_zone_is_kept() -> None:
    naive, aware = parse_written("2026-03-04 05:06:07"), parse_written("2026-03-04T05:06:07+02:00")
    assert naive and aware
    assert naive.wall == datetime(2026, 3, 4, 5, 6, 7)
    assert naive.instant == datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert aware.instant == datetime(2026, 3, 4, 3, 6, 7, tzinfo=UTC)
