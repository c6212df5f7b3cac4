"""The tail of wire copy: signatures behind the last sentence or on lines of their own, and the lines about shares."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from transforms.wire.signature import LONGEST, Signature, read_signature

_WINDOW = LONGEST + 240
_NEAR_END = 8
"""How many paragraphs from the end a line of its own or an open signature is believed."""
_STILL_END = 2
_PROSE = 150
"""Characters from which a paragraph is prose."""

_SENTENCE_END = re.compile(r"[.!?…][\"'”“»«’‘)\]]{0,3}|[\"”“»«]|(?<=[^\s(])\)")
_CODE = r"[a-zäöü]{2,4}"
_UNANNOUNCED = re.compile(rf"(?:\s{{0,2}}\([^()\n]{{4,40}}\)|/{_CODE}/DP/{_CODE})$")
"""Forms that are certain without a full stop before them: desk codes beside an agency."""
_INSIDE = re.compile(
    rf"(?<=[.!?…\"”“»«’)])\s{{0,2}}(?P<mark>\([^()\n]{{3,40}}\)|/{_CODE}/DP/{_CODE}"
    r"|(?:©\s)?dpa-infocom, dpa:[\d/-]{12,30}"
    rf"|dpa(?:\s{_CODE}){{1,3}}\sxx[a-z]{{2}}\s[a-z]\d\s{_CODE}|(?:keystone-sda|dpa-AFX|Text: dpa)(?:/{_CODE}){{1,2}})"
    r"(?=\s+[A-ZÄÖÜ+•])"
)
_NEVER = ("!", "?", "…", '"', "“", "”", "»", "«", ":", ",", ";")
"""No signature ends with these."""
_NAMES_A_SOURCE = re.compile(
    r"contributed to this|Trust Principles|©|\(c\)|[)\]]\.$|agentur|\b(?:by|[Mm]it|[Ww]ith|[Uu]nter|[Uu]sing|avec|con) "
    r"|(?:Quelle|Quellen|Texte?|Sources?|Fuente|Fonte|Bron) ?:|(?:^|[.!?] ?)[\w/-]{2,30}\.$|\.(?:de|at|ch|com)\.$"
)
"""What a signature that closes with a full stop holds; it spares the closer look."""
_LONGEST_GLUED = 20_000
_MOST_SIGNATURES = 8
_URL = re.compile(r"(?:https?:|www\.|@)\S{0,200}$")
_GLUED_START = re.compile(r"[/(\[©]")
_SECURITY = r"(?:ISIN|WKN|RIC|Wertpapierkennnummer)[:\s]{1,3}[A-Z0-9.]{6,12}(?:[\s,;/]{1,3}[A-Z]{2}[A-Z0-9]{9}\d){0,10}"
_DISPATCH = r"AXC\d{2,6}\s\d{4}-\d\d-\d\d/\d\d:\d\d"
_SHARES = re.compile(rf"(?:(?:{_SECURITY}|{_DISPATCH})[\s,;/()]{{0,3}}){{1,12}}")
_SHARES_BEHIND = re.compile(rf"\s(?:(?:{_SECURITY}|{_DISPATCH})[\s,;/()]{{0,3}}){{1,12}}$")
_DOW_JONES = re.compile(
    r"(?:\(END\)\s)?Dow Jones Newswires\b.{0,80}|DJG/[\w/]{2,20}|Kontakt zum Autor:?\s\S{3,60}@dowjones\.com.{0,40}"
    r"|Copyright \(c\) \d{4} Dow Jones.{0,60}"
)
_AFX_RIGHTS = re.compile(r"Copyright dpa-AFX\b.{0,300}")
_NOTEBOOK = re.compile(
    r"#{0,3}\s?(?:dpa-)?Notizblock:?|Die folgenden Informationen sind nicht zur Veröffentlichung bestimmt:?"
)
_LONGEST_NOTEBOOK = 40


class Tail(NamedTuple):
    """The paragraphs without their signatures, and the signatures from the last to the first."""

    paragraphs: tuple[str, ...]
    signatures: tuple[Signature, ...]


class _Place(NamedTuple):
    """Where a paragraph stands: how many paragraphs follow it, and whether the article goes on in them."""

    after: int
    has_prose_behind: bool


def take_tail(paragraphs: Sequence[str]) -> Tail:
    """Take the signatures off the end of an article and off the paragraphs near it.

    Goes backwards, so that whether a paragraph is the last is settled before it is read. Certain brackets,
    such as ``(dpa)``, are taken wherever they close a paragraph.
    """
    kept: list[str] = []
    found: list[Signature] = []
    has_prose_behind = False
    for text in reversed(paragraphs[: _notebook(paragraphs)]):
        rest, signatures = _strip(text, _Place(len(kept), has_prose_behind))
        found += signatures
        if len(kept) < _NEAR_END:
            rest, inner = _inner_signatures(rest)
            found += inner
        if rest or not signatures:
            kept.append(rest)
            has_prose_behind = has_prose_behind or len(rest) > _PROSE
    return Tail(tuple(reversed(kept)), tuple(found))


def _notebook(paragraphs: Sequence[str]) -> int:
    """Return where dpa's notes for the desk begin, which are not to be published, or the text's end."""
    for index in range(max(1, len(paragraphs) - _LONGEST_NOTEBOOK), len(paragraphs)):
        if len(paragraphs[index]) < 90 and _NOTEBOOK.fullmatch(paragraphs[index].strip()):
            return index
    return len(paragraphs)


def _strip(text: str, place: _Place) -> tuple[str, list[Signature]]:
    """Strip signatures off one paragraph until none is left; too many are text."""
    found: list[Signature] = []
    end = len(text)
    while end:
        start = max(0, end - _WINDOW)
        window = text[start:end].rstrip()
        cut = _share_line(window) if start == 0 and place.after < _NEAR_END else None
        cut = cut or _signature_at_end(window, place, is_whole=start == 0)
        if cut is None:
            break
        found.append(cut[1])
        if len(found) > _MOST_SIGNATURES:
            return text, []
        end = start + len(window[: cut[0]].rstrip(" \t\xa0–—|"))
    return (text[:end] if found else text), found


def _share_line(line: str) -> tuple[int, Signature] | None:
    """Lines of finance services: numbers of securities, dispatch numbers, rights."""
    line = line.strip()
    if len(line) > LONGEST:
        return None
    if _SHARES.fullmatch(line):
        return 0, Signature("dpa-AFX" if "AXC" in line else None)
    if _AFX_RIGHTS.fullmatch(line):
        return 0, Signature("dpa-AFX")
    if _DOW_JONES.fullmatch(line):
        return 0, Signature("Dow Jones")
    return None


def _signature_at_end(body: str, place: _Place, *, is_whole: bool) -> tuple[int, Signature] | None:
    """Find the longest signature that ends a paragraph: the whole of it, or what follows a sentence's end."""
    if place.after >= _NEAR_END and not body.endswith((")", "]")):
        return None
    if body.endswith(_NEVER) or (body.endswith(".") and not _NAMES_A_SOURCE.search(body, len(body) - 160)):
        return None
    if body[-1:].isalnum() and (shares := _SHARES_BEHIND.search(body)):
        return _signature_at_end(body[: shares.start()], place, is_whole=is_whole)
    if is_whole and (signature := read_signature(body)) and _is_believed(signature, place, is_alone=True):
        return 0, signature
    unannounced = _UNANNOUNCED.search(body)
    signature = read_signature(unannounced.group()) if unannounced else None
    if unannounced and signature and signature.is_certain and (signature.codes or signature.day):
        return unannounced.start(), signature
    for match in _SENTENCE_END.finditer(body, max(0, len(body) - LONGEST)):
        start = match.end()
        signature = read_signature(body[start:])
        if signature and _is_believed(signature, place, is_alone=False) and _starts_well(body, start, signature):
            return start, signature
    return None


