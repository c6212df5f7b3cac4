"""How many words a text has, in scripts with and without spaces."""

from __future__ import annotations

import re

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Thai, Lao, Burmese, Khmer, Japanese, Chinese."""

_CHARS_IN_WORD = 2
_SPACED = re.compile(rf"[^\W_{_UNSPACED}]+(?:['’.,-][^\W_{_UNSPACED}]+)*")
_CHARACTER = re.compile(f"[{_UNSPACED}]")


def count_words(text: str) -> int:
    """Words by their spaces; in scripts without spaces every two letters count as one."""
    words = len(_SPACED.findall(text))
    return words if text.isascii() else words + (len(_CHARACTER.findall(text)) + 1) // _CHARS_IN_WORD
