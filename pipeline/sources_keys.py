"""The keys of a sources file: where each belongs, what it may hold, and what is wrong with what it holds."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from functools import partial
from typing import Any, Literal, NamedTuple, get_args

from pipeline.config import UsageError, parse_size
from pipeline.marked_yaml import ALIAS, Listing, Mapping, Node, Problem, Scalar
from pipeline.values import (
    checked_address,
    checked_contact,
    checked_name,
    checked_pattern,
    parse_count,
    parse_interval,
    parse_truth,
    shown,
)
from transforms.elements import SourceKind

MIN_EVERY_S = 10.0
_VERSION = "1"
_KINDS = get_args(SourceKind)
_MAX_VALUE_CHARS = 4096
_TAKEN_FOR = {"bool": "true or false", "int": "a number", "float": "a number", "timestamp": "a date"}


def _parse_version(text: str, name: str) -> int:
    if text != _VERSION:
        raise UsageError(f"{name} {shown(text)}: this release reads version {_VERSION}")
    return int(text)


def _parse_kind(text: str, name: str) -> str:
    if text not in _KINDS:
        hint = "; RSS, Atom and JSON Feed are all feed" if text.lower() in ("rss", "atom", "json", "jsonfeed") else ""
        raise UsageError(f"{name} {shown(text)}: give one of {', '.join(_KINDS)}{hint}")
    return text


def _parse_every(text: str, name: str) -> float:
    seconds = parse_interval(text, name)
    if seconds < MIN_EVERY_S:
        raise UsageError(f"{name} {shown(text)}: give {MIN_EVERY_S:g}s or more")
    return seconds


class Key(NamedTuple):
    """What a key holds.

    Args:
        field: the field that it fills.
        parse: from text and the key's name to the field's value, or to each value of its list.
        kind: what YAML has to take the text for; None where `parse` knows better.
        many: whether it holds one value, a list, or either.
    """

    field: str
    parse: Callable[[str, str], Any]
    kind: Literal["str", "int", "bool"] | None = "str"
    many: Literal["one", "list", "either"] = "one"


Keys = dict[str, Key | None]
"""None stands for a key that holds keys of its own."""

FILE: Keys = {
    "version": Key("version", _parse_version, "int"),
    "contact": Key("contact", checked_contact),
    "fetch": None,
    "sources": None,
}
FETCH = {
    "per_host_delay": Key("per_host_delay_s", parse_interval, None),
    "timeout": Key("timeout_s", parse_interval, None),
    "max_bytes": Key("max_bytes", parse_size, None),
    "max_redirects": Key("max_redirects", partial(parse_count, most=50), "int"),
    "retries": Key("retries", partial(parse_count, most=20), "int"),
    "respect_robots": Key("respect_robots", parse_truth, "bool"),
    "allow_private": Key("allow_private", parse_truth, "bool"),
}
SOURCE: Keys = {
    "name": Key("name", checked_name),
    "kind": Key("kind", _parse_kind),
    "url": Key("urls", checked_address, many="either"),
    "follow": Key("follow", parse_truth, "bool"),
    "every": Key("every_s", _parse_every, None),
    "limit": Key("limit", partial(parse_count, least=1), "int"),
    "max_age": Key("max_age_s", parse_interval, None),
    "include": Key("include", checked_pattern, many="list"),
    "exclude": Key("exclude", checked_pattern, many="list"),
}
_PLACES: tuple[tuple[Keys, str], ...] = (
    (FILE, "at the top, not indented"),
    ({**FETCH}, "below fetch:, for all sources"),
    (SOURCE, "in a source"),
)
_ADD = {
    "version": f"version is missing; add a line: version: {_VERSION}",
    "contact": "contact is missing, and without it nothing is fetched; "
    "add a line with a page or mailto: address of yours: contact: https://example.org/bot",
    "sources": "sources is missing; add a line sources: and below it a list of them",
    "name": "a source without a name; add a line: name: NAME",
    "kind": f"a source without a kind; add a line: kind: {' | '.join(_KINDS)}",
    "url": "a source without an address; add a line: url: https://…",
}


class Checker:
    """Takes the values out of a tree and gathers what is wrong with it; values are whole only without problems."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems

    def file(self, root: Node) -> dict[str, Any]:
        """The values of a file: ``version``, ``contact``, ``fetch`` and ``sources``, the latter by fields."""
        values = self._mapping(root, {**FILE}, ("version", "contact", "sources"), "the file")
        entries = root.entries if isinstance(root, Mapping) else {}
        if "fetch" in entries and not _is_empty(entries["fetch"][1]):
            values["fetch"] = self._mapping(entries["fetch"][1], {**FETCH}, (), "fetch")
        if "sources" in entries:
            values["sources"] = self._sources(*entries["sources"])
        return values

    def _sources(self, line: int, node: Node) -> list[dict[str, Any]]:
        if not isinstance(node, Listing) or not node.items:
            if not _is_alias(node):
                self._note(line, "sources holds no list; begin each source with a dash: - name: NAME")
            return []
        sources = []
        lines: dict[str, int] = {}
        for item in node.items:
            source = self._source(item)
            name = source.get("name")
            if name in lines:
                at = item.entries["name"][0] if isinstance(item, Mapping) else item.line
                self._note(at, f"doubled name {shown(name)}, first on line {lines[name]}; give another one")
            elif name is not None:
                lines[name] = item.entries["name"][0] if isinstance(item, Mapping) else item.line
            sources.append(source)
        return sources

    def _source(self, node: Node) -> dict[str, Any]:
        values = self._mapping(node, SOURCE, ("name", "kind", "url"), "a source")
        if isinstance(node, Mapping):
            kind = values.get("kind")
            _, url = node.entries.get("url", (0, None))
            if isinstance(url, Listing) and not url.items:
                self._note(url.line, "url is an empty list; give at least one address")
            elif isinstance(url, Listing) and kind not in (None, "page"):
                self._note(url.line, f"url is a list, which only pages have; make a source of each {kind}")
            if kind == "sitemap" and values.get("follow") is False:
                line = node.entries["follow"][0]
                self._note(
                    line, "follow false leaves nothing to read of a sitemap, which holds no texts; drop the line"
                )
        return values

    def _mapping(self, node: Node, keys: Keys, required: tuple[str, ...], what: str) -> dict[str, Any]:
        values: dict[str, Any] = {}
        if not isinstance(node, Mapping):
            if not _is_alias(node):
                self._note(node.line, f"{what} holds no KEY: VALUE lines; known keys: {', '.join(keys)}")
            return values
        for name, (line, value) in node.entries.items():
            key = keys.get(name)
            if name not in keys:
                self._note(line, _unknown(name, keys))
            elif key is not None:
                values[key.field] = self._value(name, line, value, key)
        for name in required:
            if name not in node.entries:
                self._note(node.line, _ADD[name])
        return values

    def _value(self, name: str, line: int, node: Node, key: Key) -> Any:
        if isinstance(node, Listing) and key.many != "one":
            return tuple(dict.fromkeys(self._one(name, item, key) for item in node.items))
        if key.many == "list" and isinstance(node, Scalar) and node.kind == "str":
            self._note(node.line, f"{name} {shown(node.text)}: give a list: [{shown(node.text)}]")
            return ()
        if _is_empty(node):
            self._note(line, f"{name} has no value; give one or drop the line")
            return None
        one = self._one(name, node, key)
        return one if key.many == "one" else (one,)

    def _one(self, name: str, node: Node, key: Key) -> Any:
        if not isinstance(node, Scalar):
            what = "a list" if isinstance(node, Listing) else "keys"
            self._note(node.line, f"{name} holds {what}; give one value")
        elif not _is_alias(node):
            try:
                if len(node.text) > _MAX_VALUE_CHARS:
                    raise UsageError(f"{name} {shown(node.text)}: no value is that long")
                if key.kind not in (None, node.kind):
                    raise UsageError(_wrong_kind(name, node, key))
                return key.parse(node.text, name)
            except UsageError as error:
                self._note(node.line, str(error))
        return None

    def _note(self, line: int, message: str) -> None:
        self.problems.append(Problem(line, message))


