"""Texts as arrays of hashes: words, word triples (shingles) and anchors.

All hashes are functions of the text alone, equal in every process and on every machine.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from transforms.copies.fold import fold, joined, tokens

Hashes = NDArray[np.uint64]
Shingles = NDArray[np.uint32]
Positions = NDArray[np.int64]

MAX_WORDS = 20_000
"""The words of a text that are looked at: it bounds a sketch to 80 KB. The longest news tickers have as many."""

WORDS_IN_SHINGLE = 3
_WORDS_IN_ANCHOR = 5
_WINDOW = 16
_REMEMBERED = 200_000
_REMEMBERED_CHARS = 40
DIGITS = 7
"""The bits of a word hash that say how many digits a number has."""


class _WordHashes(dict[str, int]):
    """Tokens to their hashes; remembers the first, which in news are the commonest (Zipf)."""

    def __missing__(self, token: str) -> int:
        word = fold(token)
        digest = hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest()
        digits = min(4, sum(map(str.isdigit, word[:8]))) if word[:1].isdigit() else 0
        found = (int.from_bytes(digest, "little") & ~DIGITS) | digits
        if len(self) < _REMEMBERED and len(token) <= _REMEMBERED_CHARS:
            self[token] = found
        return found


_HASHES = _WordHashes()


def word_hashes(text: str) -> Hashes:
    """64 bits for each folded word of a text, the first `MAX_WORDS`.

    The lowest three bits are 0 for a word, and the number of digits (at most 4) for a number.
    """
    found = tokens(joined(text))[:MAX_WORDS]
    return np.fromiter(map(_HASHES.__getitem__, found), np.uint64, len(found))


def digits_of(hashes: Hashes) -> Hashes:
    """How many digits (1 to 4) each word hash stands for; 0 where it is no number."""
    return hashes & np.uint64(DIGITS)


def shingles(words: Hashes) -> Shingles:
    """32 bits for each three words in a row; one for a text of one or two words, none for an empty one."""
    count = len(words) - WORDS_IN_SHINGLE + 1
    if count < 1:
        words, count = np.resize(words, WORDS_IN_SHINGLE), min(len(words), 1)
    mixed = words[:count] * np.uint64(0x9E3779B97F4A7C15)
    for offset, factor in ((1, 0xC2B2AE3D27D4EB4F), (2, 0x165667B19E3779F9)):
        mixed = (mixed ^ (mixed >> np.uint64(29))) + words[offset : offset + count] * np.uint64(factor)
    return (_mixed(mixed) >> np.uint64(32)).astype(np.uint32)


def within(amounts: Positions) -> Positions:
    """For runs of these lengths, one after the other, the place of each element in its run: 0, 1, … of each."""
    return np.arange(amounts.sum()) - np.repeat(np.cumsum(amounts) - amounts, amounts)


def as_shingles(packed: bytes) -> Shingles:
    """The array in a sketch's bytes."""
    return np.frombuffer(packed, "<u4")


class Anchors(NamedTuple):
    """Keys by which texts that share a passage meet, and the shingle at which each first stands."""

    keys: Hashes
    places: Positions


def anchors(sequence: Shingles) -> Anchors:
    """The least of the five-word hashes in every window (winnowing, Schleimer et al. 2003), each key once.

    Windows are 16 long, in short texts 8 or 4: every anchor of the longer window is one of the shorter window too, so
    that a teaser meets the article that begins with it.

    Args:
        sequence: `shingles` of the whole text, in order.
    """
    count = len(sequence) - (_WORDS_IN_ANCHOR - WORDS_IN_SHINGLE)
    wide = sequence.astype(np.uint64)
    if count < 1:
        return Anchors(_mixed(wide[:1]), np.zeros(len(wide[:1]), np.int64))
    keys = _mixed((wide[:count] << np.uint64(32)) | wide[-count:])
    window = min(_WINDOW if count >= 128 else _WINDOW // 2 if count >= 32 else _WINDOW // 4, count)
    windows = np.lib.stride_tricks.sliding_window_view(keys, window)
    least = np.arange(len(windows)) + windows.argmin(axis=1)
    places = np.unique(least)
    chosen, first = np.unique(keys[places], return_index=True)
    return Anchors(chosen, places[first])


def _mixed(hashes: Hashes) -> Hashes:
    """Every bit of the result hangs on every bit of the argument (the finaliser of SplitMix64)."""
    hashes = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    hashes = (hashes ^ (hashes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return hashes ^ (hashes >> np.uint64(31))
