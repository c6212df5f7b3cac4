"""What of a text the detectors read: a sample from all over it, without addresses, with its capitals brought down."""

import re
import unicodedata
from itertools import islice

WINDOWS = 20
WINDOW_CHARS = 60
"""A long text is read through windows spread from its first to its last character.

The head alone is a trap: behind an English cookie notice, the first 1,000 characters name the notice's language.
"""

_COARSE_CHARS = 10 * WINDOW_CHARS
"""The same windows, wide, are cut first: addresses are removed from 12,000 characters at most, whatever the size."""

_SNAP_CHARS = 30
"""How far a window's start may move to begin with a whole word."""

_CAPITALS_SHARE = 0.6

# Every quantifier is bounded: an unbounded one takes minutes on a token of a megabyte.
_ADDRESS = re.compile(
    r"(?:https?://|www\.)[!-~]{1,500}"
    r"|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}"
    r"|(?<![\w@])@\w{1,50}"
)
_SIGNS_OF_ADDRESS = ("@", "://", "www.")
# Controls and surrogates part words; soft hyphens, zero-width spaces and byte order marks stand inside them.
_PARTING = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,100}")
_INVISIBLE = ("\u00ad", "\u200b", "\u2060", "\ufeff")


def sample(text: str) -> str:
    """Returns at most about 1,200 characters that stand for the whole of `text`, in NFC, words parted by one space.

    Text in mostly capitals comes back in title case: the detectors' models know few words in capitals.
    """
    clean = spread(text, _COARSE_CHARS)
    for character in _INVISIBLE:
        clean = clean.replace(character, "")
    clean = " ".join(clean.split())
    if not clean.isprintable():
        clean = " ".join(_PARTING.sub(" ", clean).split())
    if any(sign in clean.lower() for sign in _SIGNS_OF_ADDRESS):
        clean = " ".join(_ADDRESS.sub(" ", clean).split())
    return _without_capitals(unicodedata.normalize("NFC", spread(clean, WINDOW_CHARS)))


def spread(text: str, chars: int) -> str:
    """Returns WINDOWS windows of `chars` characters at even distances, or all of a text that is no longer."""
    if len(text) <= WINDOWS * chars:
        return text
    step = (len(text) - chars) / (WINDOWS - 1)
    return "\n".join(_window(text, round(i * step), chars) for i in range(WINDOWS))


def _window(text: str, start: int, chars: int) -> str:
    if start:
        gap = text.find(" ", start, start + _SNAP_CHARS)
        start = start if gap < 0 else gap + 1
    return text[start : start + chars]


def has_letters(text: str, number: int) -> bool:
    """Says whether the distinct words have so many letters; a wide one (Chinese, Korean) counts as two."""
    distinct = "".join(set(text.split()))
    weights = (1 + (unicodedata.east_asian_width(c) == "W") for c in distinct if c.isalpha())
    return sum(islice(weights, number)) >= number


def lower(text: str) -> str:
    """Returns `text` in lower case, the Turkish İ as a plain i (Unicode would leave a combining dot behind)."""
    return text.lower().replace("i\u0307", "i")


def is_headline_case(text: str) -> bool:
    """Says whether most words begin with a capital, as in English headlines: then case tells nothing."""
    words = [w for w in text.split() if w[0].isalpha()]
    capitals = sum(w[0].isupper() for w in words)
    return capitals > _CAPITALS_SHARE * len(words)


def _without_capitals(text: str) -> str:
    upper = sum(map(str.isupper, text))
    cased = upper + sum(map(str.islower, text))
    return lower(text).title() if upper > _CAPITALS_SHARE * cased else text
