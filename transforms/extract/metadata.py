"""What a page says about its article: JSON-LD first, then meta tags, then what a reader sees."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from htmldate import find_date
from lxml import html

from transforms.elements import Precision, Rights
from transforms.extract.characters import one_line
from transforms.extract.jsonld import ArticleData, article_data
from transforms.instants import parse_instant

_PUBLISHED = (
    "article:published_time",
    "og:article:published_time",
    "datepublished",
    "date",
    "dc.date.issued",
    "dcterms.created",
    "pubdate",
    "parsely-pub-date",
    "sailthru.date",
    "last-modified-date",
)
_MODIFIED = ("article:modified_time", "og:updated_time", "datemodified", "dcterms.modified", "last-modified")
_AUTHORS = ("author", "article:author", "dc.creator", "parsely-author", "sailthru.author")
_TITLE_SEPARATOR = re.compile(r"\s+[|•·–—-]\s+")
_LAST_DATE = datetime(2099, 12, 31, tzinfo=UTC)


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
    declared_url: str | None
    paywalled: bool | None
    rights: Rights
    origins: tuple[tuple[str, str], ...]


def page_metadata(tree: html.HtmlElement, fetched_at: datetime | None) -> PageMetadata:
    """Read a page's metadata; leaves the tree as it is.

    Args:
        tree: the parsed page.
        fetched_at: dates after it are not believed.
    """
    data = article_data(tree) or ArticleData()
    meta = _meta_tags(tree)
    published = _published(data, meta, tree, fetched_at)
    title = _title(data, meta, tree)
    modified = data.modified_at or next((t[0] for name in _MODIFIED if (t := parse_instant(meta.get(name)))), None)
    authors = (
        data.authors or tuple(meta[name] for name in _AUTHORS if name in meta and not meta[name].startswith("http"))[:1]
    )
    section = data.section or meta.get("article:section")
    image = data.image or meta.get("og:image")
    found = (
        ("title", title[1]),
        ("published_at", published[2]),
        ("modified_at", modified and ("json-ld" if data.modified_at else "meta")),
        ("authors", authors and ("json-ld" if data.authors else "meta")),
        ("section", section and ("json-ld" if data.section else "meta")),
        ("image", image and ("json-ld" if data.image else "meta")),
    )
    return PageMetadata(
        title=title[0],
        published_at=published[0],
        published_precision=published[1],
        modified_at=modified,
        authors=authors,
        section=section,
        tags=data.tags or _tags(meta),
        image=image,
        declared_url=_declared_url(tree, meta, data),
        paywalled=_paywalled(data, meta),
        rights=_rights(tree, meta, data),
        origins=tuple((name, origin) for name, origin in found if origin),
    )


def _meta_tags(tree: html.HtmlElement) -> dict[str, str]:
    tags: dict[str, str] = {}
    for element in tree.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop") or ""
        content = one_line(element.get("content") or "")
        if name and content:
            tags.setdefault(name.strip().lower(), content)
            if name.strip().lower() == "article:tag":
                tags["article:tag"] = ", ".join(dict.fromkeys((tags["article:tag"], content)))
    return tags


def _tags(meta: dict[str, str]) -> tuple[str, ...]:
    joined = meta.get("article:tag") or meta.get("news_keywords") or meta.get("keywords") or ""
    return tuple(dict.fromkeys(tag.strip() for tag in joined.split(",") if tag.strip()))


def _published(
    data: ArticleData, meta: dict[str, str], tree: html.HtmlElement, fetched_at: datetime | None
) -> tuple[datetime | None, Precision | None, str | None]:
    if data.published_at:
        return data.published_at, data.published_precision, "json-ld"
    stated = [(f"meta {name}", meta.get(name)) for name in _PUBLISHED]
    stated += [("time element", element.get("datetime")) for element in tree.iter("time")]
    for origin, value in stated:
        if found := parse_instant(value):
            return *found, origin
    # The search of the whole page costs a third of an extraction, and is asked only here.
    day = find_date(
        tree, original_date=True, outputformat="%Y-%m-%d", max_date=(fetched_at or _LAST_DATE).isoformat()[:10]
    )
    if day and (found := parse_instant(day)):
        return found[0], "day", "search of the page"
    return None, None, None


def _title(data: ArticleData, meta: dict[str, str], tree: html.HtmlElement) -> tuple[str | None, str | None]:
    headings = [text for element in tree.iter("h1") if (text := one_line(element.text_content()))]
    shown = next((one_line(element.text_content()) for element in tree.iter("title")), "")
    candidates = (
        (data.title, "json-ld"),
        (meta.get("og:title"), "meta og:title"),
        (headings[0] if len(headings) == 1 else None, "h1"),
        (shown or None, "title element"),
        (headings[0] if headings else None, "h1"),
    )
    sites = {name.casefold() for name in (meta.get("og:site_name"), data.publisher) if name}
    for found, origin in candidates:
        if found:
            return _without_site(found, sites, headings), origin
    return None, None


def _without_site(title: str, sites: Iterable[str], headings: list[str]) -> str:
    """Cut what stands after the last separator where it names the site, or where the page's own h1 ends there."""
    parts = _TITLE_SEPARATOR.split(title)
    if len(parts) < 2:
        return title
    head = title[: title.rfind(parts[-1])].rstrip().rstrip("|•·–—-").rstrip()
    return head if parts[-1].casefold() in sites or head in headings else title


def _declared_url(tree: html.HtmlElement, meta: dict[str, str], data: ArticleData) -> str | None:
    for link in tree.iter("link"):
        if (link.get("rel") or "").lower() == "canonical" and link.get("href"):
            return str(link.get("href")).strip()
    return meta.get("og:url") or data.url


def _paywalled(data: ArticleData, meta: dict[str, str]) -> bool | None:
    if data.is_free is not None:
        return not data.is_free
    tier = (meta.get("article:content_tier") or "").lower()
    return {"free": False, "locked": True, "metered": True}.get(tier)


def _rights(tree: html.HtmlElement, meta: dict[str, str], data: ArticleData) -> Rights:
    links = (
        link.get("href") for tag in ("link", "a") for link in tree.iter(tag) if "license" in (link.get("rel") or "")
    )
    reservation = meta.get("tdm-reservation")
    return Rights(
        license=data.license or next((str(href) for href in links if href), None),
        robots=meta.get("robots"),
        tdm_reservation={"1": True, "0": False}.get(reservation or ""),
    )
