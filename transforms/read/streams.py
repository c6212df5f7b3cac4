"""Bounded reading of files, plain or compressed.

Beam's own decompressing reader ends a truncated ``.gz`` or ``.zst`` without a word (2.77), so the standard library's
readers are laid over its raw streams: they give what is there, then raise.
"""

from __future__ import annotations

import gzip
import sys
import zlib
from io import BufferedIOBase
from typing import NamedTuple, cast

from transforms.elements import Compression

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdError, ZstdFile
else:
    from backports.zstd import ZstdError, ZstdFile

BROKEN: tuple[type[Exception], ...] = (EOFError, OSError, zlib.error, ZstdError)
"""What reading a torn, corrupt or vanished file raises."""

_CHUNK_BYTES = 1 << 16


class Line(NamedTuple):
    """One line. ``data`` is its content without the line break, or None where it was longer than the bound."""

    data: bytes | None
    size_bytes: int


def decompressed(raw: BufferedIOBase, compression: Compression | None) -> BufferedIOBase:
    """The stream's content after decompression; reading it raises one of `BROKEN` where it is torn."""
    if compression == "gzip":
        return gzip.GzipFile(fileobj=raw)
    if compression == "zstd":
        return cast(BufferedIOBase, ZstdFile(raw))
    return raw


def read_at_most(stream: BufferedIOBase, max_bytes: int) -> bytes | None:
    """All of the stream, or None where it holds more than ``max_bytes``; never more than that in memory."""
    parts, size = [], 0
    while chunk := stream.read(min(_CHUNK_BYTES, max_bytes + 1 - size)):
        parts.append(chunk)
        size += len(chunk)
        if size > max_bytes:
            return None
    return b"".join(parts)


class LineReader:
    """Lines of a stream with bounded memory: a longer line is skipped to its end, and only its size is kept.

    It asks with ``read1``, so that what stands before a tear comes out before the tear raises.
    """

    def __init__(self, stream: BufferedIOBase, max_line_bytes: int) -> None:
        self._stream = stream
        self._max = max_line_bytes
        self._buffer = b""
        self._place = 0
        self._at_end = False

    def next_line(self) -> Line | None:
        """The next line with its size in the file, line break included; None at the end."""
        parts: list[bytes] = []
        size = kept = 0
        while self._place < len(self._buffer) or self._fill():
            cut = self._buffer.find(b"\n", self._place)
            end = len(self._buffer) if cut < 0 else cut + 1
            length = end - self._place
            size += length
            if kept + length <= self._max + 2:
                parts.append(self._buffer[self._place : end])
                kept += length
            else:
                parts, kept = [], self._max + 3
            self._place = end
            if cut >= 0:
                break
        if not size:
            return None
        data = b"".join(parts).rstrip(b"\r\n")
        return Line(data if kept <= self._max + 2 and len(data) <= self._max else None, size)

    def _fill(self) -> bool:
        if not self._at_end:
            self._buffer = self._stream.read1(_CHUNK_BYTES)
            self._place = 0
            self._at_end = not self._buffer
        return not self._at_end
