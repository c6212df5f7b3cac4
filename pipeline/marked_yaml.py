"""YAML as a tree whose every value knows its line: nothing is constructed, and no mistake is passed over.

YAML lets a key stand twice (the last one wins) and lets a few lines stand for billions (aliases): here both are
mistakes.
"""

from __future__ import annotations

from typing import NamedTuple

import yaml

from pipeline.values import shown

_MAX_DEPTH = 16
ALIAS = "alias"
"""The kind of a scalar that stands where an alias stood, which was noted as a problem."""
_ALIAS_TAG = f"tag:depesche,2026:{ALIAS}"
_HINTS = {
    "cannot start any token": "; indent with spaces, and put text that begins with it in quotes",
    "mapping values are not allowed": "; put text that holds a colon and a space in quotes, or mend the indentation",
    "could not find expected ':'": "; each line is KEY: VALUE or begins with a dash",
    "but found '<block mapping start>'": "; mend the indentation",
}


class Problem(NamedTuple):
    """A mistake: on which line, counted from 1, and what to change."""

    line: int
    message: str


class Scalar(NamedTuple):
    """One value as written; ``kind`` is what YAML takes it for (``str``, ``int``, ``bool``, ``null`` …)."""

    line: int
    text: str
    kind: str


class Listing(NamedTuple):
    """A list."""

    line: int
    items: tuple[Node, ...]


class Mapping(NamedTuple):
    """Keys and their values, each key with its own line."""

    line: int
    entries: dict[str, tuple[int, Node]]


Node = Scalar | Listing | Mapping


def parse(text: str) -> tuple[Node | None, list[Problem]]:
    """The tree and what is wrong with it. The tree is None after an error of syntax, and where there is no content."""
    try:
        loader = _Loader(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return None, [Problem(line, f"the character U+{_code(error.character):04X} has no place in YAML; remove it")]
    try:
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return None, [*loader.problems, Problem(mark.line + 1 if mark else 1, _syntax(error))]
    except (ValueError, OverflowError):  # PyYAML lets \UFFFFFFFF and %YAML with 5,000 digits go that far
        message = "not YAML: an escape or a directive with a number out of range"
        return None, [*loader.problems, Problem(loader.get_mark().line + 1, message)]
    finally:
        loader.dispose()
    problems = loader.problems
    return (_node(root, problems) if root is not None else None), problems


class _Loader(yaml.SafeLoader):
    """Composes nodes; takes no aliases, and no tree deeper than `_MAX_DEPTH`."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.problems: list[Problem] = []
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.get_event()  # type: ignore[no-untyped-call]
            message = f"aliases such as {shown('*' + event.anchor)} are not taken; write the value out"
            self.problems.append(Problem(event.start_mark.line + 1, message))
            return yaml.ScalarNode(_ALIAS_TAG, "", event.start_mark, event.end_mark)
        if self._depth == _MAX_DEPTH:
            raise yaml.MarkedYAMLError(problem="nested too deeply", problem_mark=self.get_mark())
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


def _code(character: str | int) -> int:
    return ord(character) if isinstance(character, str) else character


def _syntax(error: yaml.MarkedYAMLError) -> str:
    said = " ".join(part for part in (error.context, error.problem) if part)
    if "'\\t'" in said:
        return "a tab; indent and separate with spaces"
    return f"not YAML: {said[:200]}" + next((hint for part, hint in _HINTS.items() if part in said), "")


def _node(node: yaml.Node, problems: list[Problem]) -> Node:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        return Listing(line, tuple(_node(item, problems) for item in node.value))
    if isinstance(node, yaml.MappingNode):
        return Mapping(line, _entries(node, problems))
    return Scalar(line, node.value, node.tag.rpartition(":")[2])


def _entries(node: yaml.MappingNode, problems: list[Problem]) -> dict[str, tuple[int, Node]]:
    entries: dict[str, tuple[int, Node]] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            problems.append(Problem(line, "a key is one word, not a list or a mapping; text in braces wants quotes"))
        elif key.value in entries:
            problems.append(
                Problem(line, f"doubled key {shown(key.value)}, first on line {entries[key.value][0]}; drop one")
            )
        elif key.tag != _ALIAS_TAG:
            entries[key.value] = line, _node(value, problems)
    return entries
