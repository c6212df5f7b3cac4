"""Where a damaged archive goes on, and whether the record before the damage is whole."""

from __future__ import annotations

import zlib
from typing import BinaryIO

_CHUNK_BYTES = 1 << 16
_GZIP = b"\x1f\x8b\x08"
_MEMBERS = (_GZIP, b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18")  # and zstd, LZ4
_RECORD = b"\nWARC/1."


def next_start(stream: BinaryIO, place: int) -> int | None:
    """Where the next record or compressed member may begin, and the stream set there.

    Args:
        stream: the archive as stored. Which mark is looked for follows from how it begins.
        place: the first byte that is looked at.

    Returns:
        None where there is none, or where the stream cannot seek.
    """
    try:
        stream.seek(0)
        first = stream.read(4)
        mark = next((magic for magic in _MEMBERS if first.startswith(magic)), _RECORD)
        stream.seek(place)
        window = b""
        while chunk := stream.read(_CHUNK_BYTES):
            window = window[1 - len(mark) :] + chunk
            place += len(chunk)
            if (found := window.find(mark)) >= 0:
                start = place - len(window) + found + (mark is _RECORD)
                stream.seek(start)
                return start
    except (AttributeError, OSError):  # no seeking here
        return None
    return None


def is_whole_member(stream: BinaryIO, place: int) -> bool:
    """Whether a gzip member begins at ``place`` and holds what its checksum says (RFC 1952)."""
    try:
        stream.seek(place)
        return _skip_member(stream, b"") is not None
    except (AttributeError, OSError):
        return False


def is_torn_member(stream: BinaryIO, place: int) -> bool:
    """Whether the gzip members from ``place`` on break off before the end of the last one."""
    try:
        stream.seek(place)
        rest: bytes | None = stream.read(_CHUNK_BYTES)
        while rest and rest.startswith(_GZIP[: len(rest)]):
            rest = _skip_member(stream, rest)
            rest = rest if rest is None else rest or stream.read(_CHUNK_BYTES)
    except (AttributeError, OSError):
        return False
    return rest is None


def _skip_member(stream: BinaryIO, packed: bytes) -> bytes | None:
    """What was read behind a member that begins with ``packed``; None where the member is torn or corrupt."""
    member = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    while not member.eof:
        packed = packed or stream.read(_CHUNK_BYTES)
        if not packed:
            return None
        try:
            member.decompress(packed, _CHUNK_BYTES)
        except zlib.error:
            return None
        packed = member.unconsumed_tail
    return member.unused_data
