"""What a page says of its article as JSON-LD (schema.org NewsArticle and its kin)."""

from __future__ import annotations

import html as html_entities
import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from transforms.extract.characters import one_line
from transforms.extract.parse import Element
from transforms.instants import parse_instant

MAX_CHARS = 2_000_000
# How a script is hidden from parsers that do not know scripts; the longer mark first.
_OPENING_MARKS = ("<!--", "//<![CDATA[", "// <![CDATA[", "/*<![CDATA[*/", "<![CDATA[")
_CLOSING_MARKS = ("-->", "//]]>", "// ]]>", "/*]]>*/", "]]>", ";")
_TRAILING_COMMA = re.compile(r",\s*([}\]])")
_NESTED = ("@graph", "mainEntity", "mainEntityOfPage")
_MAX_NODES = 2000


class ArticleData(NamedTuple):
    """The fields of the page's article node; None or empty where it does not say."""

    title: str | None = None
    description: str | None = None
    body: str | None = None
    published: str | None = None
    """As written: whether it names a zone matters (see `publication`)."""
    modified_at: datetime | None = None
    authors: tuple[str, ...] = ()
    section: str | None = None
    tags: tuple[str, ...] = ()
    image: str | None = None
    url: str | None = None
    license: str | None = None
    publisher: str | None = None
    is_free: bool | None = None


def article_data(tree: Element) -> ArticleData | None:
    """The first article node of a page that has a headline, else the first one, else None."""
    articles = [node for node in _nodes(tree) if _is_article(node)]
    if not articles:
        return None
    node = next((a for a in articles if _text(a.get("headline"))), articles[0])
    modified_at, _ = parse_instant(node.get("dateModified")) or (None, None)
    return ArticleData(
        title=_text(node.get("headline")),
        description=_text(node.get("description")),
        body=node["articleBody"] if isinstance(node.get("articleBody"), str) else None,
        published=_text(node.get("datePublished")),
        modified_at=modified_at,
        authors=tuple(dict.fromkeys(_names(node.get("author") or node.get("creator")))),
        section=next(iter(_texts(node.get("articleSection"))), None),
        tags=_keywords(node.get("keywords")),
        image=next(_addresses(node.get("image")), None),
        url=next(_addresses(node.get("mainEntityOfPage")), None) or next(_addresses(node.get("url")), None),
        license=next(_addresses(node.get("license")), None),
        publisher=next(_names(node.get("publisher")), None),
        is_free=_boolean(node.get("isAccessibleForFree")),
    )


def _nodes(tree: Element) -> Iterator[dict[str, Any]]:
    seen = 0
    for script in tree.iterfind(".//script[@type]"):
        if "ld+json" not in script.get("type", "").lower():
            continue
        queue = [_load(script.text or "")]
        while queue and seen < _MAX_NODES:
            seen += 1
            node = queue.pop(0)
            if isinstance(node, list):
                queue = node[:_MAX_NODES] + queue
            elif isinstance(node, dict):
                yield node
                queue += [node[key] for key in _NESTED if isinstance(node.get(key), list | dict)]


def _load(text: str) -> Any:
    if len(text) > MAX_CHARS:
        return None
    text = _uncommented(text)
    for candidate in (text, _TRAILING_COMMA.sub(r"\1", text)):
        try:
            return json.loads(candidate, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _uncommented(text: str) -> str:
    text = text.strip()
    for mark in _OPENING_MARKS:
        text = text.removeprefix(mark).lstrip()
    for mark in (";", *_CLOSING_MARKS):
        text = text.removesuffix(mark).rstrip()
    return text


def _is_article(node: dict[str, Any]) -> bool:
    kinds = node.get("@type")
    names = (kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(kind, str))
    return any(name.endswith(("Article", "Posting", "Report")) for name in names)


def _text(value: object) -> str | None:
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, str):
        return None
    return one_line(html_entities.unescape(value)) or None


def _texts(value: object) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        if text := _text(item):
            yield text


def _keywords(value: object) -> tuple[str, ...]:
    parts = value if isinstance(value, list) else str(value).split(",") if isinstance(value, str) else []
    # "key:value" keywords are notes of the publisher's own systems.
    return tuple(dict.fromkeys(text for part in parts if (text := _text(part)) and ":" not in text))


def _names(value: object) -> Iterator[str]:
    for person in value if isinstance(value, list) else [value]:
        name = person.get("name") if isinstance(person, dict) else person
        yield from (text for text in _texts(name) if not text.startswith(("http:", "https:")))


def _addresses(value: object) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        found = (item.get("url") or item.get("@id") or item.get("contentUrl")) if isinstance(item, dict) else item
        if isinstance(found, str) and found.startswith(("http://", "https://", "/")):
            yield found.strip()


def _boolean(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(str(value).strip().lower()) if isinstance(value, str) else None
