"""Who wrote it: persons and agencies out of bylines such as ``Von Anna Beispiel und Jan Muster, dpa``.

No places, no roles, no organisations: a part of a byline counts as a person only if all its words may be a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from transforms.wire.agencies import agency_of, fold, load
from transforms.wire.dateline import is_known

_LONGEST = 400
_MOST_WORDS = 5

_TABLE = load("bylines.toml")
_ROLES = frozenset(_TABLE["roles"])
_PARTICLES = frozenset(_TABLE["particles"])
_TITLES = frozenset(_TABLE["titles"])
_OPENER = re.compile(
    r"[\s–—•|*-]*(?:"
    + "|".join(re.escape(word) for word in sorted(_TABLE["openers"], key=len, reverse=True))
    + r")(?:\s?:\s*|\s+(?=[^\W\d_]))",
    re.IGNORECASE,
)
_OTHER_CRAFTS = re.compile(
    r"[(\s•–-]*(?:(?:fotos?|bild(?:er)?|photos?|photographs?|photography|images?|grafik|illustrations?|video)\b"
    r"|(?:redaktion|mitarbeit|lektorat|faktencheck|produktion|schnitt|kamera|regie|übersetzung|schlussredaktion|editor)\s?:"
    r"|(?:edited|editing|translated|produced) by\b)",
    re.IGNORECASE,
)
"""Lines that name people, but not those who wrote."""
_CUT = re.compile(r"\s[|•·–—]\s|\s-\s|\t|\s{3,}|\b(?:Fotos?|Bilder|Photos?|Photographs?|Video)\s?:|\d")
_PICTURE_LABEL = re.compile(r"\b(?:Fotos?|Bild(?:er)?|Photos?|Photographs?|Video)\s?:", re.IGNORECASE)
_BRACKETS = re.compile(r"\([^()]{0,80}\)|\[[^\[\]]{0,80}\]")
_BETWEEN = re.compile(r"\s*[,;/&+|•·\n]\s*|\s+(?:und|and|et|y|e|og|och|en|sowie|with|mit|in|for|für)\s+", re.IGNORECASE)
_PARTS = re.compile(
    r"[\s:,;/|•·()\[\]–—+&]*[,;/|•·()\[\]–—+&\n][\s.]*|\s(?:und|and|et|y|mit|von|by|with|in)\s|\d[\d.:]{0,12}",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_\xad]|['’.\-‑]){0,30}")
_COPYRIGHT = re.compile(r"^\s*(?:copyright\s*)?(?:©|\(c\))?", re.IGNORECASE)
_INITIAL = re.compile(r"(?:[^\W\d_]\.-?){1,3}")

DESKS: Final = frozenset(_TABLE["desks"])


def people_in(lines: Iterable[str]) -> tuple[str, ...]:
    """Return the persons that bylines name, in order, each once; lines that credit pictures are left out."""
    found: dict[str, str] = {}
    for line in lines:
        if not _OTHER_CRAFTS.match(line[:_LONGEST]):
            for name in _persons(line[:_LONGEST]):
                found.setdefault(name.casefold(), name)
    return tuple(found.values())


def agency_in(line: str) -> str | None:
    """Return the first agency that stands as a part of its own in a byline: ``By John Doe, Associated Press``."""
    text = line[:_LONGEST]
    if _OTHER_CRAFTS.match(text):
        return None
    cut = _PICTURE_LABEL.search(text)
    for part in _PARTS.split(_without_opener(text[: cut.start()] if cut else text)):
        agency = agency_of(_COPYRIGHT.sub("", part).strip(" .:*"))
        if agency is not None and not agency.spoken:
            return agency.name
    return None


def without_agencies(authors: Iterable[str]) -> tuple[tuple[str, ...], str | None]:
    """Take agencies and desks out of a list of authors; return the rest and the first agency.

    An entry such as ``Anna Beispiel, dpa`` keeps its person; any other entry stays as it is.
    """
    kept: dict[str, str] = {}
    agency: str | None = None
    for author in authors:
        parts = [part.strip(" .()") for part in _BETWEEN.split(author[:_LONGEST]) if part.strip(" .()")]
        names = [row.name for row in map(agency_of, [author.strip(), *parts]) if row is not None]
        agency = agency or (names[0] if names else None)
        if names:
            persons: tuple[str, ...] = _persons(author[:_LONGEST])
        else:
            persons = () if _is_desk(author, parts) else (author,)
        for person in persons:
            kept.setdefault(person.casefold(), person)
    return tuple(kept.values()), agency


def _is_desk(author: str, parts: list[str]) -> bool:
    return fold(author) in DESKS or (bool(parts) and all(fold(part) in DESKS for part in parts))


def _persons(line: str) -> tuple[str, ...]:
    whole = _BRACKETS.sub(" ", line)
    text = _without_opener(whole)
    cut = _CUT.search(text)
    text = text[: cut.start()] if cut and cut.start() else text
    parts = _BETWEEN.split(text)
    if text == whole and text.isupper():
        return ()  # capitals without "By" may be a kicker
    return tuple(name for part in parts if (name := _person(part)))


def _without_opener(text: str) -> str:
    while (opener := _OPENER.match(text)) is not None:
        text = text[opener.end() :]
    return text


def _person(part: str) -> str | None:
    """Return a part of a byline as a clean name, or None if it is no person."""
    words = part.strip(" .:*–—-|\"'„“”").split()
    while words and words[0].casefold() in _TITLES:
        words = words[1:]
    for length in (3, 2, 1):
        if len(words) > length + 1 and agency_of(" ".join(words[-length:])):
            words = words[:-length]
    if not 2 <= len(words) <= _MOST_WORDS or is_known(" ".join(words)) or agency_of(" ".join(words)):
        return None
    if any(fold(word) in _ROLES or not _is_name_word(word) for word in words):
        return None
    full = [word for word in words if word not in _PARTICLES]
    if len(full) < 2 or all(_INITIAL.fullmatch(word) for word in full) or _INITIAL.fullmatch(full[-1]):
        return None
    if " ".join(words).isupper():
        words = [_calm(word, is_first=index == 0) for index, word in enumerate(words)]
    return " ".join(words)


def _is_name_word(word: str) -> bool:
    if word in _PARTICLES:
        return True
    return _WORD.fullmatch(word) is not None and (not word[0].islower() or word[:2] in ("d’", "d'"))


def _calm(word: str, *, is_first: bool) -> str:
    """``JANE``, ``O'NEIL``, ``SMITH-JONES`` as they are written in lower case; initials stay."""
    if _INITIAL.fullmatch(word):
        return word
    if word.casefold() in _PARTICLES and not is_first:
        return word.casefold()
    return re.sub(r"[^\W\d_]+", lambda match: match.group().capitalize(), word)
