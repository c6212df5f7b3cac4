"""The top of an article: heads leave the lead and the first paragraphs; a teaser before them becomes the lead."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from transforms.wire.agencies import agency_of
from transforms.wire.head import Head, find_head
from transforms.wire.signature import read_signature

_PARAGRAPHS = 6
"""How many paragraphs may stand at the top: kicker, lead, date and credit come before the head."""
_TEASER = range(30, 401)
"""Characters of a teaser."""
_PROSE = 150
"""Characters from which a paragraph is prose: the article has begun."""
_LONGEST_LINE = 80
_WINDOW = 700
_MOST_HEADS = 4


class Found(NamedTuple):
    """What one mark says, and where it stood."""

    agency: str | None = None
    place: str | None = None
    codes: str | None = None
    day: datetime | None = None
    people: str | None = None
    origin: str = ""


class Top(NamedTuple):
    """Lead and paragraphs without heads, and what the heads said."""

    lead: str | None
    paragraphs: tuple[str, ...]
    found: tuple[Found, ...]


class _Stripped(NamedTuple):
    teaser: str
    """What stood before a head that was glued to it."""
    text: str
    heads: tuple[tuple[Head, str], ...]
    """Each head with its wording."""


def take_top(lead: str | None, paragraphs: Sequence[str], *, is_headed: bool) -> Top:
    """Take every head off the lead and the first six paragraphs.

    Args:
        lead: the teaser, where the page or the reader already kept it apart.
        paragraphs: the article's text.
        is_headed: True if a dateline is known already; then no paragraph moves, and none is split.
    """
    found: list[Found] = []
    if lead:
        stripped = _strip(lead, is_first=True, may_split=False)
        found += _told(stripped.heads, "head of lead")
        lead = stripped.text or None if stripped.heads else lead
    kept: list[str] = []
    used, may_move, in_prose = 0, not is_headed and not any(mark.place for mark in found), False
    for number, paragraph in enumerate(paragraphs, start=1):
        if len(kept) >= _PARAGRAPHS:
            break
        used = number
        stripped = _strip(paragraph, is_first=not kept, may_split=may_move)
        if not stripped.heads and not in_prose and number < len(paragraphs):
            stripped = _signed_line(paragraph) or stripped
        found += _told(stripped.heads, f"head of paragraph {number}")
        if may_move and stripped.heads and lead is None and _is_teaser(before := _before(kept, stripped)):
            lead = before
            kept.clear()
        elif stripped.teaser:
            stripped = stripped._replace(text=f"{stripped.teaser} {stripped.text}".strip())
        if stripped.text or not stripped.heads:
            kept.append(stripped.text)
        may_move = may_move and not any(head.place for head, _ in stripped.heads)
        in_prose = in_prose or len(stripped.text) > _PROSE
    return Top(lead, (*kept, *paragraphs[used:]), tuple(found))


def _strip(text: str, *, is_first: bool, may_split: bool) -> _Stripped:
    """Take heads off the front of a paragraph until none is left, a glued one only once; too many are text."""
    heads: list[tuple[Head, str]] = []
    at = 0
    while (head := find_head(text[at : at + _WINDOW], is_first=is_first)) is not None:
        wording = text[at + head.start : at + head.end].strip()
        if head.start:
            if may_split and not heads:
                before = text[at : at + head.start].rstrip()
                return _Stripped(before, text[at + head.end :], ((head, wording),))
            break
        heads.append((head, wording))
        at += head.end
        if len(heads) > _MOST_HEADS:
            return _Stripped("", text, ())
    return _Stripped("", text[at:], tuple(heads))


def _signed_line(text: str) -> _Stripped | None:
    """A line of its own above the text that only names the agency: ``dpa``, ``(AFP)``, ``dpa/AFP``."""
    signature = read_signature(text) if len(text) <= _LONGEST_LINE else None
    if signature is None or signature.agency is None:
        return None
    agency = agency_of(text.strip(" ()"))
    if not signature.is_certain and not (agency is not None and agency.bare):
        return None
    head = Head(0, len(text), signature.agency, None, signature.codes, signature.day)
    return _Stripped("", "", ((head, text.strip()),))


def _before(kept: list[str], stripped: _Stripped) -> str:
    """The one text that stands before a head: the paragraph above it, or what was glued to it."""
    if stripped.teaser:
        return "" if kept else stripped.teaser
    return kept[0] if len(kept) == 1 and stripped.text else ""


def _is_teaser(text: str) -> bool:
    return len(text) in _TEASER and text.rstrip("\"'”“»«’) ").endswith((".", "!", "?", "…"))


def _told(heads: Sequence[tuple[Head, str]], where: str) -> list[Found]:
    return [
        Found(head.agency, head.place, head.codes, head.day, origin=f"{where}: {wording[:80]}")
        for head, wording in heads
    ]
