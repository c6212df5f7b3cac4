"""What a page says about its article: JSON-LD first, then meta tags, then what a reader sees."""

from __future__ import annotations

from datetime import datetime
from html import unescape
from itertools import islice
from typing import NamedTuple

from transforms.elements import Precision, Rights
from transforms.extract.address import absolute_address, site_of
from transforms.extract.block_text import Stated
from transforms.extract.characters import one_line
from transforms.extract.fragment import blocks_of_fragment
from transforms.extract.headline import page_title, site_names
from transforms.extract.jsonld import ArticleData, article_data
from transforms.extract.parse import Element
from transforms.extract.people import page_authors
from transforms.extract.publication import publication
from transforms.instants import parse_instant

_MODIFIED = ("article:modified_time", "og:updated_time", "datemodified", "dcterms.modified", "last-modified")
_MAX_TAGS = 50
_DESCRIPTIONS = ("og:description", "description", "twitter:description")
_MAX_TITLE_CHARS, _MIN_NAME, _MAX_NAME = 1000, 4, 60


class PageMetadata(NamedTuple):
    """Fields of the article and, for each that was found, which part of the page said it."""

    title: str | None
    published_at: datetime | None
    published_precision: Precision | None
    modified_at: datetime | None
    authors: tuple[str, ...]
    section: str | None
    tags: tuple[str, ...]
    image: str | None
    stated: Stated
    declared_url: str | None
    is_article: bool
    """Whether the page calls itself one."""
    paywalled: bool | None
    rights: Rights
    origins: tuple[tuple[str, str], ...]


def page_metadata(tree: Element, fetched_at: datetime | None, url: str | None = None) -> PageMetadata:
    """Read a page's metadata; leaves the tree as it is.

    Args:
        tree: the parsed page.
        fetched_at: dates after it are not believed.
        url: the page's address: it names the site, and may hold the day.
    """
    stated = article_data(tree)
    data = stated or ArticleData()
    meta = _meta_tags(tree)
    sites = site_names(meta.get("og:site_name"), data.publisher, meta.get("application-name"), site_of(url))
    title = page_title(tree, data, meta, sites)
    published = publication(tree, data, meta, url, fetched_at)
    authors = page_authors(tree, data, meta, sites)
    modified = data.modified_at or next((t[0] for name in _MODIFIED if (t := parse_instant(meta.get(name)))), None)
    section = data.section or meta.get("article:section")
    image = data.image or meta.get("og:image")
    found = (
        ("title", title.origin),
        ("published_at", published.origin),
        ("modified_at", modified and ("json-ld" if data.modified_at else "meta")),
        ("authors", authors.origin),
        ("section", section and ("json-ld" if data.section else "meta")),
        ("image", image and ("json-ld" if data.image else "meta")),
    )
    return PageMetadata(
        title=title.text,
        published_at=published.instant,
        published_precision=published.precision,
        modified_at=modified,
        authors=authors.names,
        section=section,
        tags=data.tags or _tags(meta),
        image=absolute_address(image, url),
        stated=_stated(tree, meta, data, title.text, authors.names),
        declared_url=_declared_url(tree, meta, data),
        is_article=stated is not None or "article" in meta.get("og:type", "").lower(),
        paywalled=_paywalled(data, meta),
        rights=_rights(tree, meta, data),
        origins=tuple((name, origin) for name, origin in found if origin),
    )


def _stated(
    tree: Element, meta: dict[str, str], data: ArticleData, title: str | None, authors: tuple[str, ...]
) -> Stated:
    shown = one_line((tree.findtext(".//title") or "")[:_MAX_TITLE_CHARS])
    titles = (title, data.title, meta.get("og:title"), meta.get("twitter:title"), shown.rpartition(" | ")[0] or shown)
    descriptions = (data.description, *(meta.get(name) for name in _DESCRIPTIONS))
    return Stated(
        titles=tuple(dict.fromkeys(one_line(text[:_MAX_TITLE_CHARS]) for text in titles if text)),
        descriptions=tuple(dict.fromkeys(text for text in descriptions if text)),
        authors=tuple(name for name in authors if _MIN_NAME < len(name) < _MAX_NAME),
        body=_plain(data.body or ""),
    )


def _plain(body: str) -> str:
    """JSON-LD's body as lines of text: some publishers put HTML there, or HTML escaped."""
    if "&" in body:
        body = unescape(body)
    lines = blocks_of_fragment(body).paragraphs if "<" in body else (one_line(line) for line in body.split("\n"))
    return "\n".join(line for line in lines if line)


def _meta_tags(tree: Element) -> dict[str, str]:
    """The first value of each name; ``article:tag``, which is repeated for each tag, joined by commas."""
    tags: dict[str, str] = {}
    article_tags: dict[str, None] = {}
    for element in tree.iter("meta"):
        name = (element.get("property") or element.get("name") or element.get("itemprop") or "").strip().lower()
        content = one_line(element.get("content") or "")
        if name == "article:tag" and content:
            article_tags.setdefault(content)
        elif name and content:
            tags.setdefault(name, content)
    if article_tags:
        tags["article:tag"] = ", ".join(islice(article_tags, _MAX_TAGS))
    return tags


def _tags(meta: dict[str, str]) -> tuple[str, ...]:
    joined = meta.get("article:tag") or meta.get("news_keywords") or meta.get("keywords") or ""
    return tuple(islice(dict.fromkeys(tag.strip() for tag in joined.split(",") if tag.strip()), _MAX_TAGS))


def _declared_url(tree: Element, meta: dict[str, str], data: ArticleData) -> str | None:
    for link in tree.iter("link"):
        if (link.get("rel") or "").lower() == "canonical" and link.get("href"):
            return str(link.get("href")).strip()
    return meta.get("og:url") or data.url


def _paywalled(data: ArticleData, meta: dict[str, str]) -> bool | None:
    if data.is_free is not None:
        return not data.is_free
    tier = (meta.get("article:content_tier") or "").lower()
    return {"free": False, "locked": True, "metered": True}.get(tier)


def _rights(tree: Element, meta: dict[str, str], data: ArticleData) -> Rights:
    links = (
        link.get("href") for tag in ("link", "a") for link in tree.iter(tag) if "license" in (link.get("rel") or "")
    )
    reservation = meta.get("tdm-reservation")
    return Rights(
        license=data.license or next((str(href) for href in links if href), None),
        robots=meta.get("robots"),
        tdm_reservation={"1": True, "0": False}.get(reservation or ""),
    )
