"""A finished run in a few lines, for a terminal."""

from __future__ import annotations

import json
import textwrap
from datetime import datetime
from itertools import islice
from typing import Any

from apache_beam.io.filesystems import FileSystems

from transforms.write.manifest import NAME as MANIFEST

_SHOWN = ("title", "lead", "published_at", "language", "agency", "dateline", "byline_codes", "authors", "source")
_WIDTH = 100
_LOOKED_AT = 1000


def of_run(directory: str, is_color: bool) -> str:
    """What a finished run read and wrote, where it lies, and one record of it."""
    run = json.loads(_read(FileSystems.join(directory, MANIFEST)))
    counts = run["counts"]
    took = datetime.fromisoformat(run["finished_at"]) - datetime.fromisoformat(run["started_at"])
    bold, plain = ("\033[1m", "\033[0m") if is_color else ("", "")
    lines = [
        f"{bold}Depesche {run['versions'].get('depesche', '')}{plain}  run {run['run_id']} on {run['runner']}, "
        f"{took.total_seconds():.0f} s",
        "",
        f"{counts['read']:>8} documents read",
        f"{counts['articles']:>8} articles   {_parts(run['articles_by_language'])}",
        f"{counts['copies']:>8} copies",
        f"{counts['rejects']:>8} rejects    {_parts(run['rejects_by_reason'])}",
        *([f"{counts['unchanged']:>8} unchanged since an earlier run"] if run["state"] else []),
        "",
        f"Results: {directory}",
        f"To look at: {FileSystems.join(directory, 'report.html')}",
    ]
    record = _most_copied(directory, run["files"]["articles"])
    if record is not None:
        lines += ["", f"{bold}One record of them{plain} (its text cut):", *_record(record)]
    return "\n".join(line.rstrip() for line in lines)


def _parts(counts: dict[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {count}" for name, count in ordered)


def _most_copied(directory: str, names: list[str]) -> dict[str, Any] | None:
    """The record of the first file that has most copies, else the first one: it shows most of what a record can."""
    best: dict[str, Any] | None = None
    for name in names[:1]:
        with FileSystems.open(FileSystems.join(directory, name)) as lines:
            records = [json.loads(line) for line in islice(lines, _LOOKED_AT)]
        for record in records:
            if best is None or _interest(record) > _interest(best):
                best = record
    return best


def _interest(record: dict[str, Any]) -> tuple[int, int, str]:
    filled = sum(bool(record[name]) for name in _SHOWN)
    return record["copy_count"], filled, record["id"]


def _record(record: dict[str, Any]) -> list[str]:
    lines = []
    for name in _SHOWN:
        if value := record[name]:
            shown = ", ".join(value) if isinstance(value, list) else str(value)
            lines.append(f"  {name:<14} {textwrap.shorten(shown, _WIDTH - 17, placeholder=' …')}")
    text = textwrap.wrap(textwrap.shorten(record["text"], 320, placeholder=" …"), _WIDTH - 17)
    lines += [f"  {'text' if not number else '':<14} {line}" for number, line in enumerate(text)]
    for copy in record["copies"][:3]:
        lines.append(f"  {'copy':<14} {copy['url'] or copy['source']}")
    return lines


def _read(path: str) -> str:
    with FileSystems.open(path) as stream:
        return str(stream.read().decode("utf-8"))
