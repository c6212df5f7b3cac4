"""What a file holds: by its name, else by its first bytes."""

from __future__ import annotations

import re
from typing import NamedTuple

from transforms.elements import Compression, FileKind

HEAD_BYTES = 4096

_SUFFIXES: dict[str, FileKind] = {
    "txt": "text",
    "html": "html",
    "htm": "html",
    "xhtml": "html",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "xml": "feed",
    "rss": "feed",
    "rdf": "feed",
    "atom": "feed",
    "json": "feed",
    "warc": "archive",
}
_COMPRESSIONS: dict[str, Compression] = {"gz": "gzip", "zst": "zstd"}
_COMPRESSION_MAGIC: tuple[tuple[bytes, Compression], ...] = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"))
_BINARY_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or office document"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
    (b"Obj\x01", "an Avro file"),
)
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_CONTROLS = bytes(byte for byte in range(32) if byte < 9 or 13 < byte < 27 or byte > 27)
_HTML = re.compile(rb"(?:<!--.{0,2000}?-->\s*)?<(?:!doctype\s+html|html|head|body)[\s>]", re.I | re.S)
_FEED = re.compile(rb"<(?:rss|feed|rdf:rdf|channel)[\s>]", re.I)
_JSON_FEED = re.compile(rb'\{[^{]{0,2000}?"version"\s*:\s*"https?:\\?/\\?/jsonfeed\.org', re.S)


class NamedKind(NamedTuple):
    """What a file's name says."""

    kind: FileKind | None
    compression: Compression | None


def kind_of_name(path: str) -> NamedKind:
    """Kind and compression by the endings of a name: ``news.jsonl.gz`` is ("jsonl", "gzip")."""
    parts = path.replace("\\", "/").rsplit("/", 1)[-1].lower().split(".")[1:]
    compression = _COMPRESSIONS.get(parts[-1]) if parts else None
    if compression:
        parts.pop()
    return NamedKind(_SUFFIXES.get(parts[-1]) if parts else None, compression)


def compression_of_content(head: bytes) -> Compression | None:
    """Compression by the first bytes (RFC 1952, RFC 8878)."""
    return next((name for magic, name in _COMPRESSION_MAGIC if head.startswith(magic)), None)


def kind_of_content(head: bytes) -> FileKind:
    """Kind by the first `HEAD_BYTES` after decompression; what looks like nothing else is plain text."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"WARC/"):
        return "archive"
    if _HTML.match(start):
        return "html"
    if start.startswith(b"<?xml"):
        return "html" if re.search(rb"<html[\s>]", start, re.I) else "feed"
    if _FEED.match(start) or _JSON_FEED.match(start):
        return "feed"
    if start.startswith(b"{"):
        return "jsonl"
    return "text"


def binary_content(head: bytes) -> str | None:
    """What kind of binary data this is, or None for text in any encoding (UTF-16 has zero bytes too)."""
    for magic, name in _BINARY_MAGIC:
        if head.startswith(magic):
            return name
    if head.startswith(_UTF16_BOMS) or looks_utf16(head):
        return None
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return "binary data" if controls > max(len(head) * 0.02, 1) else None


def looks_utf16(head: bytes) -> bool:
    """Whether nearly every second byte is zero, as in UTF-16 text of a western language without a byte order mark."""
    even, odd = head[0:HEAD_BYTES:2], head[1:HEAD_BYTES:2]
    if len(odd) < 4:
        return False
    zeros = sorted((even.count(0) / len(even), odd.count(0) / len(odd)))
    return zeros[0] < 0.05 and zeros[1] > 0.6
