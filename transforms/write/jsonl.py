"""Elements to the lines of the contract's files."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime
from typing import Any

from transforms.elements import Copy, Gone, Record, Reject
from transforms.instants import iso

SCHEMA_VERSION = 1


def record_line(record: Record) -> str:
    """A line of ``articles-*.jsonl``."""
    return _line({"schema_version": SCHEMA_VERSION} | _fields(record))


def copy_line(copy: Copy) -> str:
    """A line of ``copies-*.jsonl``."""
    return _line(_fields(copy))


def reject_line(reject: Reject) -> str:
    """A line of ``rejects-*.jsonl``."""
    return _line(_fields(reject))


def gone_line(gone: Gone) -> str:
    """A line of ``gone-*.jsonl``."""
    return _line(_fields(gone))


def _line(row: dict[str, Any]) -> str:
    # A line separator of Unicode inside of a string would end the line for many readers of JSONL.
    text = json.dumps(row, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").replace("\x85", "\\u0085")


def _fields(element: Any) -> dict[str, Any]:
    return {field.name: _value(getattr(element, field.name)) for field in dataclasses.fields(element)}


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, tuple):
        return [_value(item) for item in value]
    return _fields(value) if dataclasses.is_dataclass(value) else value
