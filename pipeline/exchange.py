"""One address, fetched as a run fetches it: what was asked, what robots.txt says, what came."""

from __future__ import annotations

import dataclasses
import re
from datetime import datetime

from pipeline.config import UsageError
from pipeline.sources import _user_agent
from pipeline.values import checked_address, checked_contact, shown_duration
from transforms.elements import Fetched, FetchedArchive, FetchRequest, HostFacts, Page, Reject, Source
from transforms.fetch.answer import status_text
from transforms.fetch.freshness import ask_again_at
from transforms.fetch.page import page_of
from transforms.fetch.policy import FetchPolicy
from transforms.fetch.robots import is_unreachable, rules_for
from transforms.fetch.site import origin_of
from transforms.instants import iso

_WEB = re.compile(r"https?://", re.I)


@dataclasses.dataclass(frozen=True, slots=True)
class RobotsVerdict:
    """What a robots.txt says of an address.

    Args:
        robots_url: where it was asked for.
        status: of the answer; None where there was none.
        url: the address.
        crawl_delay_s: seconds between two requests, where it names them.
    """

    robots_url: str
    status: int | None
    url: str
    is_allowed: bool
    crawl_delay_s: float | None


@dataclasses.dataclass(frozen=True, slots=True)
class Exchange:
    """A request and what came of it.

    Args:
        asked: the address, and those on other sites to which it was redirected, in this order.
        user_agent: as servers were told.
        robots: of each of these addresses, and of the final one.
        url: where the response came from; this and what follows is None where there was no response.
        status: of the response.
        content_type: as it was sent.
        size_bytes: of the body, after decompression.
        fetched_at: when it was asked for.
        headers: of the response, names in lower case.
        ask_again_at: when a run would ask again at the earliest; see `dated`.
    """

    asked: tuple[str, ...]
    user_agent: str
    robots: tuple[RobotsVerdict, ...]
    url: str | None = None
    status: int | None = None
    content_type: str | None = None
    size_bytes: int | None = None
    fetched_at: datetime | None = None
    headers: tuple[tuple[str, str], ...] = ()
    ask_again_at: datetime | None = None


def is_web(name: str) -> bool:
    """Whether what is to be explained is an address, and no file."""
    return _WEB.match(name) is not None


def fetch_page(url: str, contact: str | None, allow_private: bool) -> tuple[Exchange, Page | Reject]:
    """Fetch an address with the defaults of a sources file: robots.txt, pace, guards, retries and redirects.

    Args:
        url: http or https.
        contact: a page or mailto: address of whoever asks, which becomes part of the user agent.
        allow_private: whether addresses inside of private networks may be connected to.

    Raises:
        UsageError: no contact, or what is given for it or for the address is none.
    """
    if contact is None:
        raise UsageError(
            f"{url}: without a contact nothing is fetched; "
            "add a page or mailto: address of yours: --contact https://example.org/bot"
        )
    url = checked_address(url, "the address")
    user_agent = _user_agent(checked_contact(contact, "--contact"))
    policy = FetchPolicy(user_agent, allow_private=allow_private)
    asked, outcome, facts = _fetch(FetchRequest(url, "page", Source("explain", "page", (url,))), policy)
    if isinstance(outcome, Reject):
        return Exchange(asked, user_agent, _verdicts(asked, facts, user_agent)), outcome
    addresses = tuple(dict.fromkeys((*asked, outcome.url)))
    exchange = Exchange(
        asked=asked,
        user_agent=user_agent,
        robots=_verdicts(addresses, facts, user_agent),
        url=outcome.url,
        status=outcome.status,
        content_type=next((value for name, value in outcome.headers if name == "content-type"), None),
        size_bytes=len(outcome.body),
        fetched_at=outcome.fetched_at,
        headers=outcome.headers,
    )
    return exchange, page_of(outcome)


def _fetch(
    request: FetchRequest, policy: FetchPolicy
) -> tuple[tuple[str, ...], Fetched | Reject, dict[str, HostFacts]]:
    """The addresses asked, site by site, the outcome, and what was learnt of the hosts."""
    from transforms.fetch.crawler import Crawler  # with all of HTTP, which a file need not wait for

    crawler = Crawler(policy)
    asked, facts = [], {}
    try:
        outcome: Fetched | FetchRequest | Reject = request
        while isinstance(outcome, FetchRequest):
            asked.append(outcome.url)
            crawler.submit([outcome])
            for found in crawler.finish():
                if isinstance(found, HostFacts):
                    facts[found.origin] = found
                elif not isinstance(found, FetchedArchive):  # which a request for a page never comes to
                    outcome = found
    finally:
        crawler.close()
    return tuple(asked), outcome, facts


def _verdicts(urls: tuple[str, ...], facts: dict[str, HostFacts], user_agent: str) -> tuple[RobotsVerdict, ...]:
    verdicts = []
    for url in urls:
        known = facts.get(origin_of(url))
        if known is not None and known.robots_at is not None:
            rules = rules_for(known.robots, known.robots_status, user_agent)
            robots_url = f"{known.origin}/robots.txt"
            verdicts.append(RobotsVerdict(robots_url, known.robots_status, url, rules.allow(url), rules.crawl_delay_s))
    return tuple(verdicts)


def dated(exchange: Exchange, published_at: datetime | None) -> Exchange:
    """The exchange with the time from which on a run would ask again, whose list dates the page like that."""
    if exchange.fetched_at is None:
        return exchange
    again = ask_again_at(exchange.fetched_at, exchange.headers, None, published_at, "page")
    return dataclasses.replace(exchange, ask_again_at=again)


def lines_of(exchange: Exchange) -> list[tuple[str, str]]:
    """The exchange for a terminal: names and values."""
    first, *others = exchange.asked
    lines = [("asked", first), ("as", exchange.user_agent)]
    lines += [("other site", url) for url in others]
    lines += [("robots", _verdict_text(verdict)) for verdict in exchange.robots]
    if exchange.url is None or exchange.fetched_at is None or exchange.status is None:
        return lines
    if exchange.url != exchange.asked[-1]:
        lines.append(("redirected to", exchange.url))
    lines.append(("status", status_text(exchange.status)))
    lines.append(("type", exchange.content_type or "not said"))
    lines.append(("bytes", f"{exchange.size_bytes:,}"))
    if exchange.ask_again_at:
        wait_s = (exchange.ask_again_at - exchange.fetched_at).total_seconds()
        lines.append(
            ("asked again", f"not before {iso(exchange.ask_again_at)} ({shown_duration(round(wait_s))} later)")
        )
    return lines


def _verdict_text(verdict: RobotsVerdict) -> str:
    seen = "no answer" if verdict.status is None else status_text(verdict.status)
    says = "allows" if verdict.is_allowed else "forbids"
    why = ", which forbids everything for now" if is_unreachable(verdict.status) else ""
    delay = f", Crawl-delay {verdict.crawl_delay_s:g} s" if verdict.crawl_delay_s else ""
    return f"{says} {verdict.url} ({verdict.robots_url}: {seen}{why}{delay})"