def _inner_signatures(text: str) -> tuple[str, list[Signature]]:
    """Take out signatures behind a sentence inside a paragraph, where other lines were glued to the text."""
    kept: list[str] = []
    found: list[Signature] = []
    at = 0
    for match in _INSIDE.finditer(text) if len(text) <= _LONGEST_GLUED else ():
        signature = read_signature(match.group("mark"))
        if signature is not None and signature.is_certain and (signature.agency or signature.day):
            kept.append(text[at : match.start()])
            found.append(signature)
            at = match.end()
    return "".join((*kept, text[at:])).rstrip() if found else text, found


def _is_believed(signature: Signature, place: _Place, *, is_alone: bool) -> bool:
    """A doubtful signature must end the article; an agency alone, once prose follows, credits a picture."""
    if place.after >= _NEAR_END:
        return signature.is_certain and signature.codes is not None and not is_alone
    if place.has_prose_behind and signature.agency and not (signature.codes or signature.day or signature.people):
        return signature.is_certain and place.after <= _STILL_END and not is_alone
    return signature.is_certain or place.after == 0


def _starts_well(body: str, start: int, signature: Signature) -> bool:
    """Glued to its sentence, a signature needs a slash, a bracket or an agency; and no address before it."""
    rest = body[start:]
    if rest[0].isspace():
        return True
    if _URL.search(body, max(0, start - 220), start):
        return False
    return bool(_GLUED_START.match(rest)) or signature.agency is not None
