"""Who wrote an article, as names of people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from transforms.extract.characters import one_line
from transforms.extract.headline import is_site_name
from transforms.extract.jsonld import ArticleData
from transforms.extract.parse import Element

MAX_CHARS = 200
_MAX_NAMES = 30
_META = ("author", "article:author", "dc.creator", "parsely-author", "sailthru.author", "byl")
_BY = re.compile(r"(?:(?:by|von|por|par|door|av|przez):? |(?:text|autor|autorin|author|foto): )", re.I)
_ROLE = re.compile(r" ?\| ?")
_AND = re.compile(r" (?:and|und|et|y|e|och|og|en|&) | ?; ?|, ?(?:and |und )?|/")
_NAME = re.compile(r"[^\W\d_][\w.'’ʼ-]*\Z")
_SMALL = frozenset(
    [
        "de",
        "da",
        "del",
        "der",
        "den",
        "di",
        "do",
        "dos",
        "du",
        "la",
        "le",
        "van",
        "von",
        "vom",
        "zu",
        "zur",
        "af",
        "av",
        "al",
        "bin",
        "ibn",
        "ben",
        "el",
        "e",
        "y",
    ]
)
_CLASSES = frozenset(("author-name", "byline", "author"))


class Authors(NamedTuple):
    """Names in the page's order, and which part of it said them."""

    names: tuple[str, ...]
    origin: str | None


def page_authors(tree: Element, data: ArticleData, meta: dict[str, str], sites: frozenset[str]) -> Authors:
    """The authors by JSON-LD, else by meta tags, else as shown (``rel=author``, microdata, a byline).

    The site itself is no author. A list in one string is split where each part looks like a person's name; what
    follows a name (place, role, company) is cut.
    """
    sources: list[tuple[str, Iterable[str]]] = [
        ("json-ld", data.authors),
        ("meta", (meta[name] for name in _META if name in meta)),
        *(("byline", _texts(found)) for found in _marked(tree)),
    ]
    for origin, strings in sources:
        names: dict[str, None] = {}
        for string in strings:
            for name in people_of(string):
                if not is_site_name(name, sites) and (origin != "byline" or is_person_name(name)):
                    names.setdefault(name)
            if names and origin == "meta":
                break
        if names:
            return Authors(tuple(names)[:_MAX_NAMES], origin)
    return Authors((), None)


def people_of(string: str) -> list[str]:
    """The names in a byline such as ``By Ada Berg and Tom Kirsch, Oslo``; a string that is one name stays as it is."""
    text = one_line(string[: 4 * MAX_CHARS])
    if not text or len(text) > MAX_CHARS or text.startswith(("http:", "https:")) or not text[0].isalnum():
        return []
    text = _ROLE.split(_BY.sub("", text, count=1) if _BY.match(text) else text, maxsplit=1)[0].strip()
    parts = [part.strip() for part in _AND.split(text) if part.strip()]
    if len(parts) < 2 or not is_person_name(parts[0]):
        return [text] if text else []
    people = [part for part in parts if is_person_name(part)]
    # "Ada Berg, Norwegian Press Office": after a comma a name may be followed by what is none.
    return people if len(people) == len(parts) or "," in text else [text]


def is_person_name(text: str) -> bool:
    """Two to five words, each of letters and, but for particles (``van``, ``de``), with a capital at its start."""
    words = text.split()
    return 2 <= len(words) <= 5 and all(
        (_NAME.match(word) and (word[0].isupper() or word.casefold() in _SMALL)) for word in words
    )


def _marked(tree: Element) -> tuple[Iterator[Element], ...]:
    """What pages mark as an author's name, the surest first; a page is searched when it is asked for."""
    of_class = (element for element in tree.iter() if (names := element.get("class")) and _is_author(names))
    return tree.iterfind(".//*[@rel='author']"), tree.iterfind(".//*[@itemprop='author']"), of_class


def _is_author(names: str) -> bool:
    # XPath's `contains` takes three times as long.
    return ("author" in names or "byline" in names) and not _CLASSES.isdisjoint(names.split())


def _texts(elements: Iterator[Element]) -> Iterator[str]:
    for element in islice(elements, _MAX_NAMES):
        named = element.find(".//*[@itemprop='name']")
        text = (element if named is None else named).xpath("string()")
        if text and len(text) <= 4 * MAX_CHARS:
            yield text
