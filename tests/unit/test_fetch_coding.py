"""Content codings, in pieces, cut, and made to explode."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import brotli
import pytest
from backports import zstd

from transforms.fetch.coding import Body, BrokenCodingError, TooLargeError

TEXT = "Ein Satz über Züge. ".encode() * 5_000


def raw_deflate(data: bytes) -> bytes:
    coder = zlib.compressobj(wbits=-15)
    return coder.compress(data) + coder.flush()


CODERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("X-Gzip", gzip.compress),
    "gzip members": ("gzip", lambda data: gzip.compress(data[:999]) + gzip.compress(data[999:]) + b"\0\0\0"),
    "zlib": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
    "brotli": ("br", brotli.compress),
    "zstd": ("zstd", zstd.compress),
    "zstd frames": ("zstd", lambda data: zstd.compress(data[:999]) + zstd.compress(data[999:])),
    "two": ("br, gzip", lambda data: gzip.compress(brotli.compress(data))),
    "none": ("", bytes),
    "unknown": ("utf-8", bytes),
    "a lie": ("gzip", bytes),
}


def decoded(codings: str, data: bytes, step: int = 1 << 16, max_bytes: int = 1_000_000) -> bytes:
    body = Body(codings, max_bytes)
    for start in range(0, len(data), step):
        body.feed(data[start : start + step])
    return body.whole()


@pytest.mark.parametrize("name", CODERS)
@pytest.mark.parametrize("step", [1, 7, 1_000_000])
def test_bodies_come_whole_in_pieces_of_any_size(name: str, step: int) -> None:
    codings, encode = CODERS[name]
    text = TEXT if step > 1 else TEXT[:2_000]
    assert decoded(codings, encode(text), step) == text
    assert decoded(codings, b"") == b""


@pytest.mark.parametrize("name", ["gzip", "zlib", "raw deflate", "brotli", "zstd", "two"])
def test_what_is_cut_or_damaged_is_said_to_be(name: str) -> None:
    codings, encode = CODERS[name]
    data = encode(TEXT)
    with pytest.raises(BrokenCodingError):
        decoded(codings, data[: len(data) * 2 // 3])
    with pytest.raises(BrokenCodingError):
        decoded(codings, data[:4] + b"\xff\xfe\xfd\x00" * 50)


def test_layers_have_a_bound() -> None:
    with pytest.raises(BrokenCodingError):
        Body("gzip, gzip, gzip", 100)


@pytest.mark.parametrize("name", ["gzip", "zlib", "brotli", "zstd"])
def test_a_bomb_costs_no_more_than_the_bound(name: str) -> None:
    codings, encode = CODERS[name] if name != "brotli" else ("br", lambda data: brotli.compress(data, quality=3))
    bomb = encode(bytes(100_000_000))
    tracemalloc.start()
    with pytest.raises(TooLargeError):
        decoded(codings, bomb, max_bytes=5_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


def test_input_that_leads_to_nothing_has_a_bound_too() -> None:
    with pytest.raises(TooLargeError):
        decoded("gzip", gzip.compress(b"") * 100_000)


def test_what_came_until_a_cut_is_there() -> None:
    body = Body("gzip", 1_000)
    with pytest.raises(TooLargeError):
        body.feed(gzip.compress(TEXT))
    assert body.so_far() == TEXT[:1_000]
