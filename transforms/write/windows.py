"""What a stream writes of one window: names, and the manifest that says that the window is whole."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from transforms.instants import iso
from transforms.write.manifest import SCHEMA_VERSION, Counts, Totals

PREFIX = "window-"
"""How a manifest's name begins."""


def window_name(start: datetime) -> str:
    """``20261124T121000Z``, with a fraction of a second where there is one: names sort like their times."""
    fraction = f".{start.microsecond:06}" if start.microsecond else ""
    return f"{start:%Y%m%dT%H%M%S}{fraction}Z"


def file_name(kind: str, window: str, shard: int, shards: int) -> str:
    """Of one kind's lines of a window."""
    return f"{kind}-{window}-{shard:05}-of-{shards:05}.jsonl"


def manifest_name(window: str) -> str:
    """Of the file whose presence says that a window is whole."""
    return f"{PREFIX}{window}.json"


def next_name(window: str, taken: Sequence[str]) -> str:
    """The window's name, with a number behind it if some of the window has been written before.

    A stream that was stopped and started again within one window writes it in two parts; so does what came late.

    Args:
        taken: names of manifests that there are.
    """
    number, name = 1, window
    while manifest_name(name) in taken:
        number += 1
        name = f"{window}-{number}"
    return name


def window_manifest(
    run: Mapping[str, Any],
    window: tuple[str, datetime, datetime],
    generation: int | None,
    totals: Totals,
    files: Mapping[str, Sequence[str]],
    gone: int,
    commit: str,
) -> str:
    """The text of ``window-….json``.

    Args:
        run: what is known of the run: run_id and attempt are taken.
        window: its name, start and end.
        generation: of the state, which was committed with the window.
        totals: checked here, see `transforms.write.manifest.CountsError`.
        files: names of the files of each kind.
        gone: how many addresses are told to be gone.
        commit: of what the window was made, so that it is known if it comes again.
    """
    totals.counts.check()
    name, start, end = window
    row = {
        "schema_version": SCHEMA_VERSION,
        "window": name,
        "start": iso(start),
        "end": iso(end),
        "run_id": run["run_id"],
        "attempt": run["attempt"],
        "commit": commit,
        "generation": generation,
        "counts": dataclasses.asdict(totals.counts),
        "gone": gone,
        "rejects_by_reason": dict(sorted(totals.rejects_by_reason.items())),
        "articles_by_language": dict(sorted(totals.articles_by_language.items())),
        "extraction": totals.extraction,
        "files": {kind: sorted(names) for kind, names in files.items()},
    }
    return json.dumps(row, ensure_ascii=False, indent=2) + "\n"


def summed(windows: Sequence[Mapping[str, Any]]) -> tuple[Totals, dict[str, list[str]]]:
    """What several windows come to, and all their files by kind."""
    counts = dict.fromkeys((field.name for field in dataclasses.fields(Counts)), 0)
    parts: dict[str, dict[str, int]] = {
        name: {} for name in ("rejects_by_reason", "articles_by_language", "extraction")
    }
    files = dict[str, list[str]]()
    for window in windows:
        for part, total in (parts | {"counts": counts}).items():
            for name, count in window[part].items():
                total[name] = total.get(name, 0) + count
        for kind, names in window["files"].items():
            files.setdefault(kind, []).extend(names)
    return Totals(Counts(**counts), **parts), files


def by_name_of(facts: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
    """What is known of a window, by what it tells."""
    found = defaultdict[str, list[Any]](list)
    for name, value in facts:
        found[name].append(value)
    return found


def digest_of(*facts: list[Any]) -> str:
    """Equal for the same facts alone: each has a name of its own, which a runner keeps over starts of the program."""
    return hashlib.blake2b(repr([sorted(some) for some in facts]).encode(), digest_size=8).hexdigest()
