"""What was learnt about hosts, as a table that outlives a run: rows of `transforms.generation`."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from transforms.elements import HostFacts, Validators
from transforms.hash_ranges import key_of

HOSTS = "hosts"
_TIME = pa.timestamp("us", "UTC")
SCHEMA = pa.schema(
    [
        ("key", pa.uint32()),
        ("origin", pa.string()),
        ("robots_status", pa.int32()),
        ("robots", pa.binary()),
        ("robots_at", _TIME),
        ("robots_etag", pa.string()),
        ("robots_last_modified", pa.string()),
        ("last_start_at", _TIME),
        ("not_before", _TIME),
    ]
)
KEPT_FOR = timedelta(days=1)
"""A robots.txt holds no longer (RFC 9309, 2.4), and a pace never so long."""
VALIDATORS_KEPT_FOR = timedelta(days=30)
"""A robots.txt that can be asked for conditionally stays: the server mostly says that it still holds (304)."""


def host_key(origin: str) -> int:
    """The key of a host in the table."""
    return key_of(hashlib.blake2b(origin.encode("utf-8", "replace"), digest_size=4).digest())


def hosts_of(rows: pa.Table) -> Iterator[HostFacts]:
    """The facts in a table."""
    for row in rows.to_pylist():
        del row["key"]
        validators = Validators(row.pop("robots_etag"), row.pop("robots_last_modified"))
        yield HostFacts(**row, robots_validators=validators)


def host_rows(facts: Iterable[HostFacts], kept: pa.Table, at: datetime) -> pa.Table:
    """The table after a run.

    Args:
        facts: all of the run; each stage that asked a host gave some.
        kept: what was known before.
        at: when the run started.
    """
    hosts: dict[str, HostFacts] = {}
    for fact in sorted((*hosts_of(kept), *facts), key=repr):
        known = hosts.get(fact.origin)
        if fact.not_before and fact.not_before > at + KEPT_FOR:  # no server is let alone for longer; a clock was wrong
            fact = dataclasses.replace(fact, not_before=None)
        hosts[fact.origin] = _joined(known, fact) if known else fact
    rows = [_row(fact) for fact in hosts.values() if _is_kept(fact, at)]
    return pa.Table.from_pylist(rows, SCHEMA).sort_by([("key", "ascending"), ("origin", "ascending")])


def _row(fact: HostFacts) -> dict[str, Any]:
    return {
        "key": host_key(fact.origin),
        "origin": fact.origin,
        "robots_status": fact.robots_status,
        "robots": fact.robots,
        "robots_at": fact.robots_at,
        "robots_etag": fact.robots_validators.etag,
        "robots_last_modified": fact.robots_validators.last_modified,
        "last_start_at": fact.last_start_at,
        "not_before": fact.not_before,
    }


def _is_kept(fact: HostFacts, at: datetime) -> bool:
    if max(_times(fact), default=at - 2 * KEPT_FOR) >= at - KEPT_FOR:
        return True
    is_conditional = fact.robots_validators != Validators()
    return is_conditional and fact.robots_at is not None and fact.robots_at >= at - VALIDATORS_KEPT_FOR


def _joined(one: HostFacts, other: HostFacts) -> HostFacts:
    newer, older = (one, other) if _of(one.robots_at) >= _of(other.robots_at) else (other, one)
    return dataclasses.replace(
        newer,
        last_start_at=max(filter(None, (one.last_start_at, other.last_start_at)), default=None),
        not_before=max(filter(None, (newer.not_before, older.not_before)), default=None),
    )


def _of(at: datetime | None) -> float:
    return at.timestamp() if at else -np.inf


def _times(fact: HostFacts) -> Iterator[datetime]:
    yield from filter(None, (fact.robots_at, fact.last_start_at, fact.not_before))
