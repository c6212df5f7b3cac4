"""Which addresses may be connected to: nothing inside of private networks, in whatever notation."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple

from transforms.fetch.site import Address, odd_ipv4, parse_address
from transforms.reasons import Reason

# The IANA registries of special-purpose addresses (RFC 6890), written out: what `ipaddress` calls private differs
# between versions of Python. 168.63.129.16 is public in form, and Azure's door to a machine's metadata.
_PRIVATE_4 = tuple(
    IPv4Network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32"),
    )
)
_GLOBAL_6 = IPv6Network("2000::/3")
_PRIVATE_6 = tuple(IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "3fff::/20"))
_EMBEDDING_LAST = tuple(IPv6Network(network) for network in ("::/96", "::ffff:0:0/96", "64:ff9b::/96"))
_SIX_TO_FOUR = IPv6Network("2002::/16")
_LOCAL_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home.arpa", "localdomain")


class Refusal(NamedTuple):
    """Why an address is not asked."""

    reason: Reason
    detail: str


def is_private(address: str | IPv4Address | IPv6Address) -> bool:
    """Whether an IP address is anything but a public unicast one.

    Private, loopback, link-local (with the clouds' metadata), shared (RFC 6598), multicast, reserved and
    documentation addresses are; an IPv6 address that carries an IPv4 one (mapped, 6to4, NAT64) is what that one is.
    """
    ip = ip_address(address)
    if isinstance(ip, IPv4Address):
        return any(ip in network for network in _PRIVATE_4)
    if any(ip in network for network in _EMBEDDING_LAST):
        return is_private(IPv4Address(ip.packed[12:]))
    if ip in _SIX_TO_FOUR:
        return is_private(IPv4Address(ip.packed[2:6]))
    return ip not in _GLOBAL_6 or any(ip in network for network in _PRIVATE_6)


def checked_address(url: str, allow_private: bool) -> Address | Refusal:
    """Read an address and check what can be seen without looking its name up; names are checked at the connection."""
    try:
        address = parse_address(url)
    except ValueError as error:
        return _refused_text(url, str(error), allow_private)
    if not allow_private and is_private_literal(address.host):
        return Refusal(Reason.PRIVATE_ADDRESS, f"{address.host} is not a public address")
    return address


def is_private_literal(host: str) -> bool:
    """Whether a host is written as an IP address, and that is private."""
    try:
        return is_private(host)
    except ValueError:
        return False


def is_local_name(host: str) -> bool:
    """Whether a name can only mean something inside of a network (RFC 6761, RFC 6762, RFC 8375)."""
    return "." not in host or any(host == name or host.endswith("." + name) for name in _LOCAL_NAMES)


def _refused_text(url: str, detail: str, allow_private: bool) -> Refusal:
    host = url.split("://", 1)[-1].split("/", 1)[0].rsplit("@", 1)[-1].split(":", 1)[0][:64]
    odd = odd_ipv4(host.removesuffix("."))
    is_hidden = odd is not None and not allow_private and is_private(odd)
    return Refusal(Reason.PRIVATE_ADDRESS if is_hidden else Reason.BAD_URL, detail)
