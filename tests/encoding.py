"""Whether elements can be written: every string in them, at any depth, is encodable."""

from __future__ import annotations

import dataclasses
from typing import Any


def assert_encodable(value: Any) -> None:
    """Fail on a lone surrogate in any string of an element."""
    if isinstance(value, str):
        value.encode("utf-8")
    elif isinstance(value, tuple):
        for item in value:
            assert_encodable(item)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            assert_encodable(getattr(value, field.name))
