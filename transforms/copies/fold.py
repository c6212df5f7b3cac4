"""Text without the differences that no reader sees: the key of exact copies."""

from __future__ import annotations

import hashlib
import re
import unicodedata

_WORDS = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """Words in lower case without accents, one space between them; digits stay.

    Case folding makes ß ``ss``; accents and umlauts go with the marks of NFKD.
    """
    decomposed = unicodedata.normalize("NFKD", text.replace("\u00ad", "").casefold())
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(_WORDS.findall(bare))


def text_hash(text: str) -> bytes:
    """128 bits of the folded text; texts without a word differ from one another by their characters."""
    return hashlib.blake2b((fold(text) or text).encode("utf-8", "replace"), digest_size=16).digest()
