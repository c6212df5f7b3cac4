"""Work and tables parted by the highest bits of a hash, into as many ranges as their size asks for."""

from __future__ import annotations

KEY_BITS = 32


def bits_for(amount: int, in_range: int) -> int:
    """The exponent of the number of ranges that keeps each at about ``in_range`` of an amount."""
    return max(0, (max(amount, 1) - 1) // in_range).bit_length()


def key_of(digest: bytes) -> int:
    """The key of something that is named by a hash: its first 32 bits."""
    return int.from_bytes(digest[:4], "big")


def range_of(key: int, bits: int) -> int:
    """The range that a 32-bit key belongs to."""
    return key >> (KEY_BITS - bits)
