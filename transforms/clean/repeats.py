"""Lines that occur again: the title as caption or teaser, a paragraph shown twice."""

from __future__ import annotations

from collections.abc import Sequence

from transforms.clean.lines import Line, fold

_MIN_WORDS = 12
_TITLE_EXTRA_CHARS = 70


def repeated(lines: Sequence[Line]) -> dict[int, str]:
    """Second copies of running text; short lines, list items and questions may recur (refrains, plans, interviews)."""
    seen: set[str] = set()
    gone: dict[int, str] = {}
    for line in lines:
        if line.words < _MIN_WORDS or line.bullet or "\t" in line.text or line.text.endswith("?"):
            continue
        key = " ".join(line.text.split())
        if key in seen:
            gone[line.index] = "any.repeat.paragraph"
        seen.add(key)
    return gone


def titles(lines: Sequence[Line], title: str | None, first: int) -> dict[int, str]:
    """Every line that is the title again; in the head also with a kicker, the site's name or other small words."""
    wanted = fold(title or "")
    if len(wanted) < 4:
        return {}
    words = _words(wanted)
    gone: dict[int, str] = {}
    for i, line in enumerate(lines):
        if line.folded == wanted or (i <= first and not line.prose and _varies(line, wanted, words)):
            gone[line.index] = "any.repeat.title"
    return gone


def _varies(line: Line, wanted: str, words: set[str]) -> bool:
    if len(wanted) >= 12 and wanted in line.folded and len(line.text) <= len(wanted) + _TITLE_EXTRA_CHARS:
        return True
    own = _words(line.folded)
    shared = len(own & words)
    return len(own) >= 4 and shared >= 0.75 * max(len(own), len(words))


def _words(text: str) -> set[str]:
    cleaned = "".join(ch if ch.isalnum() else " " for ch in text)
    return set(cleaned.split())
