"""The JSON Schemas of what is written, as the package ships them."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

KINDS = ("article", "copy", "reject", "gone", "run", "window")


def schema(kind: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of one of `KINDS`: a line of the files of that name, ``run.json``, or a manifest."""
    text = resources.files("transforms.write").joinpath(f"{kind}.schema.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded
