"""What each window of a stream leaves for the next run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from pipeline.config import RunConfig
from pipeline.reading import Read
from pipeline.state import plan_window, tidy
from transforms.copies.keep import write_days, write_standing
from transforms.copies.stream_transform import Merged
from transforms.elements import HostFacts, TableFile, Visit
from transforms.fetch.freshness import ask_again_at
from transforms.generation import StatePlan, write_table
from transforms.ledger import addresses, hosts
from transforms.ledger.known import write_known
from transforms.write.window_transform import Keep

Write = Callable[[StatePlan, list[Any]], list[TableFile]]


def keep_windows(config: RunConfig, plan: StatePlan, read: Read, merged: Merged) -> Keep:
    """The tables of the state, with what is added to each and how.

    Args:
        plan: what the stream started from.
    """
    values = read.ledger | {
        "known": merged.readings,
        "standing": merged.standing,
        "days": merged.sightings,
    }
    write: dict[str, Write] = {
        "known": write_known,
        "standing": write_standing,
        "days": write_days,
        "addresses": _write_addresses,
        "hosts": _write_hosts,
    }
    base = plan.base.number if plan.base else 0
    return Keep(
        values,
        {table: write[table] for table in values},
        partial(plan_window, plan=plan, base=base, copies_window_s=config.copies_window_s),
        partial(tidy, plan.root, config.keep_state, base),
    )


def _write_addresses(plan: StatePlan, visits: Iterable[Visit]) -> list[TableFile]:
    keyed = [(addresses.address_key(visit.url), visit) for visit in visits]
    merge = partial(addresses.address_rows, at=plan.at, ask_again=ask_again_at)
    return write_table(plan, addresses.ADDRESSES, addresses.SCHEMA, keyed, merge)


def _write_hosts(plan: StatePlan, facts: Iterable[HostFacts]) -> list[TableFile]:
    keyed = [(hosts.host_key(fact.origin), fact) for fact in facts]
    return write_table(plan, hosts.HOSTS, hosts.SCHEMA, keyed, partial(hosts.host_rows, at=plan.at))
