"""The canonical address of an article, and the site it stands on."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit, urlunsplit

from tld import get_fld
from w3lib.url import canonicalize_url, url_query_cleaner

MAX_CHARS = 2048

# Parameters that say how a reader came, never what is read. Names that sites also use for content (`id`, `ref`,
# `source`, `page`) are left alone: two articles under one address are worse than one article under two.
_TRACKING = re.compile(
    r"(?:utm|itm|mtm|pk|hsa|mc|ga|oly|vero|wt|guce)_[a-z0-9_]{1,40}"
    r"|fbclid|gclid|dclid|msclkid|twclid|ttclid|yclid|gclsrc|wbraid|gbraid"
    r"|igshid|igsh|mibextid|mkt_tok|_hsenc|_hsmi|_ga|_gl|xtor|cmpid|ocid|ito|smid|smtyp|ncid|srnd|s_cid|icid"
    r"|guccounter|wt\.[a-z_]{1,20}|__twitter_impression|at_medium|at_campaign",
    re.I,
)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def normalized_address(url: str) -> str | None:
    """An address in one spelling of all that name the same page: RFC 3986, sorted query, no tracking, no fragment.

    None for what is no absolute http or https address.
    """
    try:
        parts = urlsplit(url.strip())
        if parts.scheme.lower() not in _DEFAULT_PORTS or not parts.hostname or len(url) > MAX_CHARS:
            return None
        tracking = [name for name in _query_names(parts.query) if _TRACKING.fullmatch(name)]
        plain = url_query_cleaner(url.strip(), tracking, remove=True, unique=False) if tracking else url.strip()
        parts = urlsplit(canonicalize_url(plain))
        host = parts.hostname or ""
        if not host:  # what stood there was white space or control characters
            return None
        if parts.port and parts.port != _DEFAULT_PORTS[parts.scheme]:
            host = f"{host}:{parts.port}"
        return urlunsplit((parts.scheme, host, parts.path, parts.query, ""))
    except ValueError:
        return None


def canonical_address(url: str | None, declared: str | None) -> str | None:
    """The page's own word for its address (rel=canonical, og:url) where it can be believed, else ``url`` normalised.

    A declared address is believed if it stays on the site and is not the bare front page, which badly configured
    sites declare for every article.
    """
    own = normalized_address(url) if url else None
    try:
        said = normalized_address(urljoin(url or "", declared)) if declared else None
    except ValueError:
        said = None
    if said is None or own is None:
        return own or (None if is_front_page(said) else said)
    return said if site_of(said) == site_of(own) and not is_front_page(said) else own


def is_front_page(address: str | None) -> bool:
    """Whether a normalised address is a site's bare root."""
    parts = urlsplit(address or "")
    return bool(parts.netloc) and parts.path in ("", "/") and not parts.query


def absolute_address(reference: str | None, base: str | None) -> str | None:
    """A reference of a page (a picture's) against the page's address; None where no web address comes of it."""
    try:
        address = urljoin(base or "", reference.strip()) if reference else ""
        return address if urlsplit(address).scheme in _DEFAULT_PORTS and len(address) <= MAX_CHARS else None
    except ValueError:
        return None


def site_of(address: str | None) -> str | None:
    """The registrable domain (public suffix list), or the last two labels where the suffix is unknown, or the IP."""
    if not address:
        return None
    try:
        host = urlsplit(address).hostname
    except ValueError:
        return None
    if not host or re.fullmatch(r"[0-9.]+|.*:.*", host):
        return host
    domain = get_fld(host, fix_protocol=True, fail_silently=True)
    return domain or ".".join(host.split(".")[-2:])


def _query_names(query: str) -> list[str]:
    return [pair.split("=", 1)[0] for pair in query.split("&") if pair]
