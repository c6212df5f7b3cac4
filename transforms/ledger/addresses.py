"""What was asked at an address, as a table that outlives a run: rows of `transforms.generation`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from transforms.elements import SourceKind, Validators, Visit, Visited
from transforms.hash_ranges import key_of
from transforms.instants import epoch_seconds

ADDRESSES = "addresses"
SCHEMA = pa.schema(
    [
        ("key", pa.uint32()),
        ("url", pa.string()),
        ("source", pa.string()),
        ("etag", pa.string()),
        ("last_modified", pa.string()),
        ("body_hash", pa.binary()),
        ("seen_at", pa.int64()),
        ("changed_at", pa.int64()),
        ("ask_again_at", pa.int64()),
        ("published_at", pa.int64()),
        ("tries", pa.int8()),
        ("rules", pa.string()),
        ("final_url", pa.string()),
    ]
)
KEPT_FOR = timedelta(days=90)
"""An address that was not asked for so long is forgotten; listed again, it is asked without validators."""

MAX_TRIES = 5
FINAL = 100
_FIRST_RETRY = timedelta(minutes=10)
_RETRY_FACTOR = 4
_FINAL_RETRY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

AskAgain = Callable[[datetime, Iterable[tuple[str, str]], datetime | None, datetime | None, SourceKind], datetime]
"""`transforms.fetch.freshness.ask_again_at`, which the recipe hands in."""


def address_key(url: str) -> int:
    """The key of an address in the table."""
    return key_of(hashlib.blake2b(url.encode("utf-8", "replace"), digest_size=4).digest())


def visited_among(urls: Iterable[str], rows: pa.Table) -> Iterator[tuple[str, Visited]]:
    """Those of some addresses that a table knows, with what it knows."""
    wanted = set(urls)
    keys = np.array(sorted({address_key(url) for url in wanted}), np.uint32)
    for row in rows.filter(pa.array(np.isin(rows.column("key").to_numpy(), keys))).to_pylist():
        if row["url"] in wanted:
            yield row["url"], _visited(row)


def pending(rows: pa.Table, at: datetime) -> Iterator[Visited]:
    """Those addresses of a table that could not be had yet, and may be asked by now."""
    tries = rows.column("tries").to_numpy()
    is_due = (tries > 0) & (tries < MAX_TRIES) & (rows.column("ask_again_at").to_numpy() <= _seconds(at))
    yield from map(_visited, rows.filter(pa.array(is_due)).to_pylist())


def address_rows(visits: Iterable[Visit], kept: pa.Table, at: datetime, ask_again: AskAgain) -> pa.Table:
    """The table after a run.

    Args:
        visits: all of the run; of several to one address the latest counts.
        kept: what was known before.
        at: when the run started.
        ask_again: see `AskAgain`.
    """
    met = {visit.url: visit for visit in sorted(visits, key=lambda one: (one.at, repr(one)))}
    is_met = np.array([url in met for url in kept.column("url").to_pylist()], np.bool_)
    before = {row["url"]: row for row in kept.filter(pa.array(is_met)).to_pylist()}
    added = [
        row_after(visit, known, ask_again)
        if (known := before.get(url)) is None or epoch_seconds(visit.at) >= known["seen_at"]
        else known  # of a run that died, and was taken up after another one had asked again
        for url, visit in met.items()
    ]
    is_young = kept.column("seen_at").to_numpy() >= _seconds(at - KEPT_FOR)
    table = pa.concat_tables([kept.filter(pa.array(~is_met & is_young)), pa.Table.from_pylist(added, SCHEMA)])
    return table.sort_by([("key", "ascending"), ("url", "ascending")])


def row_after(visit: Visit, before: dict[str, Any] | None, ask_again: AskAgain) -> dict[str, Any]:
    """An address's row after a visit; ``before`` is the row of the visit before it."""
    published_at = visit.published_at or (_instant(before["published_at"]) if before else None)
    row: dict[str, Any] = {
        "key": address_key(visit.url),
        "url": visit.url,
        "source": visit.source,
        "seen_at": _seconds(visit.at),
        "published_at": _seconds(published_at),
        "rules": visit.rules,
    }
    if not 200 <= visit.status < 400:
        return row | _after_fault(visit, before)
    is_same = before is not None and visit.body_hash in (b"", before["body_hash"])
    changed_at = _instant(before["changed_at"]) if before and is_same else visit.at
    if before is None and published_at and published_at <= visit.at:
        changed_at = published_at  # that it is new here says nothing of when it last changed
    named = dict(reversed(visit.headers))
    old = before if before and visit.status == 304 else {}  # a 304 repeats only what it cares to (RFC 9110, 15.4.5)
    return row | {
        "etag": named.get("etag") or old.get("etag"),
        "last_modified": named.get("last-modified") or old.get("last_modified"),
        "body_hash": visit.body_hash or old.get("body_hash") or b"",
        "changed_at": _seconds(changed_at),
        "ask_again_at": _seconds(ask_again(visit.at, visit.headers, changed_at, published_at, visit.kind)),
        "tries": 0,
        "final_url": visit.final_url,
    }


def _after_fault(visit: Visit, before: dict[str, Any] | None) -> dict[str, Any]:
    """Asked again after minutes, then hours; what will not come back, once a day while it is listed."""
    kept = ("etag", "last_modified", "body_hash", "changed_at", "final_url")
    tries = FINAL if visit.is_final else min((before["tries"] if before else 0) % FINAL + 1, MAX_TRIES)
    wait = _FINAL_RETRY if tries >= MAX_TRIES else _FIRST_RETRY * _RETRY_FACTOR ** (tries - 1)
    return {name: before[name] if before else None for name in kept} | {
        "ask_again_at": _seconds(visit.at + wait),
        "tries": tries,
    }


def _visited(row: dict[str, Any]) -> Visited:
    return Visited(
        url=row["url"],
        source=row["source"],
        validators=Validators(row["etag"], row["last_modified"], row["final_url"]),
        ask_again_at=_instant(row["ask_again_at"]) or _EPOCH,
        published_at=_instant(row["published_at"]),
        is_pending=0 < row["tries"] < MAX_TRIES,
        rules=row["rules"] or "",
    )


def _seconds(at: datetime | None) -> int | None:
    return None if at is None else epoch_seconds(at)


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else _EPOCH + timedelta(seconds=seconds)
