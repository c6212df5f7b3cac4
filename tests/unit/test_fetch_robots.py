"""robots.txt as RFC 9309 reads it."""

from __future__ import annotations

import time

import pytest

from transforms.fetch.robots import MAX_BYTES, allowed, crawl_delay

AGENT = "Depesche/0.1 (+https://example.org/bot)"


def is_allowed(robots: str | bytes, path: str, agent: str = AGENT) -> bool:
    raw = robots if isinstance(robots, bytes) else robots.encode()
    return allowed(raw, 200, "https://h.example" + path, agent)


@pytest.mark.parametrize("name", ["Depesche", "DEPESCHE", "depesche/2.0", "Depesche 7 # ours"])
def test_a_group_is_chosen_by_the_product_token(name: str) -> None:
    assert not is_allowed(f"User-agent: {name}\nDisallow: /", "/a")


@pytest.mark.parametrize("name", ["Dep", "D", "Depeschen", "Depesche-Bilder", "example", "bot", "", "0.1"])
def test_a_part_of_the_token_chooses_no_group(name: str) -> None:
    assert is_allowed(f"User-agent: {name}\nDisallow: /", "/a")


def test_own_groups_merge_and_replace_the_general_one() -> None:
    own = "User-agent: depesche\nDisallow: /a\n\nUser-agent: b\nUser-agent: Depesche\nDisallow: /b"
    robots = "User-agent: *\nDisallow: /x\n\n" + own
    assert [is_allowed(robots, path) for path in ("/a", "/b", "/x")] == [False, False, True]
    assert [is_allowed(robots, path, "Andere/1") for path in ("/a", "/b", "/x")] == [True, True, False]
    assert not is_allowed("User-agent: *\nDisallow: /a\nUser-agent: *\nDisallow: /b", "/a")


def test_other_lines_do_not_end_a_group() -> None:
    robots = "User-agent: depesche\nSitemap: https://h.example/s.xml\nHost: h\nUser-agent: b\nNoindex: /q\nDisallow: /a"
    assert not is_allowed(robots, "/a")
    assert is_allowed(robots, "/q")
    assert is_allowed("Disallow: /\nUser-agent: depesche\nDisallow:", "/a"), "a rule of nobody, and an empty one"


@pytest.mark.parametrize(
    ("rules", "path", "expected"),
    [
        ("Disallow: /a\nAllow: /a/b", "/a/b/c", True),
        ("Allow: /a/b\nDisallow: /a", "/a/c", False),
        ("Disallow: /a\nAllow: /a", "/a", True),
        ("Disallow: /*.pdf$", "/x/y.pdf", False),
        ("Disallow: /*.pdf$", "/x/y.pdf?z", True),
        ("Disallow: /*.pdf", "/x/y.pdf?z", False),
        ("Disallow: /a*b*c", "/a1b2c3", False),
        ("Disallow: /a*b*c$", "/abcc", False),
        ("Disallow: /a*aa$", "/aa", True),
        ("Disallow: /$", "/", False),
        ("Disallow: /$", "/a", True),
        ("Disallow: *", "/a", False),
        ("Disallow: a", "/a", False),
        ("Disallow: /a?b=", "/a?b=1", False),
        ("Disallow: /%7Ea", "/~a", False),
        ("Disallow: /~a", "/%7ea", False),
        ("Disallow: /ä", "/%C3%A4", False),
        ("Disallow: /%c3%a4", "/ä", False),
        ("Disallow: /a%2fb", "/a/b", True),
        ("Disallow: /A", "/a", True),
        ("Disallow: /", "/robots.txt", True),
    ],
)
def test_the_longest_match_decides(rules: str, path: str, expected: bool) -> None:
    assert is_allowed("User-agent: *\n" + rules, path) is expected


@pytest.mark.parametrize("url", ["https://h.example/" + "ü" * 900, "https://h.example:x/", "h.example/a"])
def test_what_cannot_be_read_is_not_allowed(url: str) -> None:
    assert not allowed(b"User-agent: *\nAllow: /", 200, url, AGENT)


def test_line_ends_marks_and_bytes_that_are_no_text() -> None:
    assert not is_allowed(b"\xef\xbb\xbfUser-agent: *\rDisallow: /a\r", "/a")
    assert not is_allowed(b"user-AGENT : *\r\n\tdisallow\t:/a \xff\r\n\r\nDisallow: /b", "/b")
    assert is_allowed(b"<!doctype html><p>\0\xff" * 1000, "/a")
    assert is_allowed(b"", "/a") and is_allowed(b"User-agent", "/a")
    assert is_allowed(b"User-agent: *\n" + b"#" * MAX_BYTES + b"\nDisallow: /", "/a"), "only 500 KiB are read"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, False),
        (301, True),
        (404, True),
        (403, True),
        (410, True),
        (429, False),
        (500, False),
        (503, False),
        (None, False),
    ],
)
def test_statuses(status: int | None, expected: bool) -> None:
    assert allowed(b"User-agent: *\nDisallow: /", status, "http://h.example/a", AGENT) is expected


def test_crawl_delays_are_their_group_s() -> None:
    robots = b"User-agent: depesche\nCrawl-delay: 2.5\nUser-agent: *\nDisallow: /\nCrawl-delay: 9"
    assert (crawl_delay(robots, AGENT), crawl_delay(robots, "Andere/1")) == (2.5, 9.0)
    assert is_allowed(robots, "/a"), "the delay stands for a group of its own"
    assert crawl_delay(b"User-agent: *\nCrawl-delay: -1\nCrawl-delay: bald\nCrawl-delay: nan", AGENT) is None


def test_hostile_patterns_take_no_time() -> None:
    began = time.perf_counter()
    assert is_allowed("User-agent: *\nDisallow: /" + "*a" * 200_000, "/" + "a" * 3000)
    assert is_allowed("User-agent: *\nDisallow: /" + "%41%" * 100_000, "/" + "a" * 3000)
    assert is_allowed("User-agent: " + "a" * 500_000, "/")
    assert time.perf_counter() - began < 1
