"""One spelling for characters that look alike or do not show."""

from __future__ import annotations

import re

# Soft hyphen, zero-width space and joiners between letters of scripts that do not need them, word joiner, BOM,
# directional marks, and what charset.decode takes out already (a JSON string may bring it in again).
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\x00-\x08\x0e-\x1f\x7f]")
_SPACES = re.compile(r"[^\S\n]+")
_BREAKS = re.compile("\r\n?|[\u2028\u2029\x0b\x0c\x85]")


def normalize(text: str) -> str:
    """Line breaks as ``\\n``, every run of other white space one space, invisible characters gone.

    Letters stay as the document composes them: a reader sees no difference, and whoever searches the original finds
    them. What compares texts (ids, copies) folds for itself.
    """
    text = _BREAKS.sub("\n", text)
    return _SPACES.sub(" ", _INVISIBLE.sub("", text))


def one_line(text: str) -> str:
    """The same, on one line and without white space at its ends."""
    line = " ".join(text.split())
    return line if line.isprintable() else " ".join(_INVISIBLE.sub("", text).split())
