"""What `run.json` says."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from transforms.reasons import Stage
from transforms.text_origin import TextOrigin

SCHEMA_VERSION = 1
NAME = "run.json"


class CountsError(RuntimeError):
    """The counts of a run do not close: something was lost or doubled, and the run must not be committed."""


@dataclasses.dataclass(frozen=True, slots=True)
class Counts:
    """How many inputs there were and what each became."""

    read: int
    articles: int
    copies: int
    rejects: int
    unchanged: int = 0

    def check(self) -> None:
        """Raise `CountsError` unless read = articles + copies + rejects + unchanged."""
        ended = self.articles + self.copies + self.rejects + self.unchanged
        if self.read != ended:
            raise CountsError(f"{self.read} documents were read, but {ended} came to an end: {self}")


READ, NOT_DUE, ARTICLE, COPY, REJECT, UNCHANGED = "read", "not_due", "article", "copy", "reject", "unchanged"
TEXT = "text"
"""What is counted, by the first part of its key: behind `ARTICLE` its language, behind `REJECT` stage and reason,
behind `TEXT` what it was taken from."""


class Totals(NamedTuple):
    """What was counted, summed up: see `manifest`."""

    counts: Counts
    rejects_by_reason: dict[str, int]
    articles_by_language: dict[str, int]
    extraction: dict[str, int]


def totals(counted: Mapping[tuple[str, ...], int]) -> Totals:
    """What was counted by key, summed up."""
    by_language = {key[1]: count for key, count in counted.items() if key[0] == ARTICLE}
    by_reason: dict[str, int] = {}
    unread = counted.get((NOT_DUE,), 0)
    for key, count in counted.items():
        if key[0] == REJECT:
            by_reason[key[2]] = by_reason.get(key[2], 0) + count
            unread += count if key[1] in (Stage.READ, Stage.FETCH) else 0
    counts = Counts(
        read=counted.get((READ,), 0) + unread,
        articles=sum(by_language.values()),
        copies=counted.get((COPY,), 0),
        rejects=sum(by_reason.values()),
        unchanged=counted.get((UNCHANGED,), 0) + counted.get((NOT_DUE,), 0),
    )
    return Totals(counts, by_reason, by_language, {str(one): counted.get((TEXT, str(one)), 0) for one in TextOrigin})


def manifest(
    run: Mapping[str, Any],
    counts: Counts,
    rejects_by_reason: Mapping[str, int],
    articles_by_language: Mapping[str, int],
    extraction: Mapping[str, int],
    files: Mapping[str, Sequence[str]],
    finished_at: str,
) -> str:
    """The text of ``run.json``.

    Args:
        run: what was known at the start: run_id, attempt (which start of the program it was), started_at, runner,
            state (from which generation to which), options, versions.
        counts: checked here, see `CountsError`.
        rejects_by_reason: their sum is ``counts.rejects``.
        articles_by_language: their sum is ``counts.articles``.
        extraction: of the pages that an article was taken out of, what their text is and what led there.
        files: names of the files of each kind, in any order.
        finished_at: in the contract's form.
    """
    counts.check()
    row = {
        "schema_version": SCHEMA_VERSION,
        "run_id": run["run_id"],
        "attempt": run["attempt"],
        "started_at": run["started_at"],
        "finished_at": finished_at,
        "runner": run["runner"],
        "state": run["state"],
        "counts": dataclasses.asdict(counts),
        "rejects_by_reason": dict(sorted(rejects_by_reason.items())),
        "articles_by_language": dict(sorted(articles_by_language.items())),
        "extraction": dict(extraction),
        "files": {kind: sorted(name.rsplit("/", 1)[-1] for name in names) for kind, names in files.items()},
        "options": dict(run["options"]),
        "versions": dict(run["versions"]),
    }
    return json.dumps(row, ensure_ascii=False, indent=2) + "\n"
