"""A fetched list, looked into: what it leads to in a form that many thousands of it are small in."""

from __future__ import annotations

import dataclasses
import hashlib
import pickle
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from pipeline.requests import normal
from transforms.discover.discover import discover
from transforms.elements import Fetched, FetchRequest, Hints, Page, Reject
from transforms.fetch.site import parse_address
from transforms.reasons import Reason, Stage

_DETAIL_CHARS = 300
_DAMAGE = frozenset({Reason.BAD_FEED, Reason.EMPTY, Reason.UNSUPPORTED, Reason.BAD_ENCODING, Reason.FAILED})
_MARK_BYTES = 8


class ListedPage(NamedTuple):
    """A page that a list names: its server, the source's name, and hints as `packed_hints` gives them."""

    url: str
    server: str
    source: str
    hints: bytes
    depth: int


class Reading(NamedTuple):
    """What a list holds.

    Args:
        pages: to be fetched.
        lists: below it.
        documents: that it carries itself, or what it says that cannot be read; each with a mark that is equal in the
            next reading if it is the same.
        is_whole: whether nothing of it was damaged.
    """

    pages: list[ListedPage]
    lists: list[FetchRequest]
    documents: list[tuple[bytes, Page | Reject]]
    is_whole: bool


def read_list(fetched: Fetched, now: datetime) -> Reading:
    """Look into a list for each source that has it. Takes long for a long one: .2 ms for an entry of a feed."""
    reading = Reading([], [], [], True)
    for source in (fetched.request.source, *fetched.request.also):
        request = dataclasses.replace(fetched.request, source=source, also=())
        for found in _discovered(dataclasses.replace(fetched, request=request), now):
            if not isinstance(found, FetchRequest):
                reading.documents.append((_mark(found), found))
            elif found.kind != "page":
                reading.lists.append(normal(found))
            else:
                reading.pages.append(_listed(found))
    faults = (found.reason for _, found in reading.documents if isinstance(found, Reject))
    return reading._replace(is_whole=not any(reason in _DAMAGE for reason in faults))


def _discovered(fetched: Fetched, now: datetime) -> Iterator[FetchRequest | Page | Reject]:
    try:
        yield from discover(fetched, now)
    except Exception as error:  # noqa: BLE001  what the list gave before it stands
        name, detail = fetched.request.source.name, f"{error!r}"[:_DETAIL_CHARS]
        yield Reject(Stage.FETCH, Reason.FAILED, fetched.url, detail, name, fetched.fetched_at)


def _listed(request: FetchRequest) -> ListedPage:
    try:
        address = parse_address(request.url)
        url, server = address.url, address.server
    except ValueError:  # the fetcher says so
        url, server = request.url, ""
    return ListedPage(url, server, request.source.name, packed_hints(request.hints), request.depth)


def _mark(found: Page | Reject) -> bytes:
    digest = hashlib.blake2b(digest_size=_MARK_BYTES)
    if isinstance(found, Page):
        digest.update(found.body)
        same: tuple[Any, ...] = (found.source, found.url, found.hints)
    else:
        same = (found.source, found.url, found.reason, found.detail)
    digest.update(repr(same).encode("utf-8", "replace"))
    return digest.digest()


def marks_in(joined: bytes) -> set[bytes]:
    """Marks that stand one after the other."""
    return {joined[place : place + _MARK_BYTES] for place in range(0, len(joined), _MARK_BYTES)}


def packed_hints(hints: Hints) -> bytes:
    """Hints in few bytes."""
    if hints == Hints():
        return b""
    return pickle.dumps(plain(hints), pickle.HIGHEST_PROTOCOL)


def hints_from(packed: bytes) -> Hints:
    """What was packed."""
    return Hints(*pickle.loads(packed)) if packed else Hints()  # noqa: S301  our own


def plain(element: Any) -> tuple[Any, ...]:
    """The values of a flat element, to be kept longer than its class stays as it is."""
    return tuple(getattr(element, field.name) for field in dataclasses.fields(element))
