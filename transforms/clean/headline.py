"""Finding the title in plain text, and what stands around it: kicker, section, breadcrumbs, author names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from transforms.clean.book import Rule
from transforms.clean.dates import is_date_line, read_dates
from transforms.clean.lines import Line, cohesion, fold, tidy, vocabulary
from transforms.clean.zones import is_wire

_MAX_WORDS = 30
_MAX_CHARS = 220
_SEARCHED_LINES = 25
_NOTICE_WORDS = 60
_SENTENCE_TITLE_WORDS = 20
_RANK = 0.4
_SITE_SUFFIX = re.compile(r"^(.{12,200}?) (\||[-–—•·]) ([^|]{2,40})$")
_GLUE = re.compile(r"(?<=[a-zäöüß\d\"“«»”?!:])(?=[A-ZÄÖÜ\"„«»“][^\s]{0,30})")
_NAME = re.compile(
    r"^(?:Dr\. |Prof\. )?[A-ZÄÖÜÉÁÓŠČŁ][\w.'’-]{1,20}(?: (?:von|van|de|der|den|zu|al|el|bin|da|di|le|la|[A-Z]\.))?"
    r"(?: [A-ZÄÖÜÉÁÓŠČŁ][\w.'’-]{1,24}){1,3}$"
)
_NOUN = re.compile(r"(?:ung|heit|keit|schaft|tion|ungen|News|Post|Times|Politik|Sport)\b")
_NAME_SPLIT = re.compile(r"\s*(?:,|\||/| und | and | & )\s*")
_LENGTH = {2: -1.0, 3: 0.5, 4: 1.0}
"""What the number of words says for a headline; the most usual five to twelve say most."""
_EVIDENCE = {"byline", "date", "section", "trail"}


class Found(NamedTuple):
    """The title and the position of its line."""

    title: str
    position: int


def find_title(lines: Sequence[Line], rules: Sequence[Rule | None], first: int, url: str | None) -> Found | None:
    """The line of the head that is most like a headline, or None: a text may have none.

    Without running text (a poem, a table) there is no head, and only the first line can be a title.

    Args:
        lines: the document.
        rules: the rule that acts on each line.
        first: the position of the first running text.
        url: the document's address, for the name of the site after a dash.
    """
    known = vocabulary(lines[first : first + 30])
    searched = min(first, _SEARCHED_LINES) if first < len(lines) else min(len(lines), 1)
    candidates = [i for i in range(searched) if _headline_like(lines[i], rules[i])]
    scored = [(_score(lines, rules, i, known) - _RANK * rank, -i) for rank, i in enumerate(candidates)]
    best = max(scored, default=(0.0, 0))
    if best[0] >= 1.5:
        position = -best[1]
    else:
        below = _below_caption(lines, rules, first)
        if below is None:
            return None
        position = below
    return Found(title_of(tidy(lines[position].text), lines, url), position)


def _headline_like(line: Line, rule: Rule | None) -> bool:
    """A short line that begins like a headline and does not end like a clause."""
    if rule is not None or line.prose or not 2 <= line.words <= _MAX_WORDS or len(line.text) > _MAX_CHARS:
        return False
    start = line.head.lstrip("\"'„“”»«‚‘’([")
    if line.bullet or not start or not (start[0].isupper() or start[0].isdigit()):
        return False
    return not line.end.endswith((",", ";", ":", "—", "–", " -")) and (
        not line.end.endswith(".") or line.end.endswith("...")
    )


def _score(lines: Sequence[Line], rules: Sequence[Rule | None], i: int, known: set[str]) -> float:
    line = lines[i]
    score = _LENGTH.get(line.words, 2.0 if line.words <= 12 else 1.2 if line.words <= 16 else 0.7)
    score += 2.0 * cohesion(line, known)
    score += 1.5 * any(other.folded == line.folded for j, other in enumerate(lines[:60]) if j != i)
    nxt = i + 1
    if nxt < len(lines) and _is_evidence(lines[nxt], rules[nxt]):
        score += 0.5
    if looks_like_names(line.head):
        score -= 2.5
    if is_date_line(line.head) or read_dates(line.head, None):
        score -= 2.0
    if any(rule is not None and rule.action == "byline" for rule in rules[:i]):
        score -= 1.5  # the author stands under the headline
    if line.words <= 5 and nxt < len(lines) and 6 <= lines[nxt].words <= 12 and _headline_like(lines[nxt], rules[nxt]):
        score -= 1.5  # a kicker above its headline
    return score


def _is_evidence(line: Line, rule: Rule | None) -> bool:
    return is_date_line(line.head) if rule is None else rule.action in _EVIDENCE


def _below_caption(lines: Sequence[Line], rules: Sequence[Rule | None], first: int) -> int | None:
    """A headline under a caption or notice that looks like running text, or one that is a sentence itself: only with
    a byline, a date or a reading time beside it."""
    if (
        first < len(lines) - 1
        and lines[first].words <= _SENTENCE_TITLE_WORDS
        and _is_head_matter(lines, rules, first + 1)
    ):
        return first
    for i in range(first + 1, min(first + 4, len(lines) - 1)):
        if lines[i].prose or lines[first].words > _NOTICE_WORDS:
            return None
        if not _headline_like(lines[i], rules[i]) or lines[i].words < 4:
            continue
        around = [rules[j] for j in (i - 1, i + 1)]
        again = any(other.folded == lines[i].folded for other in lines[i + 1 : 60])
        if (
            again
            or any(rule is not None and rule.action in _EVIDENCE for rule in around)
            or is_date_line(lines[i + 1].head)
        ):
            return i
    return None


def _is_head_matter(lines: Sequence[Line], rules: Sequence[Rule | None], i: int) -> bool:
    rule = rules[i]
    if rule is not None:
        return rule.action in _EVIDENCE or rule.name.endswith(".reading_time")
    return is_date_line(lines[i].head, labelled=True)


def title_of(text: str, lines: Sequence[Line], url: str | None) -> str:
    """A headline without the site's name after it and without a kicker stuck to its front."""
    m = _SITE_SUFFIX.match(text)
    if m is not None and len(m[3].split()) <= 4 and (m[2] == "|" or _is_site(m[3], url)):
        text = m[1].strip()
    return _unglued(text, lines)


