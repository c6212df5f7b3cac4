"""What the report of a run keeps of its files: counters and small samples, which do not grow with the run."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from itertools import accumulate
from operator import itemgetter
from typing import Any

MAX_RECORDS = 50
MAX_COPIED = 20
MAX_EXAMPLES = 5
MAX_OUTLETS = 8
MAX_BINS = 62
MAX_NAMES = 100_000  # of sources: a run over single files has one for each of them
REST = "(all others)"
CUT = "…"
WEB = re.compile(r"https?://(?:www\.)?([^\s/?#:@]{1,253})", re.I)

_URL_CHARS = 2000
_SHOWN = {"title": 300, "source": 300, "language": 3, "agency": 100, "dateline": 100, "text": 300}


class Tally:
    """Counts lines of a run's files, as they were parsed, in any order."""

    def __init__(self) -> None:
        self.sources: dict[str, Counter[str]] = {}
        self.agencies: Counter[str] = Counter()
        self.days: Counter[str] = Counter()
        self.rejects: Counter[tuple[str, str]] = Counter()
        self.examples: dict[tuple[str, str], list[dict[str, str]]] = {}
        self._copied: list[tuple[Any, dict[str, Any]]] = []
        self._sample: list[tuple[Any, dict[str, Any]]] = []

    def add_article(self, row: Mapping[str, Any]) -> None:
        """Add a line of ``articles-*.jsonl``; raises KeyError, TypeError or ValueError if it is none."""
        self._add_source(row["source"], "articles")
        if row["agency"]:
            self.agencies[cut(row["agency"], _SHOWN["agency"])] += 1
        if row["published_at"]:
            self.days[date.fromisoformat(row["published_at"][:10]).isoformat()] += 1
        # The lowest ids are a fair sample, for an id is a hash.
        _keep(self._sample, (row["id"], -row["revision"]), row, _excerpt, MAX_RECORDS)
        if row["copy_count"]:
            _keep(self._copied, (-row["copy_count"], row["id"]), row, _story, MAX_COPIED)

    def add_copy(self, row: Mapping[str, Any]) -> None:
        """Add a line of ``copies-*.jsonl``; raises as `add_article`."""
        self._add_source(row["source"], "copies")

    def add_reject(self, row: Mapping[str, Any]) -> None:
        """Add a line of ``rejects-*.jsonl``; raises as `add_article`."""
        self._add_source(row["source"] or "(unknown)", "rejects")
        kind = (str(row["stage"]), str(row["reason"]))
        self.rejects[kind] += 1
        examples = self.examples.setdefault(kind, [])
        if len(examples) < MAX_EXAMPLES:
            examples.append({"url": cut(row["url"], _URL_CHARS), "detail": cut(row["detail"], 300)})

    def count(self, kind: str) -> int:
        """How many lines of a kind (``articles``, ``copies``, ``rejects``) were added."""
        return sum(counts[kind] for counts in self.sources.values())

    def records(self) -> list[dict[str, Any]]:
        """A sample of the articles, with what the page shows of each."""
        return [row for _, row in self._sample]

    def stories(self) -> list[dict[str, Any]]:
        """The articles with most copies, most first: as in `records`, with ``copy_count`` and ``outlets``."""
        return [row for _, row in self._copied]

    def _add_source(self, name: str, kind: str) -> None:
        name = cut(name, _SHOWN["source"])
        if name not in self.sources and len(self.sources) >= MAX_NAMES:
            name = REST
        self.sources.setdefault(name, Counter())[kind] += 1


def histogram(days: Mapping[str, int]) -> tuple[str, dict[str, int]]:
    """Counts by day to a unit (``day``, ``month``, ``year``) and the count of each bin of it, empty ones too.

    The unit is the finest of which `MAX_BINS` reach over all days or, as a few stray dates are the rule, over those
    between the 5th and the 95th percentile. What lies outside is in no bin.
    """
    ordered = sorted(days)
    below = list(accumulate(days[day] for day in ordered))
    low, high = (ordered[bisect_left(below, part * below[-1])] for part in (0.05, 0.95))
    spans = ((ordered[0], ordered[-1]), (low, high))
    choices = ((unit, _ordinals(*span, unit)) for unit in ("day", "month", "year") for span in spans)
    fitting = (choice for choice in choices if len(choice[1]) <= MAX_BINS)
    unit, ordinals = next(fitting, ("year", _ordinals(low, high, "year")))
    bins = dict.fromkeys(ordinals, 0)
    for day, count in days.items():
        if (ordinal := _ordinal(day, unit)) in bins:
            bins[ordinal] += count
    return unit, {_label(ordinal, unit): count for ordinal, count in bins.items()}


def _ordinals(first: str, last: str, unit: str) -> range:
    return range(_ordinal(first, unit), _ordinal(last, unit) + 1)


def _ordinal(day: str, unit: str) -> int:
    if unit == "day":
        return date.fromisoformat(day).toordinal()
    year, month = int(day[:4]), int(day[5:7])
    return year if unit == "year" else year * 12 + month - 1


def _label(ordinal: int, unit: str) -> str:
    if unit == "day":
        return date.fromordinal(ordinal).isoformat()
    return f"{ordinal:04}" if unit == "year" else f"{ordinal // 12:04}-{ordinal % 12 + 1:02}"


def cut(text: str | None, max_chars: int) -> str:
    """The text's beginning, marked where something is gone; nothing for None."""
    text = text or ""
    return text if len(text) <= max_chars else text[: max_chars - 1].rstrip() + CUT


def _keep(best: list[Any], key: Any, row: Any, shown: Callable[[Any], Any], size: int) -> None:
    """Add what is shown of the row to the ``size`` items of the lowest keys, if it is one of them."""
    if len(best) < size or key < best[-1][0]:
        insort(best, (key, shown(row)), key=itemgetter(0))
        del best[size:]


def _excerpt(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: cut(row[name], size) for name, size in _SHOWN.items()} | {
        "url": cut(row["url"], _URL_CHARS),
        "published_at": row["published_at"],
        "is_day": row["published_precision"] == "day",
    }


def _story(row: Mapping[str, Any]) -> dict[str, Any]:
    outlets: Counter[str] = Counter()
    for copy in row["copies"]:
        host = WEB.match(copy["url"] or "")
        outlets[host[1].lower() if host else cut(copy["source"], _SHOWN["source"])] += 1
    return _excerpt(row) | {"copy_count": row["copy_count"], "outlets": outlets.most_common(MAX_OUTLETS)}
