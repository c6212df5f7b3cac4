"""What the ledger is to keep of a response, or of none."""

from __future__ import annotations

import hashlib
import re
import zlib

from transforms.elements import Fetched, FetchedArchive, FetchRequest, Reject, Visit
from transforms.fetch.pace import CRAWL_DELAY
from transforms.fetch.site import parse_address
from transforms.reasons import Reason

_KEPT = frozenset({"etag", "last-modified", "cache-control", "expires", "date", "age"})
_MAX_HEADER_CHARS = 500
_HEAD_BYTES = 4096
_LIST_OF_LISTS = re.compile(rb"<(?:[\w.-]{1,40}:)?(?:sitemapindex|opml)[\s>]", re.I)
_STATUS = re.compile(r"([1-5]\d\d)\b")
_NO_ANSWER = frozenset({Reason.CONNECTION, Reason.TIMEOUT, Reason.DNS, Reason.TLS, Reason.ROBOTS_UNREACHABLE})
_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})


def asked_url(request: FetchRequest) -> str:
    """The address as it was listed: what the ledger knows it by."""
    return request.first_url or request.url


def visit_of(outcome: Fetched | FetchedArchive) -> Visit:
    """What is kept of a response."""
    if isinstance(outcome, FetchedArchive):
        fetched, body_hash = outcome.response, outcome.body_hash
    else:
        fetched, body_hash = outcome, hashlib.blake2b(outcome.body, digest_size=8).digest()
    request = fetched.request
    kept = frozenset[str]() if leads_to_lists(fetched) else _KEPT
    return Visit(
        url=asked_url(request),
        source=request.source.name,
        kind=request.kind,
        status=fetched.status,
        headers=tuple(
            (name, value) for name, value in fetched.headers if name in kept and len(value) <= _MAX_HEADER_CHARS
        ),
        body_hash=body_hash if fetched.status != 304 else b"",
        at=fetched.fetched_at,
        published_at=request.hints.published_at,
        final_url=fetched.url if _is_redirected(fetched) else None,
    )


def _is_redirected(fetched: Fetched) -> bool:
    try:
        return parse_address(asked_url(fetched.request)).url != fetched.url
    except ValueError:
        return True


def leads_to_lists(fetched: Fetched) -> bool:
    """Whether a response is a list of lists (OPML, a sitemap index): nothing is kept of it that could spare a reading.

    If it were unchanged, nobody would look into it, and what lies below would never be asked again.
    """
    if fetched.request.kind not in ("feed", "sitemap", "opml"):
        return False
    head = fetched.body[:_HEAD_BYTES]
    if head[:2] == b"\x1f\x8b":
        try:
            head = zlib.decompressobj(31).decompress(head, _HEAD_BYTES)
        except zlib.error:
            return False
    return _LIST_OF_LISTS.search(head) is not None


def visit_of_fault(reject: Reject) -> Visit | None:
    """What is kept of a page that could not be had; None where the network had no part in it, or nobody was asked.

    A host that wants long gaps (Crawl-delay) has a visit: the page's turn comes in a later run. An answer of 2xx or 3xx
    that was no use (a redirect to nowhere, a 304 that was not asked for) has the status 0: it is no success.
    """
    found = _STATUS.match(reject.detail) if reject.reason is Reason.HTTP_STATUS else None
    status = int(found.group(1)) if found else 0
    is_later = reject.reason is Reason.ROBOTS and reject.detail.startswith(CRAWL_DELAY)
    if reject.at is None or reject.url is None or not (status or is_later or reject.reason in _NO_ANSWER):
        return None
    is_final = bool(status) and status not in _RETRIED
    kept_status = status if status >= 400 else 0
    return Visit(reject.url, reject.source or "", "page", kept_status, (), b"", reject.at, is_final=is_final)
