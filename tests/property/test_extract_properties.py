"""Whatever the bytes, extraction gives an article or a reject, and the same one again."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.build import page
from tests.encoding import assert_encodable
from transforms.elements import Article, Reject
from transforms.extract.address import canonical_address, normalized_address, site_of
from transforms.extract.article import extract_article
from transforms.extract.people import people_of
from transforms.extract.plain import paragraphs_of_text

MARKS = (
    "<html>|<head>|<title>|</title>|<body>|<h1>|</h1>|<p>|</p>|<div>|</div>|<br>|<figcaption>|<svg>|"
    "<time datetime='2026-03-04'>|"
    "<meta property='og:title' content='A - B'>|<meta name=author content='By A B'>|"
    "<script type='application/ld+json'>|"
    '{"@type":"NewsArticle","headline":|"x"}|</script>|<!--|-->|<table><tr><td>|<li>|&#0;|&#xD800;|&nbsp;|'
    "Der neue Kai am Hafen ist am Montag fertig geworden. |4. März 2026|\ufffe|\u2028|\x00|<p itemprop=datePublished>"
)
PIECES = MARKS.split("|")
PAGES = st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=30).map(
    lambda parts: "".join(parts).encode("utf-8", "surrogatepass")
)
BODIES = PAGES | st.binary(max_size=120)
MARKUPS = st.sampled_from(("html", "fragment", "text"))
TYPES = st.sampled_from(("", "text/html; charset=utf-8", "text/html; charset=utf-16", "text/html;charset=gb2312", "a"))


@settings(max_examples=250)
@given(BODIES, MARKUPS, TYPES)
def test_any_bytes(body: bytes, markup: str, content_type: str) -> None:
    one = page(body, markup=markup, content_type=content_type, url="https://a.example/x")
    found = extract_article(one)
    assert isinstance(found, Article | Reject)
    assert found == extract_article(one)
    assert_encodable(found)
    if isinstance(found, Article):
        assert found.paragraphs
        assert all(line and line == line.strip() and "\n" not in line for line in found.paragraphs)


@given(st.text(st.sampled_from("Kai am-\n\r\t Hafen.und"), max_size=400))
def test_plain_text_loses_and_invents_nothing(text: str) -> None:
    kept = "".join("".join(paragraphs_of_text(text)).split())
    letters = iter("".join(text.split()))
    assert all(letter in letters for letter in kept), "the kept letters are a subsequence of the text's"
    assert kept.replace("-", "") == "".join(text.split()).replace("-", "")


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_address(url: str, declared: str) -> None:
    for address in (url, f"https://{url}", f"http://a.example/{url}"):
        once = normalized_address(address)
        assert once is None or normalized_address(once) == once
        site_of(canonical_address(address, declared))


@given(st.text(max_size=120))
def test_any_byline(text: str) -> None:
    assert all(name and name == name.strip() for name in people_of(text))
