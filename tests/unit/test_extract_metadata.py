"""What a page says about its article: titles, times, people, addresses."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from transforms.extract.address import absolute_address, canonical_address, normalized_address, site_of
from transforms.extract.metadata import PageMetadata, page_metadata
from transforms.extract.parse import parse_page
from transforms.extract.people import people_of
from transforms.instants import iso

URL = "https://www.blatt.example/hafen/kai"
READ_AT = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)


def ld(**fields: Any) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle"} | fields)}</script>'


def meta(**names: str) -> str:
    return "".join(f'<meta property="{name.replace("__", ":")}" content="{value}">' for name, value in names.items())


def said(head: str, body: str = "", url: str | None = URL) -> PageMetadata:
    tree = parse_page(f"<html><head>{head}</head><body>{body}<p>Text</p></body></html>")
    assert tree is not None
    return page_metadata(tree, READ_AT, url)


SITE = meta(og__site_name="Das Blatt")


@pytest.mark.parametrize(
    ("head", "body", "title", "origin"),
    [
        (ld(headline="Der Kai"), "<h1>Ganz anders</h1>", "Der Kai", "json-ld"),
        (ld(headline="A &amp; B"), "", "A & B", "json-ld"),
        (SITE + meta(og__title="Der Kai | Das Blatt"), "", "Der Kai", "meta og:title"),
        (SITE + meta(og__title="Das Blatt: Der Kai"), "", "Das Blatt: Der Kai", "meta og:title"),
        (SITE + meta(og__title="Das Blatt - Der Kai"), "", "Der Kai", "meta og:title"),
        (meta(og__title="Der Kai – blatt.example"), "", "Der Kai", "meta og:title"),
        (meta(og__title="Der Kai | Hafen | 04.03.2026"), "<h1>Der Kai</h1>", "Der Kai", "meta og:title"),
        (meta(og__title="Der Kai - fertig"), "", "Der Kai - fertig", "meta og:title"),
        (meta(og__title="Kai fertig: alle Bilder"), "<h1>Der Kai ist fertig</h1>", "Der Kai ist fertig", "h1"),
        (meta(og__title="Der Kai"), "<h1>Unser Newsletter</h1>", "Der Kai", "meta og:title"),
        ("<title>Der Kai</title>", "", "Der Kai", "title element"),
        ("", "<h1>Der <i>Kai</i></h1>", "Der Kai", "h1"),
        ("<title> </title>", "<h1></h1>", None, None),
        (
            ld(headline="Der neue Kai am Nordhafen ist fertig und..."),
            "<h1>Der neue Kai am Nordhafen ist fertig und offen</h1>",
            "Der neue Kai am Nordhafen ist fertig und offen",
            "h1",
        ),
    ],
)
def test_titles(head: str, body: str, title: str | None, origin: str | None) -> None:
    found = said(head, body)
    assert (found.title, dict(found.origins).get("title")) == (title, origin)


@pytest.mark.parametrize(
    ("head", "body", "instant", "precision", "origin"),
    [
        (ld(datePublished="2026-03-04T05:06:07+01:00"), "", "2026-03-04T04:06:07Z", "second", "json-ld"),
        (
            meta(article__published_time="2026-03-04T05:06Z"),
            "",
            "2026-03-04T05:06:00Z",
            "minute",
            "meta article:published_time",
        ),
        (
            ld(datePublished="2026-03-04 05:06:07.0") + meta(date="2026-03-04T05:06:07+01:00"),
            "",
            "2026-03-04T04:06:07Z",
            "second",
            "meta date",
        ),
        (ld(datePublished="2026-03-04 05:06:07"), "", "2026-03-04T05:06:07Z", "second", "json-ld"),
        (
            ld(datePublished="2026-03-04") + meta(date="2026-03-05T05:06:07Z"),
            "",
            "2026-03-04T00:00:00Z",
            "day",
            "json-ld",
        ),
        (
            ld(datePublished="03/04/2026 5:06 AM") + meta(date="2026-03-04T05:06:07Z"),
            "",
            "2026-03-04T05:06:07Z",
            "second",
            "meta date",
        ),
        ("", '<i itemprop="datePublished" content="2026-03-04T05:06Z">', "2026-03-04T05:06:00Z", "minute", "microdata"),
        ("", '<time datetime="2026-03-04">gestern</time>', "2026-03-04T00:00:00Z", "day", "time element"),
        ("", "<h1>Kai</h1><p>4. März 2026, 05:06 Uhr</p>", "2026-03-04T00:00:00Z", "day", "line beside the headline"),
        ("", "<h1>Kai</h1><p>2026. 03. 04. 11:27</p>", "2026-03-04T00:00:00Z", "day", "line beside the headline"),
        ("", "<i>04.03.2026</i><h1>Kai</h1>", "2026-03-04T00:00:00Z", "day", "line beside the headline"),
        (
            "",  # the dates of teasers far below the headline are not the article's
            "<i>04.03.2026</i><h1>Kai</h1>" + "<p>Kran</p>" * 30 + "<i>01.02.2026</i>",
            "2026-03-04T00:00:00Z",
            "day",
            "line beside the headline",
        ),
        (
            "",  # nor is the day of the visit, above everything else
            "<i>05.06.2026</i><p>Start</p><p>Kai</p><h1>Kai</h1>" + "<p>Kran</p>" * 30 + "<i>04.03.2026</i>",
            "2026-03-04T00:00:00Z",
            "day",
            "line beside the headline",
        ),
        (ld(datePublished="2027-01-01T00:00:00Z"), "", None, None, None),
        ("", "<footer>© 2026 Blatt</footer>", None, None, None),
    ],
)
def test_times(head: str, body: str, instant: str | None, precision: str | None, origin: str | None) -> None:
    found = said(head, body)
    assert (iso(found.published_at), found.published_precision) == (instant, precision)
    assert dict(found.origins).get("published_at") == origin


def test_the_day_in_the_address() -> None:
    found = said("", url="https://blatt.example/2026/3/4/kai")
    assert (iso(found.published_at), found.published_precision) == ("2026-03-04T00:00:00Z", "day")
    assert said("", url="https://blatt.example/2026/13/44/kai").published_at is None


def test_a_stated_time_spares_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    def search(*_: object, **__: object) -> str:
        raise AssertionError("searched")

    monkeypatch.setattr("transforms.extract.publication.find_date", search)
    assert said(ld(datePublished="2026-03-04")).published_at


@pytest.mark.parametrize(
    ("string", "names"),
    [
        ("Ada Berg", ["Ada Berg"]),
        ("By Ada Berg and Tom Kirsch", ["Ada Berg", "Tom Kirsch"]),
        ("Von Ada Berg und Jan van der Meer", ["Ada Berg", "Jan van der Meer"]),
        ("Ada Berg, Tom Kirsch, and Eva Rot", ["Ada Berg", "Tom Kirsch", "Eva Rot"]),
        ("Ada Berg, blatt.example", ["Ada Berg"]),
        ("Ada Berg | Das Blatt", ["Ada Berg"]),
        ("Hafen und Meer Redaktion", ["Hafen und Meer Redaktion"]),
        ("dpa", ["dpa"]),
        ("松岡大地", ["松岡大地"]),
        (", The Paper", []),
        ("https://a.example/ada", []),
        ("", []),
        ("x" * 1_000_000, []),
    ],
)
def test_people(string: str, names: list[str]) -> None:
    assert people_of(string) == names


def test_the_site_is_no_author() -> None:
    byline = '<a rel="author" href="/ada">Ada Berg</a>'
    found = said(SITE + ld(author=[{"name": "DAS BLATT"}]) + meta(author="www.blatt.example"), byline)
    assert (found.authors, dict(found.origins)["authors"]) == (("Ada Berg",), "byline")
    assert said(ld(author=["Ada Berg", {"name": ["Tom Kirsch"]}, 7])).authors == ("Ada Berg", "Tom Kirsch")


@pytest.mark.parametrize("wrong", [None, True, 7, 1e99, [], {}, [[]], [{}], {"name": {}}, {"@id": []}, {"url": [7]}])
def test_json_ld_with_wrong_types(wrong: Any) -> None:
    names = "headline datePublished dateModified author articleSection keywords image url mainEntityOfPage license"
    found = said(ld(**dict.fromkeys([*names.split(), "publisher", "isAccessibleForFree", "description"], wrong)))
    assert (found.title, found.published_at, found.authors, found.tags) == (None, None, (), ())


@pytest.mark.parametrize(
    "script",
    [
        '<!-- {"@type": "NewsArticle", "headline": "Der Kai"} -->',
        '//<![CDATA[\n{"@type": "NewsArticle", "headline": "Der Kai"}\n//]]>',
        '[{"@type": "WebSite"}, {"@type": ["Thing", "https://schema.org/NewsArticle"], "headline": "Der Kai",}];',
        '{"@graph": [{"@type": "WebPage", "mainEntity": {"@type": "LiveBlogPosting", "headline": "Der\tKai"}}]}',
    ],
)
def test_json_ld_as_it_is_found(script: str) -> None:
    assert said(f'<script type="Application/LD+JSON; charset=utf-8">{script}</script>').title == "Der Kai"


@pytest.mark.parametrize(
    "script",
    [
        '[{"@graph":' * 50_000,
        '{"@type":' + "[" * 900 + "]" * 900 + "}",
        '{"a": 1}-->' + " " * 300_000 + "x",
        '{"a": "' + "x" * 3_000_000 + '"}',
        "[" + '{"@type": "NewsArticle"},' * 50_000 + "{}]",
    ],
    ids=["deep", "deep type", "spaces", "huge", "many"],
)
def test_hostile_json_ld(script: str) -> None:
    start = time.perf_counter()
    said(f'<script type="application/ld+json">{script}</script>')
    assert time.perf_counter() - start < 5


def test_many_tags_and_headings_take_no_long_time() -> None:
    start = time.perf_counter()
    found = said("".join(meta(article__tag=f"Schlagwort {n}") for n in range(20_000)), "<h1>Kai" * 1000 + "x " * 9999)
    assert len(found.tags) == 50
    assert time.perf_counter() - start < 15


def test_section_image_and_rights() -> None:
    head = meta(article__section="Hafen", og__image="/bild.jpg", robots="noai", article__content_tier="locked")
    found = said(head + '<meta name="tdm-reservation" content="1"><link rel="license" href="https://l.example/by">')
    assert (found.section, found.image, found.paywalled) == ("Hafen", "https://www.blatt.example/bild.jpg", True)
    assert (found.rights.license, found.rights.robots, found.rights.tdm_reservation) == (
        "https://l.example/by",
        "noai",
        True,
    )


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTPS://Blatt.example:443/a?utm_source=x&b=2&a=1#c", "https://blatt.example/a?a=1&b=2"),
        ("http://blatt.example:8080/ä", "http://blatt.example:8080/%C3%A4"),
        ("https://blatt.example/?id=7&fbclid=x", "https://blatt.example/?id=7"),
        ("ftp://blatt.example/", None),
        ("https://blatt.example:99999999/", None),
        ("http://[::1", None),
        ("https://" + "a." * 2000 + "example", None),
    ],
)
def test_normalized_addresses(url: str, expected: str | None) -> None:
    assert normalized_address(url) == expected


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("/hafen/kai-7", "https://www.blatt.example/hafen/kai-7"),
        ("https://m.blatt.example/kai", "https://m.blatt.example/kai"),
        ("https://andere.example/kai", URL),
        ("https://www.blatt.example/", URL),
        ("http://[", URL),
        (None, URL),
    ],
)
def test_a_declared_address_must_stay_on_the_site(declared: str | None, expected: str) -> None:
    assert canonical_address(URL, declared) == expected


def test_sites_and_pictures() -> None:
    assert site_of("https://a.b.blatt.co.uk/x") == "blatt.co.uk"
    assert site_of("http://127.0.0.1/x") == "127.0.0.1"
    assert site_of("http://[::1/") is None
    assert absolute_address("//cdn.example/a.jpg", URL) == "https://cdn.example/a.jpg"
    assert absolute_address("data:image/png;base64,xx", URL) is None
