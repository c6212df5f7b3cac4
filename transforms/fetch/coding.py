"""Content codings undone in a stream, with a bound on what comes out (RFC 9110, section 8.4)."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Protocol

import brotli
from backports import zstd

ACCEPTED = "gzip, deflate, br, zstd"
MAX_LAYERS = 2
_ZSTD_MAX_WINDOW_LOG = 23
"""8 MB, what RFC 9659 lets a sender of web content ask for."""
_STEP = 1 << 18
_GZIP_MAGIC = b"\x1f\x8b"


class TooLargeError(Exception):
    """More came out than is taken."""


class BrokenCodingError(Exception):
    """The coded bytes are damaged or end early."""


class _Layer(Protocol):
    @property
    def is_whole(self) -> bool: ...

    def decode(self, data: bytes, limit: int) -> bytes:
        """What comes of further data: at most a step beyond ``limit`` bytes."""
        ...


class Body:
    """Collects a body as it arrives.

    Args:
        codings: the Content-Encoding header.
        max_bytes: of the body, and of what may arrive for it.

    Raises:
        TooLargeError: from `feed`.
        BrokenCodingError: from `feed` and `whole`.
    """

    def __init__(self, codings: str, max_bytes: int) -> None:
        names = [name.strip().lower() for name in codings.split(",")]
        makers = [_LAYERS[name] for name in reversed(names) if name in _LAYERS]
        if len(makers) > MAX_LAYERS:
            raise BrokenCodingError(f"{len(makers)} content codings on top of each other")
        self._layers = [maker() for maker in makers]
        self._max_bytes = max_bytes
        self._room = max_bytes
        self._received = 0
        self._chunks: list[bytes] = []

    @property
    def size(self) -> int:
        """Bytes that came out so far."""
        return self._max_bytes - self._room

    def feed(self, data: bytes) -> None:
        """Take what arrived."""
        self._received += len(data)
        if self._received > self._max_bytes:
            raise TooLargeError
        for start in range(0, len(data), _STEP):
            piece = data[start : start + _STEP]
            for layer in self._layers:
                piece = _decoded(layer, piece, self._room)
            self._room -= len(piece)
            self._chunks.append(piece if self._room >= 0 else piece[: self._room])
            if self._room < 0:
                raise TooLargeError

    def so_far(self) -> bytes:
        """What came out until now."""
        return b"".join(self._chunks)

    def whole(self) -> bytes:
        """The body, once everything arrived."""
        if self._received and not all(layer.is_whole for layer in self._layers):
            raise BrokenCodingError("the compressed body ends early")
        return self.so_far()


def _decoded(layer: _Layer, data: bytes, limit: int) -> bytes:
    try:
        return layer.decode(data, limit)
    except (zlib.error, brotli.error, zstd.ZstdError, EOFError) as error:
        raise BrokenCodingError(f"the compressed body is damaged: {error}") from None


class _Zlib:
    """gzip with any number of members, or deflate with and without its zlib header (both are sent)."""

    def __init__(self, is_gzip: bool) -> None:
        self._is_gzip = is_gzip
        self._head = b""
        self._behind = b""
        self._inflate: zlib._Decompress | None = None
        self._is_plain = False

    @property
    def is_whole(self) -> bool:
        return self._is_plain or (self._inflate is not None and self._inflate.eof)

    def decode(self, data: bytes, limit: int) -> bytes:
        if self._is_plain:
            return data
        if self._inflate is None:
            data = self._head + data
            if len(data) < 2:
                self._head = data
                return b""
            if self._is_gzip and not data.startswith(_GZIP_MAGIC):  # a header that lies
                self._is_plain = True
                return data
            self._inflate = zlib.decompressobj(self._window_bits(data))
        out = bytearray()
        while data and len(out) <= limit:
            if self._inflate.eof:
                data = self._behind + data
                self._behind = data[:1] if data == _GZIP_MAGIC[:1] else b""
                if not data.startswith(_GZIP_MAGIC):  # padding, or half of the next member's first bytes
                    break
                self._inflate = zlib.decompressobj(31)
            out += self._inflate.decompress(data, limit + 1 - len(out))
            data = self._inflate.unused_data or self._inflate.unconsumed_tail
        return bytes(out)

    def _window_bits(self, head: bytes) -> int:
        if self._is_gzip:
            return 31
        return 15 if head[0] & 15 == 8 and int.from_bytes(head[:2], "big") % 31 == 0 else -15


class _Brotli:
    def __init__(self) -> None:
        self._decoder = brotli.Decompressor()

    @property
    def is_whole(self) -> bool:
        return bool(self._decoder.is_finished())

    def decode(self, data: bytes, limit: int) -> bytes:
        if self.is_whole:
            return b""
        out = bytearray(self._decoder.process(data, output_buffer_limit=_STEP))
        while len(out) <= limit and not self.is_whole:
            piece = self._decoder.process(b"", output_buffer_limit=_STEP)
            if not piece and self._decoder.can_accept_more_data():
                break
            out += piece
        return bytes(out)


class _Zstd:
    def __init__(self) -> None:
        self._decoder = self._new()

    @staticmethod
    def _new() -> zstd.ZstdDecompressor:
        return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_MAX_WINDOW_LOG})

    @property
    def is_whole(self) -> bool:
        return bool(self._decoder.eof)

    def decode(self, data: bytes, limit: int) -> bytes:
        out = bytearray()
        while len(out) <= limit:
            if self._decoder.eof:
                if not data:
                    break
                self._decoder = self._new()
            out += self._decoder.decompress(data, limit + 1 - len(out))
            data = self._decoder.unused_data if self._decoder.eof else b""
            if not self._decoder.eof and self._decoder.needs_input:
                break
        return bytes(out)


_LAYERS: dict[str, Callable[[], _Layer]] = {
    "gzip": lambda: _Zlib(is_gzip=True),
    "x-gzip": lambda: _Zlib(is_gzip=True),
    "deflate": lambda: _Zlib(is_gzip=False),
    "br": _Brotli,
    "zstd": _Zstd,
}
