"""From the bytes of a document to its article: the one public function of the room."""

from __future__ import annotations

import re

from trafilatura import bare_extraction
from trafilatura.settings import Document

from transforms.elements import Article, Page, Reject
from transforms.extract.address import canonical_address, site_of
from transforms.extract.block_text import Stated
from transforms.extract.body import Body, page_body, parted
from transforms.extract.characters import normalize, one_line
from transforms.extract.charset import decode
from transforms.extract.fragment import blocks_of_fragment, captions_of
from transforms.extract.index_page import has_running_text, index_sign
from transforms.extract.lead import is_among
from transforms.extract.metadata import page_metadata
from transforms.extract.parse import Element, is_beyond_models, is_outsized, parse_page
from transforms.extract.plain import paragraphs_of_text
from transforms.reasons import Reason, Stage
from transforms.text_origin import TextOrigin, facts, said

_HTML = re.compile(r"\s*<(?:!doctype\s+html|html)[\s>]", re.I)
_MARKUP = re.compile(r"</(?:p|div|li|ul|ol|h[1-6]|blockquote|script|style|table)>", re.IGNORECASE)
"""Text fields that hold a piece of HTML are common; no plain text closes a block."""


def extract_article(page: Page) -> Article | Reject:
    """Take the article out of a document: its paragraphs and what the document says about itself.

    Args:
        page: any markup; the charset is found from its bytes and content type.

    Returns:
        An article whose paragraphs may still hold boilerplate, or a `Reject` with ``bad_encoding``, ``empty`` or
        ``no_article``.
    """
    decoded = decode(page.body, page.content_type)
    if decoded.text is None:
        return _reject(page, Reason.BAD_ENCODING, f"no text in any encoding (tried last: {decoded.encoding})")
    if not decoded.text or decoded.text.isspace():
        return _reject(page, Reason.EMPTY, "nothing but white space")
    if is_page(page, decoded.text):
        return _from_page(page, decoded.text)
    if page.markup == "fragment" or _MARKUP.search(decoded.text):
        blocks = blocks_of_fragment(decoded.text)
        return _from_lines(page, blocks.paragraphs, blocks.captions)
    return _from_lines(page, paragraphs_of_text(decoded.text), ())


def is_page(page: Page, text: str) -> bool:
    """Whether a document is a whole HTML page, by its kind or its first words."""
    return page.markup == "html" or (page.markup == "text" and _HTML.match(text) is not None)


def _from_lines(page: Page, paragraphs: tuple[str, ...], captions: tuple[str, ...]) -> Article | Reject:
    if not paragraphs:
        return _reject(page, Reason.EMPTY, "no text in the document")
    hints = page.hints
    address = canonical_address(page.url, None)
    return Article(
        url=page.url,
        canonical_url=address,
        site=site_of(address),
        source=page.source,
        origin=page.origin,
        kind=page.markup,
        title=one_line(hints.title) if hints.title else None,
        paragraphs=paragraphs,
        captions=captions,
        source_id=hints.source_id,
        fetched_at=page.fetched_at,
        published_at=hints.published_at,
        published_precision=hints.published_precision,
        modified_at=hints.modified_at,
        authors=hints.authors,
        tags=hints.tags,
        image=hints.image,
        origins=_hinted(page),
    )


def _from_page(page: Page, text: str) -> Article | Reject:
    tree = parse_page(text)
    if tree is None or not any(text.strip() for text in tree.itertext()):
        return _reject(page, Reason.EMPTY, "a page without text")
    metadata = page_metadata(tree, page.fetched_at, page.url)
    captions = captions_of(tree)
    index = index_sign(tree, metadata.declared_url, metadata.is_article)
    body = _body(tree, text, page.url, metadata.stated)
    paragraphs, lead = body.paragraphs, body.lead
    if not paragraphs:
        if TextOrigin.FAILED in facts(body.origin):
            return _reject(page, Reason.FAILED, f"no text of the page: {body.origin}")
        return _reject(page, Reason.NO_ARTICLE, "no running text found in the page")
    if index and not has_running_text(paragraphs):
        return _reject(page, Reason.NO_ARTICLE, index)
    hints = page.hints
    address = canonical_address(page.url, metadata.declared_url)
    return Article(
        url=page.url,
        canonical_url=address,
        site=site_of(address),
        source=page.source,
        origin=page.origin,
        kind="html",
        title=metadata.title or (one_line(hints.title) if hints.title else None),
        paragraphs=paragraphs,
        lead=lead if lead and not is_among(lead, paragraphs) else None,
        captions=captions,
        source_id=hints.source_id,
        fetched_at=page.fetched_at,
        published_at=metadata.published_at or hints.published_at,
        published_precision=metadata.published_precision if metadata.published_at else hints.published_precision,
        modified_at=metadata.modified_at or hints.modified_at,
        authors=metadata.authors or hints.authors,
        section=metadata.section,
        tags=metadata.tags or hints.tags,
        image=metadata.image or hints.image,
        paywalled=metadata.paywalled,
        rights=metadata.rights,
        origins=(
            ("text", body.origin),
            *metadata.origins,
            *(hint for hint in _hinted(page) if hint[0] not in dict(metadata.origins)),
        ),
    )


def _body(tree: Element, text: str, url: str | None, stated: Stated) -> Body:
    """The article by its blocks, or by trafilatura where the models are unsure or fail; all text of a huge page."""
    if is_beyond_models(tree):
        return Body(blocks_of_fragment(text).paragraphs, None, 0.0, TextOrigin.EVERYTHING)
    because, detail = TextOrigin.UNSURE, ""
    try:
        body = page_body(tree, stated)
    except Exception as error:  # noqa: BLE001  # whatever a page does to the models, there is a second extractor
        body = Body((), None, 0.0, TextOrigin.BLOCKS)
        because, detail = TextOrigin.FAILED, type(error).__name__
    if body.is_sure:
        return body
    if body.paragraphs and is_outsized(tree):
        return body._replace(origin=said(body.origin, because))
    running = parted(second_opinion(text, url), body.shown)
    if running:
        return body._replace(paragraphs=running, origin=said(TextOrigin.TRAFILATURA, because, detail))
    return body._replace(origin=said(body.origin, because, detail))


def second_opinion(text: str, url: str | None) -> tuple[str, ...]:
    """The lines that trafilatura takes for the article."""
    found = bare_extraction(text, url=url, fast=True, include_comments=False, with_metadata=False)
    return _lines((found.text or "") if isinstance(found, Document) else "")


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in normalize(text).split("\n") if line.strip())


def _hinted(page: Page) -> tuple[tuple[str, str], ...]:
    hints = page.hints
    fields = (
        ("title", hints.title),
        ("published_at", hints.published_at),
        ("authors", hints.authors),
        ("image", hints.image),
    )
    return tuple((name, "hint of the input") for name, value in fields if value)


def _reject(page: Page, reason: Reason, detail: str) -> Reject:
    return Reject(Stage.EXTRACT, reason, page.url or page.origin, detail, page.source, page.fetched_at)
