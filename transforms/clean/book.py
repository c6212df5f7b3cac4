"""The named rules: read once from ``rules/*.toml``, matched against bounded slices of a line.

A rule is a table with

* ``name``: ``language.family.what``;
* ``action``: what happens to the line, see `ACTIONS`;
* ``zone``: where it may act: ``any``, ``head`` (before the running text), ``body`` (after its first line), ``tail``
  (its last two fifths and after);
* ``whole``: phrases that are the whole line, compared folded (lower case, no bullet, no closing punctuation);
* ``match``: regular expressions matched at the folded line's beginning; ``end``: searched in its last 160 characters,
  if one of the signs in ``gate`` stands there;
* ``cues``: expressions that have to occur in the first 900 characters, the rarest first, without which the others are
  not looked for; ``need``: how many of them suffice (default all);
* ``max_chars``: a longer line is not meant (default 200);
* ``raw``: true if ``match`` and ``end`` look at the line as it is written, with its capitals and signs; else they are
  written in lower case;
* ``hard``: of a cut: what follows never is the article again (comments);
* ``lines``: of a box: how many lines without prose it may hold; ``prose``: how many of another subject;
  ``until``: phrases that close it;
* ``alone``: true if rows of a table and subheads that are numbered from one on are not meant;
* ``paywall``: the line says that the text is cut off for those who do not pay;
* ``example``: an invented line that it matches, ``keeps``: one that it must not match.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

ACTIONS = ("drop", "cut", "box", "caption", "byline", "date", "section", "trail")
"""Drop the line; it and all after; it and its box; move it to the captions or bylines; read its date;
read its section; read the breadcrumb trail."""

LANGUAGES = ("de", "en", "fr", "es", "it", "nl", "da")
"""The languages that have rules of their own."""
_WORD = re.compile(r"[^\W\d_]{1,30}")
_LONG_CHARS = 420
"""Only the rules for appeals, notices and captions look at longer lines."""
_SAMPLE_CHARS = 300
_MIN_SHARE = 0.12


class Rule(NamedTuple):
    """One rule, as its table says; the patterns compiled."""

    name: str
    action: str
    zone: str
    whole: frozenset[str]
    match: tuple[re.Pattern[str], ...]
    end: tuple[re.Pattern[str], ...]
    gate: tuple[str, ...]
    cues: tuple[re.Pattern[str], ...]
    need: int
    max_chars: int
    hard: bool
    lines: int
    prose: int
    until: frozenset[str]
    alone: bool
    paywall: bool
    raw: bool
    example: str
    keeps: str | None

    def matches(self, head: str, folded: str) -> bool:
        """Whether one of its ``match`` expressions fits the line's beginning."""
        begin = head if self.raw else folded
        return any(pattern.match(begin) for pattern in self.match)

    def ends(self, end: str) -> bool:
        """Whether one of its ``end`` expressions is found in the line's end."""
        if self.gate and not any(sign in end for sign in self.gate):
            return False
        close = end if self.raw else end.lower()
        return any(pattern.search(close) for pattern in self.end)

    def cued(self, lower: str) -> bool:
        """Whether its first cue and enough of the others occur."""
        missing = len(self.cues) - self.need
        for cue in self.cues:
            if cue.search(lower) is None:
                missing -= 1
                if missing < 0 or cue is self.cues[0]:
                    return False
        return True


