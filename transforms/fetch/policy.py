"""How requests are made: one set of values for a whole run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FetchPolicy:
    """What the ``fetch`` part of a sources file says, and who asks.

    Args:
        user_agent: as sent, product token first (``Depesche/0.2 (+https://example.org/bot)``).
        per_host_delay_s: between the starts of two requests to one host; a longer Crawl-delay wins.
        timeout_s: of one request, from looking its host up to the last byte of its body.
        max_bytes: of a body, after decompression.
        max_redirects: for one address, those to other sites included.
        retries: further attempts after a fault of the connection, 408, 429 or 5xx.
        respect_robots: RFC 9309.
        allow_private: whether addresses inside of private networks may be connected to.
    """

    user_agent: str
    per_host_delay_s: float = 1.0
    timeout_s: float = 20.0
    max_bytes: int = 10_000_000
    max_redirects: int = 5
    retries: int = 3
    respect_robots: bool = True
    allow_private: bool = False
