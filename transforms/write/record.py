"""An article to the record that is written for it."""

from __future__ import annotations

import hashlib
import unicodedata

from transforms.elements import Article, Record
from transforms.words import count_words


def make_record(article: Article) -> Record:
    """The contract's record of a finished article, without the copies that are yet to be found."""
    text = "\n\n".join(article.paragraphs)
    return Record(
        id=record_id(article.canonical_url, text),
        source_id=article.source_id,
        url=article.url,
        canonical_url=article.canonical_url,
        site=article.site,
        source=article.source,
        title=article.title,
        lead=article.lead,
        text=text,
        authors=article.authors,
        section=article.section,
        tags=article.tags,
        image=article.image,
        published_at=article.published_at,
        published_precision=article.published_precision if article.published_at else None,
        modified_at=article.modified_at,
        fetched_at=article.fetched_at,
        language=article.language,
        language_confidence=round(article.language_confidence, 4),
        agency=article.agency,
        dateline=article.dateline,
        byline_codes=article.byline_codes,
        caption_credits=article.caption_credits,
        paywalled=article.paywalled,
        rights=article.rights,
        word_count=count_words(text),
        content_hash=_digest(text, 32),
    )


def record_id(canonical_url: str | None, text: str) -> str:
    """32 hexadecimal digits: of the address where there is one (http and https are one), else of the words.

    A site's bare root is no article's address: feeds and templates give it to every one.
    """
    address = (canonical_url or "").split("://", 1)[-1]
    if address.partition("/")[2]:
        return _digest("url:" + address, 16)
    return _digest("text:" + " ".join(unicodedata.normalize("NFC", text).split()), 16)


def _digest(text: str, size_bytes: int) -> str:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=size_bytes).hexdigest()
