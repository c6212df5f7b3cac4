"""What the names in a page's markup (classes, ids, roles) say that an element is for."""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from importlib.resources import files

_PART = re.compile(r"[A-Z]?[a-zäöüß]+|[A-Z]+(?![a-z])")
_MAX_CHARS = 300
_MIN_GLUED = 6


@cache
def vocabulary() -> dict[str, dict[str, tuple[str, ...]]]:
    """The groups of ``vocabulary.toml`` by table: ``tags``, ``names`` of markup and ``words`` of short texts."""
    tables = tomllib.loads(files("transforms.extract").joinpath("vocabulary.toml").read_text("utf-8"))
    return {table: {group: tuple(words.split()) for group, words in groups.items()} for table, groups in tables.items()}


@cache
def masks(table: str) -> dict[str, int]:
    """For each word of a table the groups it is in, a bit each in the table's order."""
    found: dict[str, int] = {}
    for bit, words in enumerate(vocabulary()[table].values()):
        for word in words:
            found[word] = found.get(word, 0) | 1 << bit
    return found


@lru_cache(maxsize=100_000)
def name_groups(value: str) -> int:
    """The groups of an attribute's value (``article__body js-lead``), a bit each; a site repeats its few values."""
    groups = 0
    for part in _PART.findall(value[:_MAX_CHARS]):
        groups |= _part_groups(part.lower())
    return groups


@lru_cache(maxsize=100_000)
def _part_groups(part: str) -> int:
    known = masks("names")
    groups = known.get(part, 0)
    if not groups and len(part) > _MIN_GLUED:
        for size in range(_MIN_GLUED, len(part)):
            groups |= known.get(part[:size], 0) | known.get(part[-size:], 0)
    return groups or known.get(part.removesuffix("s"), 0)
