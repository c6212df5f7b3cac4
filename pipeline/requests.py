"""What is asked for, and what is known of it afterwards: the same for one run and for a stream."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator
from datetime import timedelta

from transforms.discover.rules import pattern_against
from transforms.elements import Fetched, FetchedArchive, FetchRequest, Hints, Reject, Source, Visit, Visited
from transforms.fetch.crawl import Outcome
from transforms.fetch.site import parse_address
from transforms.fetch.visits import asked_url, visit_of
from transforms.reasons import Reason, Stage

LONGEST_WAIT = timedelta(days=15)
"""What is not to be asked for longer than this was written by a clock that was wrong."""
HOPS = 3
"""So many sites a page may lead through by redirects; those inside of a site count for the policy alone."""


def first_requests(sources: Iterable[Source]) -> Iterator[FetchRequest]:
    """What the sources themselves name."""
    for source in sources:
        for url in source.urls:
            yield FetchRequest(url, source.kind, source)


def normal(request: FetchRequest) -> FetchRequest:
    """One spelling of an address for all; one that is none is told by the fetcher."""
    if request.first_url is not None:
        return request
    try:
        return dataclasses.replace(request, url=parse_address(request.url).url)
    except ValueError:
        return request


def rules_of(request: FetchRequest) -> str:
    """A hash of what a list is looked into by, empty for a page: what changes it makes an unchanged list news."""
    if request.kind == "page":
        return ""
    whole = repr((request.kind, request.source, request.also))
    return hashlib.blake2b(whole.encode("utf-8", "replace"), digest_size=6).hexdigest()


def visit_with_rules(outcome: Fetched | FetchedArchive) -> Visit:
    """What the ledger keeps of a response, and by which rules it was looked into."""
    request = (outcome.response if isinstance(outcome, FetchedArchive) else outcome).request
    return dataclasses.replace(visit_of(outcome), rules=rules_of(request))


def source_named(name: str, sources: Iterable[Source]) -> Source | None:
    """The source of a name, with that name; a feed of a subscription list has its parent's rules (``abo/Hafenpost``).

    None where it is not among the sources any more.
    """
    for source in sorted(sources, key=lambda one: one.name != name):
        if name == source.name or name.startswith(f"{source.name}/"):
            return dataclasses.replace(source, name=name)
    return None


def pending_request(visited: Visited, sources: tuple[Source, ...]) -> Iterator[FetchRequest]:
    """Another try for what could not be had; its list may not have changed, and is then not read again."""
    source = source_named(visited.source, sources)
    if source and pattern_against(visited.url, source) is None:
        yield FetchRequest(visited.url, "page", source, Hints(published_at=visited.published_at))


def asked_for(outcome: Outcome) -> str:
    """The address whose request had an outcome, as it was listed."""
    if isinstance(outcome, Reject):
        return outcome.url or ""
    if isinstance(outcome, FetchRequest):
        return asked_url(outcome)
    return asked_url((outcome.response if isinstance(outcome, FetchedArchive) else outcome).request)


def rest(request: FetchRequest, reason: Reason, detail: str) -> Reject:
    """The reject of a request that is not followed any further."""
    return Reject(
        Stage.FETCH, reason, asked_url(request), f"{detail}, the next to {request.url[:200]}", request.source.name
    )
