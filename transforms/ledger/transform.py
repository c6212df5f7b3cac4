"""What earlier runs knew, looked up by ranges of its tables, and what the next one will know."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from functools import partial

import apache_beam as beam
import pyarrow as pa

from transforms.elements import HostFacts, Known, TableFile, Visit, Visited
from transforms.generation import StateError, StatePlan, commit
from transforms.ledger import addresses, hosts, known
from transforms.tables import KeepTable, LookUpTable

_LOG = logging.getLogger(__name__)


class FindKnown(beam.PTransform):
    """`Record`s to (id, `Known`) of those whose id an earlier run has met."""

    def __init__(self, plan: StatePlan) -> None:
        super().__init__()
        self._plan = plan

    def expand(self, records: beam.PCollection) -> beam.PCollection:  # noqa: D102
        return (
            records
            | "Id" >> beam.Map(lambda record: (known.id_key(record.id), record.id)).with_output_types(tuple[int, str])
            | "Known"
            >> LookUpTable(self._plan, known.KNOWN, known.SCHEMA, known.known_among).with_output_types(
                tuple[str, Known]
            )
        )


class KeepKnown(beam.PTransform):
    """(id, (content, stands, revision)) of all that a run has read to the files of the next generation."""

    def __init__(self, plan: StatePlan) -> None:
        super().__init__()
        self._plan = plan

    def expand(self, readings: beam.PCollection) -> beam.PCollection:  # noqa: D102
        keyed = readings | "Key" >> beam.Map(lambda reading: (known.id_key(reading[0]), reading))
        merge = partial(_merge_readings, plan=self._plan)
        return keyed | "Known" >> KeepTable(self._plan, known.KNOWN, known.SCHEMA, merge)


def _merge_readings(values: Iterable[tuple[str, tuple[bytes, bool, int]]], kept: pa.Table, plan: StatePlan) -> pa.Table:
    readings: dict[str, set[known.Reading]] = {}
    for identity, reading in values:
        readings.setdefault(identity, set()).add(known.Reading(*reading))
    return known.known_rows(readings, kept, plan.at, plan.keep_after)


class FindVisited(beam.PTransform):
    """Addresses to (address, `Visited`) of those that an earlier run has asked."""

    def __init__(self, plan: StatePlan) -> None:
        super().__init__()
        self._plan = plan

    def expand(self, urls: beam.PCollection) -> beam.PCollection:  # noqa: D102
        return (
            urls
            | "Key" >> beam.Map(lambda url: (addresses.address_key(url), url)).with_output_types(tuple[int, str])
            | "Addresses"
            >> LookUpTable(
                self._plan, addresses.ADDRESSES, addresses.SCHEMA, addresses.visited_among
            ).with_output_types(tuple[str, Visited])
        )


class FindPending(beam.PTransform):
    """The pipeline to `Visited` of each address that earlier runs could not get, and that may be asked by now."""

    def __init__(self, plan: StatePlan) -> None:
        super().__init__()
        self._plan = plan

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection:  # noqa: D102
        find = partial(_pending, plan=self._plan)
        return (
            begin
            | "Ranges" >> beam.Create(_all_ranges(self._plan, addresses.ADDRESSES))
            | "Addresses"
            >> LookUpTable(self._plan, addresses.ADDRESSES, addresses.SCHEMA, find).with_output_types(Visited)
        )


def _pending(_: Iterable[None], rows: pa.Table, plan: StatePlan) -> Iterator[Visited]:
    return addresses.pending(rows, plan.at)


def _all_ranges(plan: StatePlan, table: str) -> list[tuple[int, None]]:
    """A key in every range, also where they are parted a little finer than the files."""
    count = 4 * sum(file.table == table for file in plan.base.files) if plan.base else 0
    return [(number * (1 << 32) // count, None) for number in range(count)]


class KeepVisits(beam.PTransform):
    """`Visit`s to the files of the next generation.

    Args:
        ask_again: says when an address may be asked again.
    """

    def __init__(self, plan: StatePlan, ask_again: addresses.AskAgain) -> None:
        super().__init__()
        self._plan, self._ask_again = plan, ask_again

    def expand(self, visits: beam.PCollection) -> beam.PCollection:  # noqa: D102
        keyed = visits | "Key" >> beam.Map(lambda visit: (addresses.address_key(visit.url), visit)).with_output_types(
            tuple[int, Visit]
        )
        merge = partial(addresses.address_rows, at=self._plan.at, ask_again=self._ask_again)
        return keyed | "Addresses" >> KeepTable(self._plan, addresses.ADDRESSES, addresses.SCHEMA, merge)


class FindHosts(beam.PTransform):
    """The pipeline to the `HostFacts` that earlier runs left and that may still hold."""

    def __init__(self, plan: StatePlan) -> None:
        super().__init__()
        self._plan = plan

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection:  # noqa: D102
        return (
            begin
            | "Ranges" >> beam.Create(_all_ranges(self._plan, hosts.HOSTS))
            | "Hosts"
            >> LookUpTable(
                self._plan, hosts.HOSTS, hosts.SCHEMA, lambda _, rows: hosts.hosts_of(rows)
            ).with_output_types(HostFacts)
        )


class KeepHosts(beam.PTransform):
    """`HostFacts` to the files of the next generation."""

    def __init__(self, plan: StatePlan) -> None:
        super().__init__()
        self._plan = plan

    def expand(self, facts: beam.PCollection) -> beam.PCollection:  # noqa: D102
        keyed = facts | "Key" >> beam.Map(lambda fact: (hosts.host_key(fact.origin), fact)).with_output_types(
            tuple[int, HostFacts]
        )
        merge = partial(hosts.host_rows, at=self._plan.at)
        return keyed | "Hosts" >> KeepTable(self._plan, hosts.HOSTS, hosts.SCHEMA, merge)


class CommitGeneration(beam.PTransform):
    """Makes the new generation of its files; what comes in passes once that is done.

    Where another run was faster, nothing passes: an exception would only make the runner try again. Whoever started the
    run finds no ``run.json`` at its end.
    """

    def __init__(self, plan: StatePlan, files: beam.PCollection) -> None:
        super().__init__()
        self._plan = plan
        self._files = files

    def expand(self, ready: beam.PCollection) -> beam.PCollection:  # noqa: D102
        return ready | "Commit" >> beam.FlatMap(_commit, plan=self._plan, files=beam.pvalue.AsList(self._files))


def _commit(ready: str, plan: StatePlan, files: list[TableFile]) -> Iterator[str]:
    try:
        commit(plan, files)
    except StateError as error:
        _LOG.warning("%s", error)
    else:
        yield ready
