"""Lists that are still gzip files after HTTP is done with them, as ``sitemap.xml.gz`` is."""

from __future__ import annotations

import zlib

from transforms.entries import Fault
from transforms.reasons import Reason

MAX_LIST_BYTES = 50 << 20
"""Of a list, unpacked: the bound of the sitemaps protocol. Of a longer one the beginning is read."""

_MAGIC = b"\x1f\x8b"
_FIRST_BYTES, _CHUNK_BYTES = 1 << 10, 1 << 16
"""Of a member at first, and later: a file of many short ones is not copied over and over."""


def unpack(body: bytes) -> tuple[bytes, Fault | None]:
    """The list in a body, cut at `MAX_LIST_BYTES`, and what is missing of it."""
    fault = None
    if body.startswith(_MAGIC):
        body, fault = _gunzip(body)
    if len(body) > MAX_LIST_BYTES:
        fault = Fault(Reason.TOO_LARGE, f"only the first {MAX_LIST_BYTES >> 20} MiB of the list are read")
    return body[:MAX_LIST_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip(), fault


def _gunzip(packed: bytes) -> tuple[bytes, Fault | None]:
    """What comes out of all members before the data ends or is torn, and one byte more than the bound at most."""
    parts: list[bytes] = []
    room, at = MAX_LIST_BYTES + 1, 0
    while packed.startswith(_MAGIC, at):  # what else stands behind a member is padding
        unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        size = _FIRST_BYTES
        while not unpacker.eof:  # in pieces, so that a tear takes only what stands behind it
            piece = packed[at : at + size]
            if not piece:
                return b"".join(parts), Fault(Reason.BAD_FEED, "the gzip data breaks off")
            try:
                parts.append(unpacker.decompress(piece, room))
            except zlib.error as error:
                return b"".join(parts), Fault(Reason.BAD_FEED, f"the gzip data is corrupt: {error}")
            room -= len(parts[-1])
            if room <= 0:
                return b"".join(parts), None
            at += len(piece) - len(unpacker.unused_data)
            size = min(2 * size, _CHUNK_BYTES)
    return b"".join(parts), None
