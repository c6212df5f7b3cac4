"""Who signs wire copy: the table of agencies, and how a printed name finds its row.

The table is data (``agencies.toml``); names are compared without case, dots and soft hyphens.
"""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from typing import Any, Final, NamedTuple


class Agency(NamedTuple):
    """One row of the table: the name for the record, and how far its letters can be trusted.

    ``bare``: its head may stand without a dash. ``ambiguous``: the letters abbreviate other things too.
    ``spoken``: believed only in brackets or in full.
    """

    name: str
    bare: bool
    ambiguous: bool
    spoken: bool


class Sources(NamedTuple):
    """What a chain such as ``dpa/AFP/abc`` names: agencies in order, and the desk codes beside them."""

    agencies: tuple[Agency, ...]
    codes: tuple[str, ...]


def fold(name: str) -> str:
    """Return a name as it is compared: no case, dots or soft hyphens, one kind of hyphen and space."""
    plain = name.replace("\xad", "").replace(".", "").replace("‑", "-").casefold()
    return " ".join(plain.split())


def load(file: str) -> dict[str, Any]:
    """Read one of the room's tables; raises if it is missing or is no TOML."""
    return tomllib.loads(files(__package__).joinpath(file).read_text(encoding="utf-8"))


def _read() -> tuple[dict[str, Agency], frozenset[str], tuple[str, ...], tuple[str, ...]]:
    table = load("agencies.toml")
    by_name: dict[str, Agency] = {}
    every: list[str] = []
    sure: list[str] = []
    for row in table["agency"]:
        letters = bool(row.get("ambiguous"))
        for name in (row["name"], *row.get("aliases", ())):
            in_full = " " in name or "-" in name
            agency = Agency(
                row["name"],
                bool(row.get("bare")),
                letters and not in_full,
                bool(row.get("spoken")) and not in_full,
            )
            by_name.setdefault(fold(name), agency)
            every.append(name)
            if not letters or in_full:
                sure.append(name)
    return by_name, frozenset(table["services"]["codes"]), tuple(every), tuple(sure)


def _alternation(names: tuple[str, ...]) -> str:
    longest_first = sorted(set(names), key=lambda name: (-len(name), name))
    return "(?i:" + "|".join(re.escape(name).replace(r"\ ", r"\s") for name in longest_first) + ")"


_BY_NAME, _SERVICES, _EVERY, _SURE = _read()

NAME: Final = rf"(?<!\w){_alternation(_EVERY)}(?!\w)"
"""Pattern of any spelling in the table; for places where only an agency can stand."""
SURE_NAME: Final = rf"(?<!\w){_alternation(_SURE)}(?!\w)"
"""Pattern of the spellings that mean nothing else."""

_SEPARATOR = re.compile(r"\s*[/,;+&|·]\s*|\s+(?:und|and|et|y|e|en|og|och|mit|with)\s+|\s*\(mit\s+", re.IGNORECASE)
_FILLER = re.compile(r"(?i:red|redaktion|agenturen|agentur|ag|mit|material|wire|staff|eigen)\.?")
_CODE = re.compile(r"(?:burs?-)?[a-zäöü]{2,5}")
_RAW_CODES = re.compile(r"[A-Za-z]{2,4}(?: [a-z0-9]{2,4}){0,5}")


def agency_of(name: str) -> Agency | None:
    """Return the table's row for a printed name, or None."""
    return _BY_NAME.get(fold(name)) if len(name) <= 60 else None


def split_sources(chain: str) -> Sources | None:
    """Read ``APA/dpa/AFP``, ``CNN and AP``, ``dhb/AFP/dpa``; None if a part is neither agency nor code."""
    agencies: list[Agency] = []
    codes: list[str] = []
    for part in _SEPARATOR.split(chain.strip(" \t\xa0()[]"), maxsplit=8):
        name = part.strip(" .()[]")
        if not name or _FILLER.fullmatch(name):
            continue
        agency = agency_of(name)
        if agency is not None:
            agencies.append(agency)
            continue
        first, _, rest = name.partition(" ")
        agency = agency_of(first)
        if agency is not None and _RAW_CODES.fullmatch(rest):
            agencies.append(agency)
            codes.append(rest)
        elif name == "DP" or (_CODE.fullmatch(name) and not (agencies and name in _SERVICES)):
            codes.append(name)
        elif not (agencies and name in _SERVICES):
            return None
    return Sources(tuple(agencies), tuple(codes)) if agencies or codes else None
