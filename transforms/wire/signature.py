"""What closes wire copy, read as a whole: ``/abc/DP/def``, ``(dpa/lnw)``, ``© AFP``, ``(Reporting by A B)``.

A signature is read only if every part of it is an agency, a desk code or a word that belongs to the form;
one word too many and it is text.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from transforms.wire.agencies import Sources, agency_of, load, split_sources
from transforms.wire.dateline import read_day

LONGEST = 420
"""Characters of the longest signature that is believed (a reporting line with many names)."""

_DATE = r"\d{1,2}\.\s?\d{1,2}\.\s?\d{4}"
_CODE = r"[a-zäöü]{2,4}"
_BRACKETED = re.compile(
    rf"[(\[]\s?(?:©\s?)?(?P<chain>[^()\[\]\n]{{2,60}}?(?:\s\(mit [^()]{{2,30}}\))?)(?:,\s?{_DATE})?\s?[)\]]\.?"
)
_LABELLED = re.compile(
    r"(?i:©|\(c\)|copyright|quellen?\s?:|texte?\s?:|sources?\s?:|fuentes?\s?:|fonte\s?:|bron\s?:)\s?(?:(?:19|20)\d\d\s)?"
    rf"(?:(?i:by|von)\s)?(?P<chain>[^()\n]{{2,60}}?)(?:,\s?{_DATE}|\s(?:19|20)\d\d(?:[-–]\d{{4}})?)?\.?"
    r"(?:\s(?i:all rights reserved|alle rechte vorbehalten)\.?)?"
)
_PLAIN = re.compile(r"(?:--?|[–—])?\s?(?P<chain>[^\s()]{2,40})")
_RAW = re.compile(
    r"(?P<agency>[A-Za-z-]{2,12})"
    r"(?P<codes>(?: [a-z]{2,4}){1,3} (?:xx|yy)[a-z]{2}(?: [a-z]\d)?(?: [a-z]{2,4})?|(?: [A-Z]{2,4}){2,5})"
)
_DESKS = re.compile(rf"/\s?(?P<chain>{_CODE}(?:/(?:DP|{_CODE})){{1,3}})")
_PAIR = re.compile(rf"(?P<chain>{_CODE}(?:/{_CODE}){{1,2}}|burs?-{_CODE}/{_CODE})")
_SITE = re.compile(
    rf"(?:©\s?)?(?P<chain>{_CODE}(?:/[\w-]{{2,20}}){{0,2}})/(?:[a-z0-9-]{{2,30}}\.){{1,2}}(?:de|at|ch|com|net|org|eu|info)"
)
_CLOSED = re.compile(rf"\((?:Schluss|Ende)\)(?:\s?(?P<chain>{_CODE}(?:/{_CODE}){{1,2}}))?")
_WITH = re.compile(
    r"[(\[–—]?\s?(?:(?P<codes>[a-z]{2,4})[\s,]\s?)?\(?(?i:mit|unter verwendung von|with|using|avec|con)\s"
    r"(?:(?i:zusätzlichem|weiterem|additional)\s)?"
    r"(?:(?i:material|informationen|inhalten|agenturmaterial|files|reporting|information|reports)\s)?"
    r"(?:(?i:von|der|des|from|by|de)\s){0,2}(?:(?i:nachrichtenagentur(?:en)?|agentur(?:en)?)\s)?"
    r"(?P<chain>[^()\n.]{2,60}?)(?i:[-\s](?:material|informationen|inhalten))?[)\]]?\.?"
)
_INFOCOM = re.compile(
    r"(?:©|\(c\))?\s?(?P<chain>dpa)(?:-infocom)?(?: GmbH)?,\s?dpa:(?P<yymmdd>\d{6})-\d{1,4}-\d{1,8}/\d{1,2}"
)
_BY = r"(?:Additional reporting|Reporting|Writing|Editing|Edited|Compiled|Translated)(?: and (?:writing|editing))? by"
_REPORTING = re.compile(rf"\(\s?{_BY} (?P<people>[^()]{{3,400}})\)")
_WRITERS = re.compile(r"\(?\s?(?:Reporting|Writing|Compiled)\b")
_NAME = r"[^\W\d_a-z][\w.'’-]{0,25}"
_REPORTING_LINE = re.compile(
    rf"{_BY} (?P<people>{_NAME}(?:,? (?:{_NAME}|and|in|de|van|von|al|bin|el)){{0,30}}"
    r"(?:; ?(?:[Aa]dditional reporting|[Ww]riting|[Ee]diting)[^.!?()]{3,200})?)"
)
_BYLINE = re.compile(
    rf"[–—-]{{0,3}}\s?(?:Von|By) (?P<people>{_NAME}(?: (?:{_NAME}|von|van|de|der|und|and)){{1,8}})"
    r"(?:, | \(|/)(?P<chain>[\w-]{2,12})\)?\s?[–—-]{0,3}"
)
_CONTRIBUTED = re.compile(
    r"(?:[–—_-]{1,5}\s?)?(?:The\s)?"
    r"(?P<chain>Associated Press|AP|Reuters|AFP|Agence France-Presse|Bloomberg News|Canadian Press|PA)"
    r"(?:\s(?:writers?|reporters?|journalists?|staff|video journalists?|photographers?|also)\b[^.!?]{0,160})?\s"
    r"contributed to this (?:report|story|article)\.?"
)
_NOTICE = re.compile(
    r"(?:Diese[rs]?|Der|Die)\s(?:Artikel|Text|Beitrag|Meldung|Nachricht|Bericht|Inhalt)\b[^.!?]{0,120}?"
    r"(?:von der|der|von|durch die|Material der|Material von)\s(?:Nachrichtenagentur\s)?(?:Deutschen\s)?"
    r"(?P<chain>[\w-]{3,20}(?:\s\(dpa\))?)\s(?:automatisch\s|direkt\s|unverändert\s)?"
    r"(?:übernommen|erstellt|verfasst|geliefert|zugeliefert|bereitgestellt)[^.!?]{0,80}\.?"
)
_TRUST = re.compile(r"Our Standards: The Thomson (?P<chain>Reuters) Trust Principles\.?")
_NO_CODE = frozenset(load("agencies.toml")["codes"]["never"])
_ODD_SPACE = re.compile("[\xa0\u2009\u202f\xad\u200b]")
_PLAIN_SPACES = {0xA0: " ", 0x2009: " ", 0x202F: " ", 0xAD: None, 0x200B: None}


class Signature(NamedTuple):
    """What a signature says. ``is_certain``: it is none but a mark, wherever in the text it closes a paragraph."""

    agency: str | None = None
    codes: str | None = None
    day: datetime | None = None
    people: str | None = None
    is_certain: bool = True


def read_signature(text: str) -> Signature | None:
    """Read a whole string as a signature; None if any of it is something else."""
    if not 2 <= len(text) <= 2 * LONGEST:
        return None
    text = (text.translate(_PLAIN_SPACES) if _ODD_SPACE.search(text) else text).strip(" \t*_|•")
    if not 2 <= len(text) <= LONGEST or text[-1] in '!?…"“”»«':
        return None
    if text[-1] == ".":
        return _sentence(text) or _chains(text)
    return _chains(text) or _coded(text) or _sentence(text)


def _sentence(text: str) -> Signature | None:
    """Forms of several words: who reported, who contributed, with whose material."""
    for pattern in (_REPORTING, _REPORTING_LINE):
        match = pattern.fullmatch(text)
        if match:
            return Signature(people=match.group("people") if _WRITERS.match(text) else None)
    match = _BYLINE.fullmatch(text)
    if match and (agency := agency_of(match.group("chain"))):
        return Signature(agency.name, people=match.group("people"))
    for pattern in (_CONTRIBUTED, _TRUST, _NOTICE):
        match = pattern.fullmatch(text)
        if match and (agency := agency_of(match.group("chain").removesuffix(" (dpa)"))):
            return Signature(agency.name)
    match = _WITH.fullmatch(text)
    if match and (sources := split_sources(match.group("chain"))) and sources.agencies:
        codes = [code for code in (match.group("codes"), *sources.codes) if code]
        return Signature(sources.agencies[0].name, "/".join(codes) or None)
    return None


def _chains(text: str) -> Signature | None:
    """Agencies and codes in brackets, after a label, or joined by slashes."""
    infocom = _INFOCOM.fullmatch(text)
    if infocom:
        digits = infocom.group("yymmdd")
        return Signature("dpa", day=read_day(f"20{digits[:2]}-{digits[2:4]}-{digits[4:]}"))
    match = _BRACKETED.fullmatch(text)
    if match and ":" not in text:
        return _weigh(split_sources(match.group("chain")), read_day(text), in_brackets=True)
    match = _LABELLED.fullmatch(text[1:-1].strip() if match else text)
    sources = split_sources(match.group("chain")) if match else None
    if sources and sources.agencies:
        return Signature(sources.agencies[0].name, "/".join(sources.codes) or None, read_day(text))
    match = _PLAIN.fullmatch(text)
    agency = agency_of(text.lstrip("-–— "))
    sources = Sources((agency,), ()) if agency else split_sources(match.group("chain")) if match else None
    if sources and sources.agencies and not any(agency.ambiguous or agency.spoken for agency in sources.agencies[:1]):
        return _weigh(sources, None, in_brackets=False)
    return None


def _coded(text: str) -> Signature | None:
    """Desk codes without an agency, or behind it with spaces."""
    match = _RAW.fullmatch(text)
    agency = agency_of(match.group("agency")) if match else None
    if match and agency:
        return Signature(agency.name, match.group("codes").strip())
    match = _DESKS.fullmatch(text) or _CLOSED.fullmatch(text)
    if match:
        codes = match.group("chain")
        return Signature("dpa-AFX" if codes and "/DP/" in codes else None, codes)  # DP signs its ProFeed
    match = _SITE.fullmatch(text)
    sources = split_sources(match.group("chain")) if match else None
    if sources:
        return Signature(sources.agencies[0].name if sources.agencies else None, "/".join(sources.codes) or None)
    match = _PAIR.fullmatch(text)
    if match and not _NO_CODE.intersection(match.group("chain").split("/")):
        return Signature(codes=match.group("chain"), is_certain=text.startswith("bur"))
    return None


def _weigh(sources: Sources | None, day: datetime | None, *, in_brackets: bool) -> Signature | None:
    """A bracket with codes alone, or with letters that mean other things too, is no certain mark."""
    if sources is None:
        return None
    codes = "/".join(sources.codes) or None
    if sources.agencies:
        first = sources.agencies[0]
        alone = not sources.codes and len(sources.agencies) == 1
        doubtful = alone and (first.ambiguous or first.spoken or not in_brackets)
        return Signature(first.name, codes, day, is_certain=not doubtful)
    longest = 4 if day or len(sources.codes) > 1 else 3
    if not in_brackets or any(code in _NO_CODE or len(code) > longest for code in sources.codes):
        return None
    return Signature(None, codes, day, is_certain="DP" in sources.codes or day is not None)
