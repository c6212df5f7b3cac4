"""Whether a string is an address of the web."""

from __future__ import annotations

from urllib.parse import urlsplit

MAX_CHARS = 2048


def is_web_address(text: str) -> bool:
    """An absolute http or https address with a host, of at most `MAX_CHARS` characters."""
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        return False
    return len(text) <= MAX_CHARS and parts.scheme in ("http", "https") and bool(parts.hostname)
