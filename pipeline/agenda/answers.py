"""What an answer, or none, changes in what is known of an address, and what the ledger is told of it."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import NamedTuple

from pipeline.agenda.book import Book
from pipeline.requests import visit_with_rules
from transforms.elements import Fetched, FetchedArchive, Gone, Page, Reject, Visit
from transforms.fetch.freshness import ask_again_at
from transforms.fetch.visits import asked_url, visit_of_fault
from transforms.ledger.addresses import FINAL, MAX_TRIES, row_after

Product = Fetched | FetchedArchive | Page | Reject | Visit | Gone | str
"""A page, an archive, a document that a list carries, a fault, what the ledger is told, a page that is no more, or the
address of what is unchanged."""

NOT_MODIFIED = 304
_GONE = frozenset({404, 410})


def is_confirmed(book: Book, response: Fetched) -> bool:
    """Whether a 304 is for what is known; else a fault has made us forget what was asked with."""
    known, sent = book.known.get(asked_url(response.request)), response.request.validators
    return known is not None and (known["etag"], known["last_modified"]) == (sent.etag, sent.last_modified)


def learn(book: Book, outcome: Fetched | FetchedArchive) -> tuple[Visit, bool]:
    """Keep what a response says; what the ledger is told, and whether it is what was known already.

    Of several answers within one window the ledger keeps the latest, so each says all.
    """
    visit = visit_with_rules(outcome)
    known = book.known.get(visit.url)
    if known and visit.status == NOT_MODIFIED:
        named = {name for name, _ in visit.headers}
        kept = (("etag", known["etag"]), ("last-modified", known["last_modified"]))
        headers = (*visit.headers, *((name, value) for name, value in kept if value and name not in named))
        visit = dataclasses.replace(visit, headers=headers, body_hash=known["body_hash"])
    is_same = known is not None and known["body_hash"] == visit.body_hash and (known["rules"] or "") == visit.rules
    book.learn(visit.url, row_after(visit, known, ask_again_at))
    return visit, is_same


class Missed(NamedTuple):
    """What is told of a page that could not be had, when it may be asked again, and whether it is, whoever lists it."""

    told: list[Product]
    again_s: float
    is_pending: bool


def miss(book: Book, url: str, reject: Reject, now: datetime) -> Missed:
    """Keep that a page could not be had."""
    told = list[Product]()
    known, visit = book.known.get(url), visit_of_fault(reject)
    if visit:
        told.append(visit)
        if visit.status in _GONE and known and known["changed_at"] and known["tries"] != FINAL:
            told.append(Gone(url, visit.source, visit.status, visit.at))
    # What a rule forbids is no fault of the page: the ledger hears nothing, but not every reading asks for it again.
    noted = visit or Visit(url, reject.source or "", "page", 0, (), b"", reject.at or now, is_final=True)
    row = row_after(noted, known, ask_again_at)
    book.learn(url, row)
    return Missed(told, float(row["ask_again_at"]), 0 < row["tries"] < MAX_TRIES)
