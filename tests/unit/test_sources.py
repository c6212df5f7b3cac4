"""The sources file: every mistake at once with its line, and values that arrive as written."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import UsageError
from pipeline.marked_yaml import Problem
from pipeline.sources import (
    MAX_FILE_BYTES,
    SourcesFile,
    load,
    override,
    problems_text,
    read_sources,
    summary_text,
)
from pipeline.values import checked_address, checked_pattern, parse_interval, shown_duration
from transforms.elements import Source
from transforms.fetch.policy import FetchPolicy

SEEDS = Path(__file__).parents[2] / "seeds" / "sources.yaml"
SMALL = """\
version: 1
contact: mailto:desk@kurier.example
sources:
  - name: kurier
    kind: feed
    url: https://kurier.example/rss.xml
"""
FULL = """\
version: 1
contact: https://kurier.example/bot
fetch:
  per_host_delay: 500ms
  timeout: 1m
  max_bytes: 2MiB
  max_redirects: 0
  retries: 7
  respect_robots: false
  allow_private: true
sources:
  - name: Öffentlicher Kurier
    kind: page
    url: ["https://bücher.example/ä?x=1#top", "http://127.0.0.1:8080/", "https://[::1]/"]
    follow: false
    every: 1.5h
    limit: 20
    max_age: 7d
    include: ["/politik/", '/(de|en)/\\d+']
    exclude: []
"""
BAD = """\
version: 2
contact: bot@kurier.example
fetch:
  per_host_delay: 1
  timeout: -5s
  max_bytes: 10 megabytes
  max_redirects: true
  retries: "3"
  respect_robots: yes
  allow_privat: false
  timeout: 20s
limit: 5
sources:
  - name: anzeiger
    kind: rss
    url: anzeiger.example/rss.xml
  - name: bote
    kind: feed
    url: ftp://bote.example/feed
    evry: 5m
  - name: anzeiger
    kind: feed
    url: https://reader:secret@kurier.example/feed
    every: 5s
    limit: 0
    include: "/politik/"
  - kind: sitemap
    url: https://kurier.example:99999/news.xml
    follow: false
    max_age: 7
    exclude: ["/video/", "(", "(a+)+$"]
  - name: 2026
    kind: feed
    url:
      - https://a.example/
      - https://b .example/
    follow: nein
  - name: off
    kind: page
    url: []
    limit:
    include: [/a/, [x]]
    timeout: 3s
  - just a word
  - &one
    name: drei
    kind: page
    url: ["https:///x", "https://300.1.1.1/"]
  - *one
