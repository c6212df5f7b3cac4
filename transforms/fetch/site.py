"""Addresses as they are sent, and what they belong to: origin, host, site."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import NamedTuple

from tld import get_fld
from yarl import URL

MAX_CHARS = 4096

_PORTS = {"http": 80, "https": 443}
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\Z")
_NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)\Z")


class Address(NamedTuple):
    """An address in the one spelling in which it is checked, connected to and sent.

    Args:
        url: without fragment; what is not ASCII is percent-encoded, or as IDNA in the host.
        host: a name in lower case without a final dot, or an IP address.
        port: also where the scheme implies it.
    """

    url: str
    scheme: str
    host: str
    port: int

    @property
    def origin(self) -> str:
        """Scheme, host and, unless it is the scheme's own, port: what one robots.txt holds for (RFC 6454)."""
        return _origin(self.scheme, self.host, self.port)

    @property
    def server(self) -> str:
        """What is asked one request at a time: the host, whichever of http and https it is asked by."""
        return self.host if self.port in _PORTS.values() else f"{self.host}:{self.port}"


def parse_address(text: str) -> Address:
    """Read an absolute http or https address.

    Raises:
        ValueError: with a reason for people: no web address, credentials in it, a host that is none, or an IPv4
            address in a spelling that only some programs take for one (`0x7f.1`), or more than `MAX_CHARS`, as it is
            given or as it is sent.
    """
    if len(text) > MAX_CHARS:
        raise ValueError(f"an address of {len(text)} characters")
    try:
        url = URL(text.strip())
        host, port = (url.raw_host or "").lower().removesuffix("."), url.port
    except (ValueError, TypeError, IndexError) as error:  # the last one is yarl's for some broken hosts
        raise ValueError(f"no address: {str(error)[:200]}") from None
    if url.scheme not in _PORTS or not host or not port:
        raise ValueError("no http or https address")
    if url.raw_user is not None or url.raw_password is not None:
        raise ValueError("credentials in the address")
    if not _is_ip(host):
        if odd := odd_ipv4(host):
            raise ValueError(f"{host} is another spelling of {odd}")
        if not _NAME.match(host) or _NUMBER.match(host.rsplit(".", 1)[-1]):
            raise ValueError("no valid host name")
    sent = _origin(url.scheme, host, port) + url.raw_path_qs
    if len(sent) > MAX_CHARS:
        raise ValueError(f"an address of {len(sent)} characters, percent-encoded")
    return Address(sent, url.scheme, host, port)


def odd_ipv4(host: str) -> ipaddress.IPv4Address | None:
    """The address that ``inet_aton`` and browsers read from numbers (`2130706433`, `127.1`, `0x7f.0.0.1`)."""
    labels = host.lower().split(".")
    if len(labels) > 4 or not all(_NUMBER.match(label) and len(label) <= 16 for label in labels):
        return None
    try:
        *leading, last = [_number(label) for label in labels]
    except ValueError:  # an octal number with an 8
        return None
    if any(number > 255 for number in leading) or last >= 256 ** (4 - len(leading)):
        return None
    return ipaddress.IPv4Address(sum(number << 8 * (3 - place) for place, number in enumerate(leading)) + last)


@lru_cache(maxsize=10_000)
def site_of(url: str) -> str:
    """The registrable domain (public suffix list), the last two labels where the suffix is unknown, or the IP address.

    All hosts and ports of a site have one site. What is no address has the site "".
    """
    try:
        host = parse_address(url).host
    except ValueError:
        return ""
    if _is_ip(host):
        return host
    return get_fld(host, fix_protocol=True, fail_silently=True) or ".".join(host.split(".")[-2:])


def origin_of(url: str) -> str:
    """Scheme, host and port, for `HostFacts`; "" for what is no address."""
    try:
        return parse_address(url).origin
    except ValueError:
        return ""


def _origin(scheme: str, host: str, port: int) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}" + ("" if port == _PORTS[scheme] else f":{port}")


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _number(label: str) -> int:
    if label.startswith("0x"):
        return int(label[2:] or "0", 16)
    return int(label, 8 if label.startswith("0") and len(label) > 1 else 10)