def _is_site(name: str, url: str | None) -> bool:
    try:
        host = (urlsplit(url or "").hostname or "").replace("-", "").replace(".", "")
    except ValueError:
        return False
    plain = "".join(ch for ch in name.lower() if ch.isalnum())
    return len(plain) >= 2 and plain in host


def _unglued(text: str, lines: Sequence[Line]) -> str:
    """The part after a kicker that lost its line break (``Streit um MautMinister lenkt ein``).

    Only if the stuck word stands nowhere else and the word after the seam does: names such as "PlayStation" recur.
    """
    for m in _GLUE.finditer(text):
        left, right = text[: m.start()], text[m.start() :].strip()
        if len(left.split()) < 2 or len(right.split()) < 3 or left.count('"') % 2 or left.count("“") != left.count("„"):
            continue
        stuck = left.split()[-1].lower() + right.split()[0].lower()
        begin = right.split()[0].strip('"„“«»:,').lower()
        rest = [line.text[:2000].lower() for line in lines if text[:40] not in line.text[:300]]
        if len(begin) > 1 and not any(stuck in t for t in rest) and any(begin in t for t in rest):
            return right.lstrip(": ")
    return text


def looks_like_names(text: str) -> bool:
    """Whether a line is one or more personal names and nothing else, by their capitals."""
    parts = _NAME_SPLIT.split(text[:120])
    return (
        len(text) <= 120
        and 1 <= len(parts) <= 5
        and all(_NAME.match(part) and not _NOUN.search(part) for part in parts)
    )


def labels_around(
    lines: Sequence[Line], rules: Sequence[Rule | None], found: Found | None, title: str | None, first: int
) -> dict[int, str]:
    """What of the head is no article: all above the title, and below it labels and lines of author names.

    Args:
        lines: the document.
        rules: the rule that acts on each line.
        found: the title's line, if it was looked for and found.
        title: the title, if it was known before: then its line is looked for in the head.
        first: the position of the first running text.
    """
    position = found.position if found else _position_of(lines, title, first)
    if position is None or first == len(lines):
        return {}
    gone = {
        line.index: "any.head.prose_above_title" if line.prose else "any.head.above_title" for line in lines[:position]
    }
    body = " ".join(line.text[:1000] for line in lines[first : first + 40])
    for line, rule in zip(lines[position + 1 : first], rules[position + 1 : first], strict=True):
        if rule is not None or line.sentence:
            continue
        if looks_like_names(line.head) and not any(name in body for name in _NAME_SPLIT.split(line.head)):
            gone[line.index] = "any.head.names"
        elif line.words <= 2 and not line.bullet and not is_wire(line):
            gone[line.index] = "any.head.label"
    return gone


def _position_of(lines: Sequence[Line], title: str | None, first: int) -> int | None:
    wanted = fold(title or "")
    return next((i for i in range(min(first, len(lines))) if wanted and lines[i].folded == wanted), None)