"""
MISTAKES = [
    (1, "version '2': this release reads version 1"),
    (2, "write it as 'mailto:bot@kurier.example'"),
    (4, "per_host_delay '1': give a duration"),
    (5, "timeout '-5s': give a duration"),
    (6, "max_bytes '10 megabytes': give a size"),
    (7, "max_redirects 'true': give a whole number"),
    (8, "retries '3': give a whole number, without quotes"),
    (9, "respect_robots 'yes': write true or false"),
    (10, "did you mean 'allow_private'?"),
    (11, "doubled key 'timeout', first on line 5"),
    (12, "unknown key 'limit' here; it belongs in a source"),
    (15, "kind 'rss': give one of feed, sitemap, opml, page, archive; RSS"),
    (16, "did you mean 'https://anzeiger.example/rss.xml'?"),
    (19, "give an address that begins with https://"),
    (20, "did you mean 'every'?"),
    (21, "doubled name 'anzeiger', first on line 14"),
    (23, "'https://…@kurier.example/feed': no user name or password"),
    (24, "every '5s': give 10s or more"),
    (25, "limit '0': give a whole number of 1 or more"),
    (26, "include '/politik/': give a list"),
    (27, "a source without a name"),
    (28, "Port out of range"),
    (29, "follow false leaves nothing to read of a sitemap"),
    (30, "max_age '7': give a duration"),
    (31, "exclude '(': no regular expression"),
    (31, "exclude '(a+)+$': a repeat of nothing but repeats can take forever"),
    (32, "name '2026': YAML takes it for a number; put it in quotes"),
    (35, "url is a list, which only pages have"),
    (36, "no address holds a space"),
    (37, "follow 'nein': give true or false"),
    (38, "name 'off': YAML takes it for true or false; put it in quotes"),
    (40, "url is an empty list"),
    (41, "limit has no value"),
    (42, "include holds a list; give one value"),
    (43, "unknown key 'timeout' here; it belongs below fetch:"),
    (44, "a source holds no KEY: VALUE lines"),
    (48, "'https:///x': give an address"),
    (48, "'300.1.1.1' is no host"),
    (49, "aliases such as '*one' are not taken"),
]


def problems(content: str | bytes) -> tuple[Problem, ...]:
    found = read_sources(content.encode("utf-8") if isinstance(content, str) else content)
    assert not isinstance(found, SourcesFile), "no mistake was found"
    return found


def sources(content: str) -> SourcesFile:
    found = read_sources(content.encode("utf-8"))
    assert isinstance(found, SourcesFile), problems_text("sources.yaml", found)
    return found


def test_every_mistake_at_once_with_its_line() -> None:
    found = problems(BAD)
    assert [line for line, _ in found] == [line for line, _ in MISTAKES]
    for (_, message), (line, part) in zip(found, MISTAKES, strict=True):
        assert part in message, f"line {line}"
    assert "secret" not in problems_text("", found), "a password reached the messages, which end in logs"


def test_values_arrive() -> None:
    found = sources(FULL)
    agent = found.fetch.user_agent
    assert agent.startswith("Depesche")
    assert agent.endswith(" (+https://kurier.example/bot)")
    assert found.fetch == FetchPolicy(agent, 0.5, 60.0, 2 * 2**20, 0, 7, False, True)
    assert found.sources == (
        Source(
            name="Öffentlicher Kurier",
            kind="page",
            urls=("https://bücher.example/ä?x=1", "http://127.0.0.1:8080/", "https://[::1]/"),
            follow=False,
            every_s=5400.0,
            limit=20,
            max_age_s=604_800.0,
            include=("/politik/", r"/(de|en)/\d+"),
            exclude=(),
        ),
    )


def test_what_is_left_out_has_the_defaults() -> None:
    found = sources(SMALL)
    assert found.fetch == FetchPolicy(found.fetch.user_agent)
    assert found.sources == (Source("kurier", "feed", ("https://kurier.example/rss.xml",)),)
    empty = SMALL.replace("sources:", "fetch:\n  # timeout: 20s\nsources:")
    assert sources(empty) == found, "a fetch part whose lines are all commented out"
    assert sources("\ufeff" + SMALL.replace("\n", "\r\n")) == found, "a file from Windows"


@pytest.mark.parametrize(
    ("content", "line", "part"),
    [
        ("", 1, "holds nothing"),
        ("# nothing\n", 1, "holds nothing"),
        ("- a\n", 1, "the file holds no KEY: VALUE lines"),
        (SMALL.replace("    kind", "\tkind"), 5, "a tab"),
        (SMALL.replace("kurier\n", "Kurier: Nord\n"), 4, "put text that holds a colon"),
        (SMALL.replace("    kind", "   kind"), 5, "not YAML"),
        (SMALL.replace("https://kurier.example/rss.xml", "[https://kurier.example/"), 7, "not YAML"),
        (SMALL + "---\n" + SMALL, 7, "not YAML"),
        (SMALL.replace("contact: mailto:desk@kurier.example\n", ""), 1, "contact is missing"),
        (SMALL.replace("mailto:desk@kurier.example", "https://example.org/(bot)"), 2, "without brackets"),
        (SMALL.replace("mailto:desk@kurier.example", "nobody"), 2, "give an address"),
        (SMALL.replace("version: 1\n", ""), 1, "version is missing"),
        (SMALL.replace("version: 1", "version: '1'"), 1, "without quotes"),
        (SMALL[: SMALL.index("  - ")], 3, "sources holds no list"),
        (SMALL[: SMALL.index("sources")], 1, "sources is missing"),
        (SMALL.replace("feed", "{feed: x}"), 5, "kind holds keys"),
        (SMALL.replace("name: kurier", "? [name]\n    : kurier"), 4, "a key is one word"),
        (SMALL.replace("kurier\n", '"a\\tb"\n'), 4, "printable"),
        (SMALL.replace("kurier\n", '"\\UFFFFFFFF"\n'), 4, "out of range"),
        (SMALL.replace("kurier\n", "!!python/object:os.system x\n"), 4, "name 'x': YAML takes it for !!"),
        (SMALL.replace("kurier\n", "a\0b\n"), 4, "U+0000"),
        (SMALL.encode().replace(b"kurier\n", b"K\xfcrier\n"), 4, "not UTF-8"),
        (SMALL.encode("utf-16"), 1, "not UTF-8"),
    ],
)
def test_one_mistake(content: str | bytes, line: int, part: str) -> None:
    assert [found.line for found in problems(content) if part in found.message] == [line], problems(content)


def test_hostile_files_end_soon() -> None:
    laughs = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
    )
    started_at = time.monotonic()
    assert any("aliases" in message for _, message in problems(laughs))
    assert "nested too deeply" in problems("[" * 100_000)[0].message
    assert "nested too deeply" in problems("- " * 100_000)[0].message
    assert "longer than" in problems(b"#" * (MAX_FILE_BYTES + 1))[0].message
    for key in ("name", "every", "limit", "url", "include", "x" * 300_000):
        long = problems(SMALL + f'    {key}: "{"x" * 300_000}"\n') + problems(SMALL + f"    max_age: {{{key}: 1}}\n")
        assert max(len(message) for _, message in long) < 300, f"{key[:9]}: a message repeats the whole value"
    assert time.monotonic() - started_at < 10


@pytest.mark.parametrize(
    "address",
    [
        "https://kurier.example",
        "http://localhost:8000/feed",
        "HTTPS://Kurier.Example/Feed?x=a%20b&y=[1]",
        "https://müller-straße.example./",
        "https://xn--mller-kva.example/",
        "https://a_b.example/",
        "http://192.0.2.7/",
    ],
)
def test_addresses(address: str) -> None:
    assert checked_address(address, "url") == address


@pytest.mark.parametrize(
    "address",
    [
        "", "kurier", "//kurier.example/", "https:kurier.example", "https://", "https://:80/", "https://a:b/",
        "https://a:0/", "https://a:-1/", "https://a b/", "https://a\\b/", "https://-a.example/", "https://.example/",
        "https://a%2eb/", "https://@a/", "https://[fe80::1%25eth0]/", "https://[kurier]/", "https://1.2.3/",
        "javascript:alert(1)", "file:///etc/hosts", "feed://a.example/", "https://" + "a" * 64 + ".example/",
        "https://a.example/" + "x" * 2048, "https://a.example/\n", "https://a.example/\udc00",
    ],
)  # fmt: skip
def test_no_addresses(address: str) -> None:
    with pytest.raises(UsageError, match=r"^url "):
        checked_address(address, "url")


def test_durations() -> None:
    written = {"500ms": 0.5, "1s": 1, "1.5h": 5400, "5m": 300, "2h": 7200, "7d": 604_800, " 3 s ": 3}
    assert {text: parse_interval(text, "every") for text in written} == written
    for text in ("", "1", "0s", "-1s", "1 week", "1h30m", "1e3s", "inf", "nan", "9" * 12 + "d", "9" * 5000 + "s"):
        with pytest.raises(UsageError, match="every"):
            parse_interval(text, "every")
    assert [shown_duration(seconds) for seconds in (0.5, 90.0, 300.0, 7200.0, 604_800.0)] == [
        "0.5s", "90s", "5m", "2h", "7d",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "pattern",
    [r"(a+)+$", r"(\w+\s?)+", "(.*)*", "(?:a|b+)*c", "((a*))+", "(a*b?){20}", "(?=(a+)+)b", r"(?P<x>\d+){16,}", "[[a]",
     "(?(1)", "a{999999999999}", "(" * 400 + ")" * 400, "a" * 1001],
)  # fmt: skip
def test_refused_patterns(pattern: str) -> None:
    with pytest.raises(UsageError, match=r"^include "):
        checked_pattern(pattern, "include")


@pytest.mark.parametrize(
    "pattern",
    ["", "/politik/", r"(/[^/]+)+\.html$", r"/\d{4}/\d{2}/", r"^https://(www\.)?kurier\.example/(de|en)/", "(?>a+)+",
     "(?:a++)+", "([a-z]+-)+[0-9]+", "(a{1,3})+", "(?:-{1,2}[a-z]+)+", r"(?:[?&][a-z]+=\w*)*$", "(a)(?(1)b+|c)",
     "(?i)/Ünal/"],
)  # fmt: skip
def test_taken_patterns(pattern: str) -> None:
    assert checked_pattern(pattern, "include") == pattern


def test_options_override_the_file() -> None:
    found = override(
        sources(FULL),
        user_agent="ExampleBot/2.0 (+https://kurier.example/bot)",
        per_host_delay="2s",
        timeout="90s",
        max_bytes="5MB",
        max_redirects="1",
        retries="0",
        respect_robots="true",
        allow_private="false",
    )
    assert found.fetch == FetchPolicy(
        "ExampleBot/2.0 (+https://kurier.example/bot)", 2.0, 90.0, 5_000_000, 1, 0, True, False
    )
    assert found.sources == sources(FULL).sources
    assert override(found) == found


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("per_host_delay", "2"),
        ("timeout", "0s"),
        ("max_bytes", "much"),
        ("max_redirects", "-1"),
        ("retries", "1000"),
        ("respect_robots", "yes"),
        ("allow_private", ""),
        ("user_agent", ""),
        ("user_agent", "Bot/1\r\nX: y"),
        ("user_agent", "(nobody)"),
    ],
)
def test_bad_options_are_named(option: str, text: str) -> None:
    with pytest.raises(UsageError, match="^--" + option.replace("_", "-")):
        override(sources(SMALL), **{option: text})


def test_load_names_file_line_and_number_of_mistakes(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SMALL, "utf-8")
    assert load(path) == sources(SMALL)
    path.write_text(SMALL.replace("feed", "fed").replace("version: 1", "version: 3"), "utf-8")
    with pytest.raises(UsageError) as caught:
        load(path)
    first, *rest = str(caught.value).splitlines()
    assert first == f"{path}: 2 mistakes"
    assert [line.startswith(f"{path}:{number}: ") for line, number in zip(rest, (1, 5), strict=True)] == [True, True]
    for missing in (tmp_path, tmp_path / "none.yaml", Path("a\0b")):
        with pytest.raises(UsageError, match="cannot be read"):
            load(missing)


def test_the_list_that_comes_with_the_project_has_no_mistake() -> None:
    found = load(SEEDS)
    assert len(summary_text(found).splitlines()) == len(found.sources) >= 30
    assert {source.kind for source in found.sources} >= {"feed", "sitemap"}
    assert len({url for source in found.sources for url in source.urls}) == len(found.sources), "an address twice"
    assert any(source.include for source in found.sources)
    assert any(source.exclude for source in found.sources)
    assert any(source.max_age_s for source in found.sources)
    assert any(source.limit for source in found.sources)


PIECES = [
    "version: 1\n", "contact: mailto:a@b.example\n", "sources:\n", "  - name: a\n", "    kind: feed\n", "    url: ",
    "https://a.example/\n", "    include: [", "]", "fetch:\n", "  timeout: 3s\n", "  retries: 3\n", "{", "}", "- ",
    "? ", ": ", "&a ", "*a", "<<: ", "!!int ", "!<x> ", "|\n", ">-\n", "'", '"', "\\ud800", "\\U00110000", "\t", "\r",
    "\x85", "%", "%YAML 1.1\n", "---\n", "...\n", "null", "~", "yes", "0x1F", "1:30", "1e3", ".inf", "2026-03-01",
    "#", "\u2028", "\ufeff",
]  # fmt: skip
FILES = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=25).map(
    lambda pieces: "".join(pieces).encode("utf-8", "surrogatepass")
)
EDITS = st.tuples(st.integers(0, len(FULL)), st.integers(0, 30), st.sampled_from(PIECES) | st.text(max_size=3)).map(
    lambda edit: (FULL[: edit[0]] + edit[2] + FULL[edit[0] + edit[1] :]).encode("utf-8", "surrogatepass")
)


@settings(max_examples=500, deadline=None)
@given(FILES | EDITS | st.binary(max_size=60))
def test_any_bytes_give_a_file_or_problems(content: bytes) -> None:
    found = read_sources(content)
    assert found == read_sources(content)
    if isinstance(found, SourcesFile):
        summary_text(found).encode("utf-8")
        return
    assert found
    problems_text("sources.yaml", found).encode("utf-8")
    last = content.count(b"\n") + content.count(b"\r") + content.count(b"\xc2\x85") + content.count(b"\xe2\x80") + 1
    assert all(1 <= line <= last and message and "\n" not in message for line, message in found)
