"""Lists that are still gzip files after HTTP is done with them, as ``sitemap.xml.gz`` is."""

from __future__ import annotations

import zlib

from transforms.entries import Fault
from transforms.reasons import Reason

MAX_LIST_BYTES = 50 << 20
"""Of a list, unpacked: the bound of the sitemaps protocol. Of a longer one the beginning is read."""

_CHUNK_BYTES = 1 << 16


def unpack(body: bytes) -> tuple[bytes, Fault | None]:
    """The list in a body, cut at `MAX_LIST_BYTES`, and what is missing of it."""
    fault = None
    if body.startswith(b"\x1f\x8b"):
        body, fault = _gunzip(body)
    if len(body) > MAX_LIST_BYTES:
        fault = Fault(Reason.TOO_LARGE, f"only the first {MAX_LIST_BYTES >> 20} MiB of the list are read")
    return body[:MAX_LIST_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip(), fault


def _gunzip(packed: bytes) -> tuple[bytes, Fault | None]:
    """What comes out before the data ends or is torn, and one byte more than the bound at most."""
    unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    parts: list[bytes] = []
    room = MAX_LIST_BYTES + 1
    for start in range(0, len(packed), _CHUNK_BYTES):  # in pieces, so that a tear takes only what stands behind it
        try:
            parts.append(unpacker.decompress(packed[start : start + _CHUNK_BYTES], room))
        except zlib.error as error:
            return b"".join(parts), Fault(Reason.BAD_FEED, f"the gzip data is corrupt: {error}")
        room -= len(parts[-1])
        if unpacker.eof or room <= 0:
            return b"".join(parts), None
    return b"".join(parts), Fault(Reason.BAD_FEED, "the gzip data breaks off")
