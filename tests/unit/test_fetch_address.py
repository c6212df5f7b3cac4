"""Addresses: their one spelling, their site, and which of them lead into private networks."""

from __future__ import annotations

import pytest

from transforms.fetch.guard import Refusal, checked_address, is_private
from transforms.fetch.site import Address, origin_of, parse_address, site_of
from transforms.reasons import Reason


@pytest.mark.parametrize(
    ("text", "url", "origin", "server"),
    [
        ("HTTP://Www.Beispiel.DE:80", "http://www.beispiel.de/", "http://www.beispiel.de", "www.beispiel.de"),
        ("https://beispiel.de./a/../b#c", "https://beispiel.de/b", "https://beispiel.de", "beispiel.de"),
        ("http://Bücher.example/ß?q=ä ö", "http://xn--bcher-kva.example/%C3%9F?q=%C3%A4+%C3%B6", None, None),
        ("http://h.de/a%2Fb?x=%26&y=a+b", "http://h.de/a%2Fb?x=%26&y=a+b", None, None),
        ("http://h.de:8080/", "http://h.de:8080/", "http://h.de:8080", "h.de:8080"),
        ("http://[2A00::1]/", "http://[2a00::1]/", "http://[2a00::1]", "2a00::1"),
        ("http://h.de?a", "http://h.de/?a", "http://h.de", "h.de"),
    ],
)
def test_an_address_has_one_spelling(text: str, url: str, origin: str | None, server: str | None) -> None:
    address = parse_address(text)
    assert address.url == url
    assert origin is None or (address.origin, address.server) == (origin, server)
    assert parse_address(address.url) == address, "the spelling is final"


def test_http_and_https_are_one_server_and_two_origins() -> None:
    plain, secure = parse_address("http://h.de/"), parse_address("https://h.de/")
    assert plain.server == secure.server and plain.origin != secure.origin


BAD = [
    "",
    "h.de/a",
    "//h.de/",
    "ftp://h.de/",
    "http://",
    "http:///a",
    "http://user@h.de/",
    "http://user:word@h.de/",
    "http://h..de/",
    "http://h.de%2f.example/",
    "http://h.de:0/",
    "http://h.de:99999/",
    "http://h.de:port/",
    "http://a b.de/",
    "http://1.2.3.4.5/",
    "http://08.1.1.1/",
    "http://[::1",
    "http://\ud800.de/",
    "http://h.de\\@example.org/",
    "http://" + "x" * 64 + ".de/",
    "http://h.de/" + "x" * 1_000_000,
    "http://h.de/" + "ü" * 900,
    "http://8.8.2056/",
]


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_address_is_said_to_be_none(text: str) -> None:
    refusal = checked_address(text, allow_private=True)
    assert isinstance(refusal, Refusal) and refusal.reason == Reason.BAD_URL and len(refusal.detail) < 300
    assert (site_of(text), origin_of(text)) == ("", "")


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.nachrichten.example.co.uk:8443/a", "example.co.uk"),
        ("http://a.b.beispiel.de/", "beispiel.de"),
        ("http://beispiel.de:81/", "beispiel.de"),
        ("http://kasse.intern.netz/", "intern.netz"),
        ("http://localhost:81/", "localhost"),
        ("http://192.0.2.7:81/", "192.0.2.7"),
        ("http://[2a00:0::1]:81/", "2a00::1"),
        ("http://xn--bcher-kva.de/", "xn--bcher-kva.de"),
        ("http://Bücher.de/", "xn--bcher-kva.de"),
    ],
)
def test_the_site_is_the_registrable_domain_or_the_address(url: str, site: str) -> None:
    assert site_of(url) == site


PRIVATE = (
    "0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 127.255.255.255 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.192 "
    "192.168.1.1 198.18.0.1 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255 100.100.100.200 168.63.129.16 "
    ":: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::a00:1 64:ff9b:1::1 2002:a00:1:: 2001::1 2001:db8::1 "
    "fc00::1 fd00:ec2::254 fe80::1 fe80::1%1 fec0::1 ff02::1"
)
PUBLIC = "1.1.1.1 8.8.8.8 172.32.0.1 100.128.0.1 192.167.1.1 ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808:: 2a00::1"


def test_private_addresses_in_every_notation() -> None:
    assert [ip for ip in PRIVATE.split() if not is_private(ip)] == []
    assert [ip for ip in PUBLIC.split() if is_private(ip)] == []


HIDDEN = (
    "127.0.0.1 2130706433 0x7f000001 0x7f.1 127.1 127.0.1 0177.0.0.1 017700000001 127.0.0.1. [::1] 0 10.1 "
    "[::ffff:127.0.0.1] [64:ff9b::7f00:1] １２７.0.0.1 127。0。0。1 169.254.43518"
)


@pytest.mark.parametrize(
    "host",
    HIDDEN.split(" "),
)
def test_odd_notations_do_not_hide_a_private_address(host: str) -> None:
    refusal = checked_address(f"http://{host}:8080/a", allow_private=False)
    assert isinstance(refusal, Refusal) and refusal.reason == Reason.PRIVATE_ADDRESS


def test_private_addresses_can_be_allowed_in_their_usual_notation_only() -> None:
    assert isinstance(checked_address("http://127.0.0.1/", allow_private=True), Address)
    odd = checked_address("http://127.1/", allow_private=True)
    assert isinstance(odd, Refusal) and odd.reason == Reason.BAD_URL, "its pace would be another host's"
