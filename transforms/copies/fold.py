"""Words and numbers without the differences that no reader sees.

What outlets change in passing is folded away: case, soft and line-end hyphens, ß and ss, umlauts and accents in each
of their spellings, thousands separators, small numbers in words.
"""

from __future__ import annotations

import re
import unicodedata

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Scripts written without spaces (Thai, Lao, Burmese, Khmer, Japanese, Chinese): each character counts as a word."""

_TOKEN = re.compile(
    r"[1-9]\d{0,2}(?:[\u2009\u202f\u00a0'’ ]\d{3}(?!\d))+(?:[.,]\d+)?"
    rf"|\d+(?:[.,:]\d+)*|[{_UNSPACED}]|[^\W\d_{_UNSPACED}]+|[%€]"
)
_LINE_END_HYPHEN = re.compile(r"(?<=[^\W\d_])[-\u2010¬]\s{1,3}(?=[a-zäöüß])")
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
_GROUPING = re.compile(r"[\u2009\u202f\u00a0'’ ]|[.,](?=\d{3}(?!\d))")
_PLAIN = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
_UMLAUT_E = re.compile("(?<=[aou])e")
_NUMBERS = {
    "zwei two": "2",
    "drei three": "3",
    "vier four": "4",
    "funf five": "5",
    "sechs six": "6",
    "sieben seven": "7",
    "acht eight": "8",
    "neun nine": "9",
    "zehn ten": "10",
    "elf eleven": "11",
    "zwolf twelve": "12",
}
_SAME = {
    **{word: number for words, number in _NUMBERS.items() for word in words.split()},
    "%": "prozent",
    "percent": "prozent",
    "€": "euro",
    "mio": "millionen",
    "mrd": "milliarden",
}


def joined(text: str) -> str:
    """The text with composed letters (NFC) and words that a hyphenation parted made whole."""
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    for char in _INVISIBLE:
        if char in text:
            text = text.replace(char, "")
    return _LINE_END_HYPHEN.sub("", text)


def tokens(text: str) -> list[str]:
    """The words, numbers and signs (``%``, ``€``) of a `joined` text as they stand there, in order."""
    return _TOKEN.findall(text)


def token_spans(text: str) -> list[tuple[int, int]]:
    """Where the `tokens` of a `joined` text begin and end."""
    return [match.span() for match in _TOKEN.finditer(text)]


def fold(token: str) -> str:
    """One token without what outlets change in passing.

    ``Gueterzug``, ``Güterzug`` and ``GUTERZUG`` become one word; so do a few pairs of other words (``neue`` and
    ``neu``), which does no harm: words are compared by threes.
    """
    if token[0].isdigit():
        return _GROUPING.sub("", token).replace(",", ".").replace(":", ".").lstrip("0") or "0"
    word = token.casefold()
    if not word.isascii():
        decomposed = unicodedata.normalize("NFKD", word.translate(_PLAIN))
        word = "".join(char for char in decomposed if not unicodedata.combining(char))
    word = _UMLAUT_E.sub("", word)
    return _SAME.get(word, word)


def folded(text: str) -> list[str]:
    """The folded tokens of any text."""
    return [fold(token) for token in tokens(joined(text))]