def _is_alias(node: Node) -> bool:
    """Whether it stands for a mistake that was noted already."""
    return isinstance(node, Scalar) and node.kind == ALIAS


def _is_empty(node: Node) -> bool:
    """Whether nothing is written there: a key whose lines were all commented out."""
    return isinstance(node, Scalar) and node.kind == "null"


def _wrong_kind(name: str, node: Scalar, key: Key) -> str:
    if key.kind == "str":
        if _is_empty(node):
            return f"{name} has no value; give one or drop the line"
        taken_for = _TAKEN_FOR.get(node.kind, f"!!{node.kind}"[:40])
        return f"{name} {shown(node.text)}: YAML takes it for {taken_for}; put it in quotes"
    wanted = "true or false" if key.kind == "bool" else "a whole number"
    return f"{name} {shown(node.text)}: give {wanted}, without quotes"


def _unknown(name: str, keys: Keys) -> str:
    for others, place in _PLACES:
        if name in others:
            return f"unknown key {shown(name)} here; it belongs {place}"
    close = difflib.get_close_matches(name[:40].lower().replace("-", "_"), keys, n=1)
    hint = f"did you mean {shown(close[0])}?" if close else f"known here: {', '.join(keys)}"
    return f"unknown key {shown(name)}; {hint}"
