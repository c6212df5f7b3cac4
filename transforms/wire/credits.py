"""The credit of a picture out of its caption: ``(Archivbild) Foto: A. Muster/dpa`` gives ``A. Muster/dpa``."""

from __future__ import annotations

import re
from collections.abc import Iterable

from transforms.wire.agencies import SURE_NAME

_LONGEST_CAPTION = 2000
_LONGEST = 160

_LABEL = re.compile(
    r"(?:(?:Archiv|Symbol|Agentur|Handout|Presse|Titel|Produkt)?(?:Fotos?|Bild(?:er)?|Photos?)"
    r"|Bild(?:quelle|nachweis|rechte|material|credit)|Foto(?:credit|graf(?:in)?|grafie|graphie|quelle)"
    r"|(?:Photo|Image|Picture|Video)(?:\scredit|\scourtesy)?|Photograph(?:er|y|ie)?s?|Images?|Pictures?|Credits?"
    r"|Grafik(?:en)?|Illustrations?|Karte|Montage|Crédit(?:\sphoto)?|Cr[eé]dito|Foto van|Beeld"
    r"|Repro(?:duktion)?|Zeichnung|Quelle|Source|Copyright|Rechte)"
    r"(?:\s?(?:[:©|]|by\b)\s?){1,2}|Copyright\s(?=[A-Z])",
    re.IGNORECASE,
)
_SHORT = 40
_SENTENCE_END = re.compile(r"[.!?)]\s|\+\+\+")
_WORD_BEFORE = re.compile(r"\w$")
_SIGN = re.compile(r"©\s?|\(c\)\s?", re.IGNORECASE)
_BY = re.compile(
    r"\((?P<house>AP |AFP |Reuters |EPA )?(?:Photo|Image|Picture|Photograph)s?"
    r"(?:/|\s(?:by|courtesy of|courtesy|from)\s|:\s?)(?P<by>[^()]{2,120})\)",
    re.IGNORECASE,
)
_HOUSE = re.compile(
    r"(?:IMAGO(?: images)?|picture[ -]alliance|AP Photo|REUTERS|APA|AFP|EPA|dpa"
    r"|Getty Images|Shutterstock|Keystone)\s?/\s?[^()]{2,100}",
    re.IGNORECASE,
)
_HOUSES = rf"(?:{SURE_NAME}|PA Wire|EPA|Getty(?: Images)?|IMAGO|Keystone|Shutterstock|Invision|Redux)"
_CHAIN = rf"(?:[^\W\d_a-z][^–—/()]{{1,40}}?(?:\s?/[^/()]{{1,40}}){{0,3}}?(?:\s?/\s?| via ))?{_HOUSES}(?: file|, File)?"
_CHAIN_AT_END = re.compile(rf"(?:(?:^|\s[–—-]\s|[.!?)\"”“»]\s*)(?P<chain>{_CHAIN})|\((?P<inside>{_CHAIN})\))[\s.]*$")
_ONLY_HOUSE = re.compile(
    rf"(?:{SURE_NAME}|Getty(?: Images)?|IMAGO(?: images)?|picture[ -]alliance|Shutterstock|iStock(?:photo)?|Alamy"
    r"|Adobe ?Stock|Unsplash|Pexels|Pixabay|PA Wire|EPA|Keystone|Rex Features|WireImage)\.?",
    re.IGNORECASE,
)
_AFTER_SENTENCE = re.compile(r"(?<=[^\W\d_]{3}[.!?])\s+")
_BEHIND = re.compile(r"\s*(?:\+\+\+|(?:Purchase|Acquire) Licensing Rights|opens new tab).*", re.DOTALL)
_BARE = re.compile(
    r"(?:\([^()]{0,30}(?:archiv|symbol)[^()]{0,30}\)|(?:archiv|symbol)(?:bild|foto|photo)\.?"
    r"|(?:file|stock) (?:photo|image)\.?)\s*$",
    re.IGNORECASE,
)


def credits_in(captions: Iterable[str]) -> tuple[str, ...]:
    """Return the credits of captions, in order, each once; a caption without one gives none."""
    found: dict[str, None] = {}
    for caption in captions:
        credit = credit_of(caption)
        if credit:
            found.setdefault(credit)
    return tuple(found)


def credit_of(caption: str) -> str | None:
    """Return who is credited in one caption line, without the label; None if nobody is."""
    text = _BARE.sub("", caption.strip()[-_LONGEST_CAPTION:])
    if _ONLY_HOUSE.fullmatch(text):
        return text
    return _labelled(text) or _signed(text)


def _labelled(text: str) -> str | None:
    """What follows the last ``Foto:``, ``©`` or ``Photo by``; ``Grafik: A, Quelle: B`` is one credit."""
    match = _BY.search(text)
    if match:
        return _tidy(match.group("by") if match.group("house") is None else match.group()[1:-1])
    labels = [m for m in _LABEL.finditer(text) if not _WORD_BEFORE.search(text, max(0, m.start() - 1), m.start())]
    labels = sorted([*labels, *_SIGN.finditer(text)], key=lambda m: m.start())
    for index in range(len(labels) - 1, -1, -1):
        between = text[labels[index - 1].end() : labels[index].start()] if index else ". "
        if len(between) <= _SHORT and not _SENTENCE_END.search(between):
            continue
        rest = text[labels[index].end() :]
        if len(rest) <= _LONGEST and (credit := _tidy(_inside(text, labels[index].start(), rest))):
            return credit
    return None


def _inside(text: str, start: int, rest: str) -> str:
    """A label inside a bracket ends with it."""
    if start and text[start - 1] in "([":
        return re.split(r"[)\]]", rest, maxsplit=1)[0]
    return rest


def _signed(text: str) -> str | None:
    """A house or a chain of names at the end of the line, without a label: ``IMAGO / A. Muster``."""
    for match in _HOUSE.finditer(text):
        before = text[: match.start()].rstrip()
        if (not before or before[-1] in '.!?)("”“»–—-|') and (credit := _tidy(match.group())):
            return credit
    chain = _CHAIN_AT_END.search(text[-_LONGEST:])
    if chain is None:
        return None
    signed = (chain.group("chain") or chain.group("inside")).rpartition(" - ")[2]
    return _tidy(_AFTER_SENTENCE.split(signed)[-1])


def _tidy(credit: str) -> str | None:
    """Trim quotes, brackets that do not pair, and stray labels; None if nothing like a name is left."""
    credit = _BEHIND.sub("", credit)
    credit = _SIGN.sub("", _LABEL.sub("", credit, count=1) if _LABEL.match(credit) else credit, count=1)
    credit = " ".join(credit.split()).strip(" .,;:|–—-\"'„“”»«")
    if credit.count(")") > credit.count("("):
        credit = credit.rstrip(")").rstrip()
    if credit.count("(") > credit.count(")"):
        credit = credit.lstrip("(").lstrip()
    return credit if 2 <= len(credit) <= _LONGEST and any(ch.isalpha() for ch in credit) else None
