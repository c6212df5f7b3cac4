"""The title of an article, out of the several that its page gives."""

from __future__ import annotations

import re
from itertools import islice
from typing import NamedTuple

from transforms.extract.characters import one_line
from transforms.extract.jsonld import ArticleData
from transforms.extract.parse import Element, text_of

MAX_CHARS = 1000
_MAX_HEADINGS = 20
_SEPARATOR = re.compile(r" (?:[|•·–—:-]|--) | ?[|ㅣ] ?")
_ELLIPSIS = re.compile(r" ?(?:\.\.\.|…)\Z")
_WORD = re.compile(r"\w+")
_DATE = re.compile(r"[0-9./ -]{6,12}\Z")
# How much of its words a heading must share with the page's other titles to be the article's and not the site's.
_MIN_SHARED = 0.2
_MIN_HEADLINE = 15


class Title(NamedTuple):
    """A title, and which part of the page said it; both None where nothing did."""

    text: str | None
    origin: str | None


def page_title(tree: Element, data: ArticleData, meta: dict[str, str], sites: frozenset[str]) -> Title:
    """The publisher's headline, without the site's name.

    JSON-LD is believed first, unless another place gives the same without a kicker before it. A page without it shows
    its headline in the ``h1`` that resembles ``og:title`` or the title element: those two are often written for search
    engines. A title that was cut off (``…``) is completed from another place that begins alike.

    Args:
        tree: the page.
        data: its JSON-LD.
        meta: its meta tags.
        sites: names of the site as `site_names` folds them.
    """
    headings = _headings(tree)
    shown = next((_bounded(text_of(element)) for element in tree.iter("title")), "")
    given = [(data.title, "json-ld"), (meta.get("og:title"), "meta og:title"), (shown, "title element")]
    said = [Title(_without_site(text[:MAX_CHARS], sites, headings), origin) for text, origin in given if text]
    if not said:
        return Title(headings[0], "h1") if headings else Title(None, None)
    if data.title:
        title = _without_kicker(said[0], said[1:])
        return _completed(title, [*(Title(text, "h1") for text in headings), *said[1:]])
    reference = said[0].text or ""
    heading = max(headings, key=lambda text: _likeness(text, reference), default="")
    # Equal words in another typography: the one that was made for machines is kept.
    return Title(heading, "h1") if _MIN_SHARED <= _likeness(heading, reference) < 1 else said[0]


def site_names(*names: str | None) -> frozenset[str]:
    """Names of a site, folded for comparison: letters and digits only, a domain with and without its suffix."""
    folded: set[str] = set()
    for name in names:
        if name:
            folded |= {_fold(name), _fold(name.rsplit(".", 1)[0])}
    return frozenset(folded - {""})


def is_site_name(text: str, sites: frozenset[str]) -> bool:
    """Whether ``text`` is one of the folded names, also as a domain (``www.zeitung.example``)."""
    bare = text.strip().removeprefix("www.")
    return not sites.isdisjoint((_fold(bare), _fold(bare.rsplit(".", 1)[0])))


def _headings(tree: Element) -> list[str]:
    outer = (element for element in tree.iter("h1") if next(element.iterancestors("h1"), None) is None)
    texts = (_bounded(text_of(element)) for element in islice(outer, _MAX_HEADINGS))
    return [text for text in texts if text]


def _bounded(text: str) -> str:
    return one_line(text[: 10 * MAX_CHARS])[:MAX_CHARS].rstrip()


def _without_site(title: str, sites: frozenset[str], headings: list[str]) -> str:
    """Cut parts at either end that name the site or a date, and what stands beside a part that is also an ``h1``."""
    for _ in range(3):
        cuts = list(_SEPARATOR.finditer(title))
        if not cuts:
            break
        head, tail = title[: cuts[-1].start()], title[cuts[-1].end() :]
        first, rest = title[: cuts[0].start()], title[cuts[0].end() :]
        if head and (is_site_name(tail, sites) or _DATE.match(tail) or head in headings):
            title = head
        elif rest and (is_site_name(first, sites) or rest in headings):
            title = rest
        else:
            break
    return title.strip()


def _without_kicker(title: Title, others: list[Title]) -> Title:
    """The title, or another one that it ends with after a colon."""
    for other in others:
        text = other.text or ""
        if (title.text or "").endswith(f": {text}") and len(text) >= _MIN_HEADLINE:
            return other
    return title


def _completed(title: Title, others: list[Title]) -> Title:
    start = _ELLIPSIS.sub("", title.text or "")
    if start == title.text or len(start) < 20:
        return title
    for other in others:
        text = other.text or ""
        if text.startswith(start) and len(text) > len(start) and not _ELLIPSIS.search(text):
            return other
    return title


def _likeness(one: str, other: str) -> float:
    """Shared part of two texts' words (Jaccard)."""
    first, second = set(_WORD.findall(one.casefold())), set(_WORD.findall(other.casefold()))
    return len(first & second) / max(len(first | second), 1)


def _fold(text: str) -> str:
    return "".join(_WORD.findall(text.casefold())).replace("_", "")
