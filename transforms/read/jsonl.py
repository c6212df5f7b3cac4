"""One line of JSONL to a `Page`."""

from __future__ import annotations

import json
import re
from typing import Any

from transforms.elements import Hints, Page, Reject
from transforms.instants import parse_instant
from transforms.reasons import Reason, Stage
from transforms.web_address import is_web_address

_SURROGATES = re.compile("[\ud800-\udfff]")
_HTML_TYPES = ("text/html", "application/xhtml+xml")


def parse_line(line: bytes, source: str, offset: int) -> Page | Reject | None:
    """A document of one line of JSON; None for a blank line.

    Args:
        line: without its line break; UTF-8, or Windows-1252 where it is no UTF-8.
        source: the file's name in records.
        offset: of the line's first byte in the (decompressed) file.
    """
    if not line.strip():
        return None
    origin = f"{source}:{offset}"
    try:
        row = json.loads(_decode(line.removeprefix(b"\xef\xbb\xbf")))
    except (ValueError, RecursionError) as error:
        detail = f"line at byte {offset}: {str(error)[:200]}"
        reason = Reason.BAD_ENCODING if isinstance(error, UnicodeError) else Reason.BAD_JSON
        return Reject(Stage.READ, reason, origin, detail, source)
    if not isinstance(row, dict):
        kind = type(row).__name__
        return Reject(Stage.READ, Reason.BAD_JSON, origin, f"line at byte {offset}: a {kind}, no object", source)
    return page_of_row(row, source, origin)


def _decode(line: bytes) -> str:
    """UTF-8 (RFC 8259) with a broken character here and there, or the Windows code page of an export."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        if b"\0" in line:
            raise
        text = line.decode("utf-8", "replace")
        broken = text.count("\ufffd")
        whole = sum(char > "\x7f" for char in text) - broken
        return text if whole > broken else line.decode("windows-1252")


def page_of_row(row: dict[str, Any], source: str, origin: str) -> Page | Reject:
    """A document of one JSON object with the fields of the contract; unknown fields are left alone."""
    fetched = parse_instant(row.get("fetched_at"))
    at = fetched[0] if fetched else None
    url = _text(row.get("url"))

    def reject(reason: Reason, detail: str) -> Reject:
        return Reject(Stage.READ, reason, (url or origin)[:2000], detail, source, at)

    status = _status(row.get("http_status"))
    if status is not None and status >= 400:
        return reject(Reason.HTTP_STATUS, str(status))
    if url is not None and not is_web_address(url):
        return reject(Reason.BAD_URL, "no http or https address")
    html, text = _text(row.get("html")), _text(row.get("text"))
    if html and text and not html.strip():
        html = None
    body = html or text
    if body is None:
        return reject(*_without_body(row))
    content_type = _text(row.get("content_type")) or ("text/html" if html else "text/plain")
    if html and not content_type.lower().startswith(_HTML_TYPES):
        return reject(Reason.UNSUPPORTED, f"content_type {content_type[:100]}")
    if not body.strip():
        return reject(Reason.EMPTY, "html and text are blank")
    return Page(
        url=url,
        markup="html" if html else "text",
        content_type="text/html; charset=utf-8" if html else "text/plain; charset=utf-8",
        body=body.encode("utf-8"),
        source=source,
        origin=origin,
        fetched_at=at,
        status=status,
        hints=_hints(row),
    )


def _without_body(row: dict[str, Any]) -> tuple[Reason, str]:
    given = [name for name in ("html", "text") if row.get(name) is not None]
    wrong = [name for name in given if not isinstance(row[name], str)]
    if wrong:
        detail = f"{wrong[0]} is a {type(row[wrong[0]]).__name__}, not a string"
        return Reason.MISSING_FIELD, detail
    if given:
        return Reason.EMPTY, f"{given[0]} is empty"
    return Reason.MISSING_FIELD, "neither html nor text"


def _hints(row: dict[str, Any]) -> Hints:
    source_id = row.get("id")
    published_at, precision = parse_instant(row.get("published_at")) or (None, None)
    return Hints(
        source_id=_text(str(source_id))
        if isinstance(source_id, str | int) and not isinstance(source_id, bool)
        else None,
        title=_text(row.get("title")),
        published_at=published_at,
        published_precision=precision,
    )


def _status(value: object) -> int | None:
    """An HTTP status; exports write it as a string or a float too."""
    try:
        return int(float(value)) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    except (ValueError, OverflowError):
        return None


def _text(value: object) -> str | None:
    """A non-empty string that can be encoded: lone surrogates, which JSON allows as escapes, are replaced."""
    if not isinstance(value, str):
        return None
    try:
        value.encode()  # ten times as fast as a search for what hardly ever is there
    except UnicodeEncodeError:
        value = _SURROGATES.sub("\ufffd", value)
    return value or None
