"""An invented press on loopback servers: outlets with feeds, sitemaps and articles that know conditional requests."""

from __future__ import annotations

import hashlib
import html
import json
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.servers import Answers, Asked, Reply
from tests.transforms.test_copies import WORDS

HTML = "text/html; charset=utf-8"
XML = "application/xml; charset=utf-8"


def story(seed: int, paragraphs: int = 5) -> list[str]:
    """Paragraphs of invented words, the same for the same seed."""
    dice = random.Random(seed)
    return [
        " ".join(" ".join(dice.choices(WORDS, k=9)).capitalize() + "." for _ in range(4)) for _ in range(paragraphs)
    ]


def article_html(title: str, paragraphs: Sequence[str], published: str = "2026-03-04T08:00:00Z") -> str:
    """A page as outlets have them."""
    facts = {"@context": "https://schema.org", "@type": "NewsArticle", "headline": title, "datePublished": published}
    body = "\n".join(f"<p>{html.escape(text)}</p>" for text in paragraphs)
    return (
        f'<!doctype html><html lang="de"><head><title>{html.escape(title)}</title>'
        f'<script type="application/ld+json">{json.dumps(facts)}</script></head>'
        f"<body><article><h1>{html.escape(title)}</h1>{body}</article></body></html>"
    )


def conditional(body: str | bytes, content_type: str = HTML, **headers: str) -> Answers:
    """What answers with a body, or with 304 where the asker has it already."""
    data = body.encode() if isinstance(body, str) else body
    etag = f'"{hashlib.blake2b(data, digest_size=6).hexdigest()}"'
    fields = (("Content-Type", content_type), ("ETag", etag), *headers.items())

    def answer(asked: Asked) -> Reply:
        return Reply(304, b"", fields[1:]) if asked.headers.get("if-none-match") == etag else Reply(200, data, fields)

    return answer


def feed_xml(links: Iterable[str]) -> str:
    """An RSS feed."""
    items = "".join(
        f"<item><title>Meldung {number}</title><link>{html.escape(link)}</link>"
        f"<pubDate>Wed, 04 Mar 2026 {8 + number % 12:02}:00:00 GMT</pubDate></item>"
        for number, link in enumerate(links)
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Blatt</title>{items}</channel></rss>'


def sitemap_xml(links: Iterable[str], tag: str = "urlset") -> str:
    """A sitemap, or with ``sitemapindex`` an index of them."""
    inner = "url" if tag == "urlset" else "sitemap"
    entries = "".join(f"<{inner}><loc>{html.escape(link)}</loc></{inner}>" for link in links)
    return f'<?xml version="1.0"?><{tag} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</{tag}>'


def sources_file(path: Path, *sources: dict[str, Any], **fetch: Any) -> Path:
    """A sources file for loopback servers; ``fetch`` may say more."""
    given = {"per_host_delay": "20ms", "timeout": "5s", "allow_private": True, "retries": 0} | fetch
    whole = {"version": 1, "contact": "https://example.org/bot", "fetch": given, "sources": list(sources)}
    path.write_text(yaml.safe_dump(whole), "utf-8")
    return path
