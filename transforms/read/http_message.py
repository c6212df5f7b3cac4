"""HTTP responses as archives store them: the head, and the body without its codings."""

from __future__ import annotations

import contextlib
import io
import re
from typing import NamedTuple

from fastwarc.stream_io import BrotliReader, GzipReader, ZstdReader

_STATUS = re.compile(rb"HTTP/[0-9.]{1,5} {1,8}([0-9]{3})")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_CHUNK_HEAD = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]{0,8}(?:;[^\n]{0,1000})?\r?\n")
_MAX_CODINGS = 3


class Response(NamedTuple):
    """A response's status, its headers by their names in lower case (of equal names the last), and its body."""

    status: int
    headers: dict[str, str]
    body: bytes


def parse_response(block: bytes) -> Response | None:
    """A stored response (RFC 9112, line feeds alone allowed); None where there is no status or no end of the head."""
    status = _STATUS.match(block)
    end = _HEAD_END.search(block)
    if not status or not end:
        return None
    headers: dict[str, str] = {}
    for line in block[: end.start()].decode("latin-1").split("\n")[1:]:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return Response(int(status.group(1)), headers, block[end.end() :])


def decoded(response: Response, max_bytes: int) -> bytes | None:
    """A response's body without transfer and content codings; None where it is longer than ``max_bytes``.

    Many crawlers store the body decoded and the headers as they came: a coding that does not fit is passed over.
    A body that breaks off gives what there is.
    """
    body = response.body
    if "chunked" in response.headers.get("transfer-encoding", "").lower():
        body = _dechunked(body)
    codings = response.headers.get("content-encoding", "").lower().split(",")
    for coding in reversed(codings[:_MAX_CODINGS]):
        with contextlib.suppress(OSError):
            body = _without(coding.strip(), body, max_bytes + 1)
    return body if len(body) <= max_bytes else None


def _dechunked(body: bytes) -> bytes:
    """The chunks of a body joined (RFC 9112, section 7.1), as far as they go; a body without any as it is.

    FastWARC's own reader knows no chunk extensions and gives nothing of a body that breaks off.
    """
    parts: list[bytes] = []
    head = first = _CHUNK_HEAD.match(body)
    while head and (size := int(head.group(1), 16)):
        parts.append(body[head.end() : head.end() + size])
        end = head.end() + size
        head = _CHUNK_HEAD.match(body, end + (2 if body.startswith(b"\r\n", end) else 1))
    return b"".join(parts) if first else body


def _without(coding: str, body: bytes, limit: int) -> bytes:
    stream = io.BytesIO(body)
    if coding in ("gzip", "x-gzip"):
        return GzipReader(stream).read(limit)
    if coding == "deflate":
        return GzipReader(stream, zlib=True).read(limit)
    if coding == "br":
        return BrotliReader(stream).read(limit)
    if coding == "zstd":
        return ZstdReader(stream).read(limit)
    return body[:limit]
