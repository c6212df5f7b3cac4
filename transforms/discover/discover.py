"""Lists of addresses (feeds, sitemaps, OPML) to what they lead to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

from transforms.discover.listed import Listed
from transforms.discover.opml import read_opml
from transforms.discover.packed import unpack
from transforms.discover.rules import Refusal, choose, is_too_old
from transforms.discover.sitemaps import read_sitemap
from transforms.elements import Fetched, FetchRequest, Page, Reject, Source
from transforms.entries import Entry, Fault, read_entries
from transforms.reasons import Reason, Stage
from transforms.web_address import MAX_CHARS

DEPTH = 3
"""So many lists may lie below each other: an OPML in an OPML, and its feeds."""

MAX_LABEL_CHARS = 80

ListKind = Literal["feed", "sitemap", "opml"]

_ROOT = re.compile(rb"<(?:[\w.-]{1,40}:)?(rss|feed|rdf|channel|urlset|sitemapindex|opml)[\s>]", re.I)
_ROOT_WITHIN = 4096


def discover(fetched: Fetched, now: datetime) -> Iterator[FetchRequest | Page | Reject]:
    """What a fetched list leads to: pages and further lists to fetch, documents that it carries, and what is refused.

    The content says what kind of list it is, where it can: many a feed is given as a sitemap.

    Args:
        fetched: the response to a request for a feed, a sitemap or an OPML file; a 304 leads to nothing.
        now: the start of the run; the source's ``max_age`` counts from it.
    """
    if fetched.status == 304:
        return
    body, missing = unpack(fetched.body)
    faults = [missing] if missing else []
    entries: list[Listed] = []
    for item in _read(body, fetched) if body else [Fault(Reason.EMPTY, "the response has no body")]:
        if isinstance(item, Listed):
            entries.append(item)
        elif not missing:  # else the same damage, seen again
            faults.append(item)
    entries, skipped = _without_old_lists(entries, fetched.request.source, now)
    for result in choose(entries, fetched.request.source, now):
        yield _outcome(result, fetched)
    for fault in faults:
        yield _reject(fetched, fault.reason, fault.detail)
    if skipped:
        detail = f"sitemaps of the index with nothing newer in them: {skipped}"
        yield _reject(fetched, Reason.TOO_OLD, detail)


def _read(body: bytes, fetched: Fetched) -> Iterator[Listed | Fault]:
    kind = _kind(body, fetched)
    if kind == "sitemap":
        yield from read_sitemap(body)
    elif kind == "opml":
        yield from read_opml(body, fetched.url)
    else:
        for number, entry in enumerate(read_entries(body, fetched.url), 1):
            yield entry if isinstance(entry, Fault) else _of_feed(entry, fetched, number)


def _kind(body: bytes, fetched: Fetched) -> ListKind:
    """What the content is, by its root, else what was asked for."""
    if body[:1] == b"{":
        return "feed"
    if found := _ROOT.search(body[:_ROOT_WITHIN]):
        root = found.group(1).lower()
        if root == b"opml":
            return "opml"
        return "sitemap" if root in (b"urlset", b"sitemapindex") else "feed"
    kind = fetched.request.kind
    return kind if kind in ("sitemap", "opml") else "feed"


def _of_feed(entry: Entry, fetched: Fetched, number: int) -> Listed:
    """A feed's entry: its address where its page is to be fetched, else its own content."""
    source = fetched.request.source
    if source.follow and entry.url is not None:
        return Listed(entry.url, "page", entry.hints)
    if not entry.content.strip():
        what = "neither an address nor content" if entry.url is None else "no content of its own"
        nothing = _reject(fetched, Reason.MISSING_FIELD, f"entry {number} has {what}", entry.url)
        return Listed(entry.url, "page", entry.hints, nothing)
    page = Page(
        url=entry.url,
        markup="fragment" if entry.is_html else "text",
        content_type="text/html; charset=utf-8" if entry.is_html else "text/plain; charset=utf-8",
        body=entry.content.encode("utf-8", "replace"),
        source=source.name,
        origin=f"{fetched.url}#{number}",
        fetched_at=fetched.fetched_at,
        status=fetched.status,
        hints=entry.hints,
    )
    return Listed(entry.url, "page", entry.hints, page)


def _outcome(result: Listed | Refusal, fetched: Fetched) -> FetchRequest | Page | Reject:
    request = fetched.request
    if isinstance(result, Refusal):
        return _reject(fetched, result.reason, result.detail, result.listed.url)
    if result.content:
        return replace(result.content, url=result.url) if isinstance(result.content, Page) else result.content
    if result.url is None:
        return _reject(fetched, Reason.MISSING_FIELD, "the entry has no address")
    depth = request.depth + 1
    if result.kind != "page" and depth >= DEPTH:
        return _reject(fetched, Reason.BAD_FEED, f"more than {DEPTH} lists below each other", result.url)
    source = _child(request.source, result.url, result.label) if result.kind == "feed" else request.source
    return FetchRequest(result.url, result.kind, source, result.hints, depth)


def _child(parent: Source, url: str, label: str | None) -> Source:
    """A feed of a subscription list as a source of its own: its parent's rules, and a name that tells it apart."""
    name = " ".join((label or urlsplit(url).hostname or url).replace("/", " ").split())[:MAX_LABEL_CHARS]
    return replace(parent, name=f"{parent.name}/{name}", kind="feed", urls=(url,))


def _without_old_lists(entries: list[Listed], source: Source, now: datetime) -> tuple[list[Listed], int]:
    """The entries without the lists in which nothing changed for ``max_age``, and how many those are."""
    kept = [entry for entry in entries if entry.kind == "page" or not is_too_old(entry, source.max_age_s, now)]
    return kept, len(entries) - len(kept)


def _reject(fetched: Fetched, reason: Reason, detail: str, url: str | None = None) -> Reject:
    address = (url or fetched.url)[:MAX_CHARS]
    return Reject(Stage.FETCH, reason, address, detail, fetched.request.source.name, fetched.fetched_at)