class RuleBook:
    """The rules that act together on one document, indexed so that most lines cost a few calls."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._whole: dict[str, list[Rule]] = {}
        for rule in self.rules:
            for phrase in rule.whole:
                self._whole.setdefault(phrase, []).append(rule)
        self._matching = tuple(r for r in self.rules if r.match)
        self._long = tuple(r for r in self._matching if r.max_chars > _LONG_CHARS)
        self._ending = tuple(r for r in self.rules if r.end)
        self._cued = tuple(r for r in self.rules if r.cues)
        self._folded = _one_of(p for r in self._matching if not r.raw for p in r.match)
        self._raw = _one_of(p for r in self._matching if r.raw for p in r.match)
        self._cue = _one_of(r.cues[0] for r in self._cued)

    def match(self, head: str, end: str, folded: str, lower: str, chars: int) -> tuple[Rule, ...]:
        """All rules that fit a line: whole phrases first, then beginnings, ends and cues.

        Args:
            head: the first 300 characters, tidied and without a bullet.
            end: the last 160.
            folded: the line as `transforms.clean.lines.fold` gives it.
            lower: its first 900 characters in lower case.
            chars: the line's whole length.
        """
        found = [rule for rule in self._whole.get(folded, ()) if chars <= rule.max_chars]
        tried = self._long
        if chars <= _LONG_CHARS:
            tried = self._matching if self._folded.match(folded) or self._raw.match(head) else ()
        found += [r for r in tried if chars <= r.max_chars and r.matches(head, folded)]
        found += [r for r in self._ending if chars <= r.max_chars and r.ends(end)]
        if self._cue.search(lower):
            found += [r for r in self._cued if chars <= r.max_chars and r.cued(lower)]
        return tuple(dict.fromkeys(found))


def _one_of(patterns: Iterable[re.Pattern[str]]) -> re.Pattern[str]:
    """One expression that matches where any of these does: most lines are turned away by a single call."""
    return re.compile("|".join(p.pattern.removeprefix("^") for p in patterns))


def _compiled(table: Mapping[str, Any], key: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in table.get(key, ()))


def _rule(table: Mapping[str, Any]) -> Rule:
    return Rule(
        name=table["name"],
        action=table["action"],
        zone=table.get("zone", "any"),
        whole=frozenset(table.get("whole", ())),
        match=_compiled(table, "match"),
        end=_compiled(table, "end"),
        gate=tuple(table.get("gate", ())),
        cues=_compiled(table, "cues"),
        need=table.get("need", len(table.get("cues", ()))),
        max_chars=table.get("max_chars", 200),
        hard=table.get("hard", False),
        lines=table.get("lines", 6),
        prose=table.get("prose", 0),
        until=frozenset(table.get("until", ())),
        alone=table.get("alone", False),
        paywall=table.get("paywall", False),
        raw=table.get("raw", False),
        example=table["example"],
        keeps=table.get("keeps"),
    )


@cache
def _table(language: str) -> Mapping[str, Any]:
    return tomllib.loads(files("transforms.clean.rules").joinpath(f"{language}.toml").read_text("utf8"))


@cache
def rules(language: str) -> tuple[Rule, ...]:
    """The rules of one file: of one of `LANGUAGES`, or ``any`` for those that need no language."""
    return tuple(_rule(table) for table in _table(language)["rule"])


@cache
def book(language: str) -> RuleBook:
    """The rules for a document in a language: German pages carry English phrases too, but not the reverse."""
    own = (language,) if language in LANGUAGES else ()
    chosen = ("any", *own, "en") if language == "de" else ("any", *own)
    return RuleBook(rule for name in chosen for rule in rules(name))


@cache
def _stop_words() -> Mapping[str, frozenset[str]]:
    return {name: frozenset(_table(name)["stop_words"]) for name in LANGUAGES}


def language_of(texts: Iterable[str]) -> str:
    """One of `LANGUAGES` or ``und`` by the share of function words, enough to choose the rules.

    Each line counts with at most 300 characters; a share below an eighth is another language.
    """
    words = Counter(_WORD.findall("\n".join(text[:_SAMPLE_CHARS] for text in texts).lower()))
    total = sum(words.values())
    if not total:
        return "und"
    shares = {name: sum(words[w] for w in stop) / total for name, stop in _stop_words().items()}
    best = max(shares, key=lambda name: shares[name])
    return best if shares[best] >= _MIN_SHARE else "und"
