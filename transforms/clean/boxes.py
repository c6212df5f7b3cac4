"""Markers and what hangs on them: the rest of the page after a cut, the lines of a box within the text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import accumulate

from transforms.clean.book import Rule
from transforms.clean.lines import Line, cohesion, stem_uses, vocabulary

MIN_BEFORE_WORDS = 50
"""Less running text than this before a marker, and it stands above the article, not below it."""
_HARD_BEFORE_WORDS = 150
_HARD_SHARE = 0.3
_RUN_WORDS = 60
_RUN_COHESION = 0.30
_PARAGRAPH_WORDS = 25
_PARAGRAPHS_COHESION = 0.18
_LONE_COHESION = 0.36
_OTHER_SUBJECT = 0.15
_PROMO_WORDS = 40
_UNTIL_LINES = 14
_OWN_WORDS = 20
_BOX_LINES = 12


def resumes_at(lines: Sequence[Line], start: int, known: set[str], sums: Sequence[int]) -> int | None:
    """Where the article goes on after a marker, or None.

    It goes on with a run of two or more lines of running text (or one long one) that use the article's own words:
    teasers of other stories stand alone between headlines and speak of something else. A run longer than all that
    came before the marker is the article itself, whatever stood above.

    Args:
        lines: the document, up to where it may go on.
        start: the position after the marker.
        known: the stems of what stands before it.
        sums: for each position the words of running text before it.
    """
    before, after = sums[start], sums[len(lines)] - sums[start]
    i = start
    while i < len(lines):
        if not lines[i].prose:
            i += 1
            continue
        end = i
        while end < len(lines) and lines[end].prose:
            end += 1
        run = lines[i:end]
        words = sum(line.words for line in run)
        likeness = sum(cohesion(line, known) * line.words for line in run) / words
        if words >= _RUN_WORDS and (likeness >= _threshold(run, words) or (len(run) >= 3 and words > before < after)):
            return _earliest(lines, start, i, known)
        i = end
    return None


def _threshold(run: Sequence[Line], words: int) -> float:
    """How like the article a run has to be: the less, the more it looks like paragraphs."""
    if len(run) < 3:
        return _LONE_COHESION
    return _RUN_COHESION if words < _PARAGRAPH_WORDS * len(run) else _PARAGRAPHS_COHESION


def _earliest(lines: Sequence[Line], start: int, found: int, known: set[str]) -> int:
    """The first line of running text before ``found`` that speaks of the article's subject too."""
    for i in range(start, found):
        if lines[i].prose and lines[i].words >= _OWN_WORDS and cohesion(lines[i], known) >= _RUN_COHESION:
            return i
    return found


def cut(lines: Sequence[Line], rules: Sequence[Rule | None]) -> dict[int, str]:
    """The markers after which the article is over, with all that follows, or with what lies before it goes on.

    Comments end an article for good; after any other marker it may go on, but not beyond the comments.
    """
    gone: dict[int, str] = {}
    sums = list(accumulate((line.words if line.prose else 0 for line in lines), initial=0))
    end = next((i for i, rule in enumerate(rules) if _is_certain(lines, i, rule, sums)), len(lines))
    known: set[str] = set()
    read = reached = 0
    for i, rule in enumerate(rules[:end]):
        if rule is None or rule.action != "cut" or rule.hard or i < reached or sums[i] < MIN_BEFORE_WORDS:
            continue
        known |= vocabulary(lines[read:i])
        read = i
        resumed = resumes_at(lines[:end], i + 1, known, sums)
        if resumed is None:
            return gone | {line.index: rule.name for line in lines[i:]}
        reached = resumed
        last = i + 1 if resumed - i > _BOX_LINES else resumed
        gone |= {line.index: rule.name for line in lines[i:last]}
    marker = rules[end] if end < len(rules) else None
    return gone | {line.index: marker.name for line in lines[end:]} if marker else gone


def _is_certain(lines: Sequence[Line], position: int, rule: Rule | None, sums: Sequence[int]) -> bool:
    """Whether a marker of comments stands below the article and not in a bar above it."""
    if rule is None or not rule.hard:
        return False
    before, after = sums[position], sums[-1] - sums[position]
    if before < MIN_BEFORE_WORDS:
        return False
    if before >= _HARD_BEFORE_WORDS or before >= _HARD_SHARE * (before + after):
        return True
    return resumes_at(lines, position + 1, vocabulary(lines[:position]), sums) is None


def boxes(lines: Sequence[Line], rules: Sequence[Rule | None]) -> dict[int, str]:
    """Every box within the text: its marker and the lines that belong to it.

    A marker that would end the article but stands too early opens a box.
    """
    gone: dict[int, str] = {}
    first = next((i for i, line in enumerate(lines) if line.prose), len(lines))
    uses = stem_uses(lines)
    own = sum(line.words for line in lines if line.prose)
    for i, rule in enumerate(rules):
        if rule is None or rule.hard or rule.action not in {"box", "cut"} or lines[i].index in gone:
            continue
        if rule.action == "cut" and i < first:
            continue
        for line in lines[i : _box_end(lines, rules, i, rule, uses, own)]:
            gone[line.index] = rule.name
    return gone


def _box_end(
    lines: Sequence[Line], rules: Sequence[Rule | None], start: int, rule: Rule, uses: Counter[str], own: int
) -> int:
    """The position after the last line of the box that begins at ``start``; ``own`` counts all running text."""
    if rule.until:
        for j in range(start + 1, min(start + 1 + _UNTIL_LINES, len(lines))):
            if lines[j].folded in rule.until:
                return j + 1
    labels, proses = rule.lines, rule.prose
    j = start + 1
    if j < len(lines) and lines[j].bullet:
        while j < len(lines) and lines[j].bullet and not lines[j].prose:
            j += 1
        return j
    while j < len(lines):
        line, other = lines[j], rules[j]
        if line.prose:
            # What is half of all running text is no promotion within it.
            if not proses or line.words * 2 > own or not _is_foreign(line, uses):
                break
            proses -= 1
        elif labels == 0 or not _belongs(line, other):
            break
        else:
            labels -= 1
        j += 1
    return j


def _belongs(line: Line, rule: Rule | None) -> bool:
    """Whether a line without prose may stand in a box: debris, a list item, a headline, not a short sentence."""
    if rule is not None:
        return rule.action in {"drop", "box", "date", "byline"}
    if not line.sentence or line.bullet:
        return True
    return line.words >= 3 and line.end.endswith(("?", "!", "…", "...", '"', "“", "«", "'"))


def _is_foreign(line: Line, uses: Counter[str]) -> bool:
    """Whether a line speaks of something else than the running text around it."""
    return line.words <= _PROMO_WORDS and cohesion(line, {w for w in line.stems if uses[w] > 1}) < _OTHER_SUBJECT
