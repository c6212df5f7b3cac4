"""Two documents side by side: are they copies, and why."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from pipeline.config import UsageError
from pipeline.explain import record_of
from transforms.copies.compare import Comparison, Words, compare
from transforms.elements import Reject

WIDTH = 56
_PLACE = re.compile(r"(.+)#(\d{1,9})")


@dataclasses.dataclass(frozen=True, slots=True)
class Styled:
    """A word of one side: ``mark`` is `` `` for its own, ``=`` for shared ones, ``#`` for a number that differs."""

    text: str
    mark: str


def compare_files(left: str, right: str) -> Comparison:
    """Compare two documents as the pipeline makes them.

    Args:
        left: a file, or ``FILE#N`` for the N-th document of a file, from 1.
        right: the other one.

    Raises:
        UsageError: there is no such document, or one of them is no article.
    """
    records = []
    for name in (left, right):
        place = _PLACE.fullmatch(name)
        record = record_of(place.group(1), int(place.group(2))) if place else record_of(name)
        if isinstance(record, Reject):
            raise UsageError(f"{name} is no article: {record.reason}: {record.detail}")
        records.append(record)
    return compare(*records)


def as_json(found: Comparison) -> str:
    """The judgement as one JSON object; passages and numbers by the words themselves."""
    row = found._asdict()
    row["features"] = found.features._asdict()
    row["passages"] = [_text(found.left, one.left_start, one.left_end) for one in found.passages]
    for name, words, numbers in _sides(found):
        row[name] = words.text
        row[f"{name}_numbers"] = [_text(words, place, place + 1) for place in numbers]
    return json.dumps(row, ensure_ascii=False, indent=2)


def as_text(found: Comparison, names: tuple[str, str], is_color: bool) -> str:
    """The judgement for a terminal, with what both share marked in the two columns: ``=`` or green."""
    verdict = "copies of one another" if found.is_copy else "no copies of one another"
    lines = [
        f"{verdict}: probability {found.probability:.3f}, copies from {found.threshold:.2f}",
        f"similarity {found.similarity:.3f}" + (f", differs: {', '.join(found.differs)}" if found.differs else ""),
        *(["mostly new: the later text has the earlier one as its background only"] if found.is_mostly_new else []),
        f"{names[0] if found.is_left_first else names[1]} would stand",
        "",
        *(f"  {name:<14} {value:.3f}" for name, value in found.features._asdict().items()),
    ]
    for name, words, numbers in _sides(found):
        if numbers:
            lines.append(f"  only {name:<9} {', '.join(_text(words, place, place + 1) for place in numbers)}")
    lines += ["", f"{names[0][-WIDTH:]:<{WIDTH + 2}} {names[1][-WIDTH:]}", ""]
    left = _styled(found.left, ((one.left_start, one.left_end) for one in found.passages), found.left_numbers)
    right = _styled(found.right, ((one.right_start, one.right_end) for one in found.passages), found.right_numbers)
    rows: Iterable[tuple[list[Styled], list[Styled]]] = zip_longest(_columns(left), _columns(right), fillvalue=[])
    lines += [f"{_row(one, is_color)} {_row(other, is_color)}".rstrip() for one, other in rows]
    return "\n".join(lines)


def _sides(found: Comparison) -> Iterator[tuple[str, Words, tuple[int, ...]]]:
    yield "left", found.left, found.left_numbers
    yield "right", found.right, found.right_numbers


def _text(words: Words, start: int, end: int) -> str:
    spans = words.spans[start : max(end, start + 1)]
    return " ".join(words.text[spans[0][0] : spans[-1][1]].split()) if spans else ""


def _styled(words: Words, shared: Iterable[tuple[int, int]], numbers: Sequence[int]) -> list[Styled]:
    """The words with the signs around them, each with its mark."""
    marks = [" "] * len(words.spans)
    for start, end in shared:
        for place in range(start, min(end, len(marks))):
            marks[place] = "="
    for place in numbers:
        marks[place] = "#"
    ends = [start for start, _ in words.spans[1:]] + [len(words.text)]
    return [
        Styled(words.text[start:end].strip(), mark)
        for (start, _), end, mark in zip(words.spans, ends, marks, strict=True)
    ]


def _columns(words: Iterable[Styled]) -> Iterator[list[Styled]]:
    line: list[Styled] = []
    size = 0
    for word in words:
        if line and size + len(word.text) > WIDTH:
            yield line
            line, size = [], 0
        line.append(word)
        size += len(word.text) + 1
    if line:
        yield line


def _row(line: list[Styled], is_color: bool) -> str:
    """One line of a column: in colour, or behind a mark that says what most of its words are."""
    plain = " ".join(word.text for word in line)[:WIDTH]
    padding = " " * (WIDTH - len(plain))
    if not is_color:
        marks = [word.mark for word in line]
        mark = "#" if "#" in marks else "=" if marks.count("=") * 2 > len(marks) else " "
        return f"{mark} {plain}{padding}"
    colors = {" ": "", "=": "\033[32m", "#": "\033[31m"}
    shown = " ".join(f"{colors[word.mark]}{word.text}\033[0m" if word.mark != " " else word.text for word in line)
    return f"  {shown}{padding}"
