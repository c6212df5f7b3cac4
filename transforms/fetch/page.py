"""Whether a response is a document, by its content type and its first bytes."""

from __future__ import annotations

import re

from transforms.elements import Fetched, Markup, Page, Reject
from transforms.reasons import Reason, Stage

HEAD_BYTES = 2048

_TYPES: dict[str, Markup] = {"text/html": "html", "application/xhtml+xml": "html", "text/plain": "text"}
_SNIFFED = frozenset({"", "application/octet-stream", "application/xml", "text/xml", "text/plain", "unknown/unknown"})
"""Types that servers also send where they do not know."""

_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,100}/[a-z0-9!#$&^_.+-]{1,100}\Z")
_HTML = re.compile(
    rb"(?:<\?xml[^>]{0,500}>\s{0,100})?(?:<!--.{0,1000}?-->\s{0,100})?<(?:!doctype\s+html|html|head|body)\b",
    re.I | re.S,
)
_MAGIC = (
    (b"%PDF-", "a PDF document"),
    (b"\x89PNG\r\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"RIFF", "a picture or sound (RIFF)"),
    (b"PK\x03\x04", "a ZIP archive or office document"),
    (b"\x1f\x8b", "gzip data"),
    (b"OggS", "a sound or video (Ogg)"),
    (b"ID3", "a sound (MP3)"),
    (b"\x00\x00\x00", "a video (MP4)"),
    (b"wOF", "a font"),
)
_FEED = re.compile(rb"<(?:rss|feed|rdf:rdf|urlset|sitemapindex|opml)\b", re.I)
_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")


def page_of(fetched: Fetched) -> Page | Reject:
    """The page in a response, or a reject (unsupported) that says what it is.

    `Page.url` is where the response came from, after redirects, since a page's links and its canonical address stand
    against that; `Page.origin` names the address that was asked for first.
    """
    request = fetched.request
    asked = request.first_url or request.url
    content_type = next((value for name, value in fetched.headers if name == "content-type"), "")
    markup = markup_of(content_type, fetched.body[:HEAD_BYTES])
    if markup not in ("html", "text"):
        return Reject(Stage.FETCH, Reason.UNSUPPORTED, asked, markup, request.source.name, fetched.fetched_at)
    return Page(
        url=fetched.url,
        markup="html" if markup == "html" else "text",
        content_type=content_type or ("text/html" if markup == "html" else "text/plain"),
        body=fetched.body,
        source=request.source.name,
        origin=asked,
        fetched_at=fetched.fetched_at,
        status=fetched.status,
        hints=request.hints,
    )


def markup_of(content_type: str, head: bytes) -> str:
    """``html`` or ``text``, or for what is neither, what it is in words.

    Args:
        content_type: as in HTTP; may be empty.
        head: the first `HEAD_BYTES` of the body.
    """
    named = content_type[:200].split(";", 1)[0].strip().lower()
    named = named if _TYPE.match(named) else ""
    start = head.removeprefix(_BOM).lstrip()
    is_utf16 = head.startswith(_UTF16_BOMS)
    if found := next((what for magic, what in _MAGIC if start.startswith(magic)), None):
        return f"{found}, sent as {named or 'nothing'}"
    if named in _SNIFFED and _HTML.match(start):
        return "html"
    if named in _TYPES:
        return _TYPES[named]
    if named not in _SNIFFED or named.endswith("xml"):
        return f"{named or 'no type'}" + (" (a feed or sitemap)" if _FEED.search(start) else "")
    if not start or is_utf16:
        return "html"
    if _FEED.match(start) or start.startswith((b"<?xml", b"{", b"[")):
        return "a feed, XML or JSON without a type"
    controls = sum(byte < 9 or 13 < byte < 27 or 27 < byte < 32 for byte in start)
    if controls > max(len(start) * 0.02, 1):
        return f"binary data, sent as {named or 'nothing'}"
    return "html" if start.startswith(b"<") else "text"
