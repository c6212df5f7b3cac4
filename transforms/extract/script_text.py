"""An article that stands only in a script: the longest string of HTML or prose among its data."""

from __future__ import annotations

import json
from html import escape, unescape
from typing import Any

from transforms.extract.parse import parse_page

_MIN_SCRIPT, _MIN_STRING, _MAX_SCRIPT = 500, 400, 5_000_000
_MIN_PARAGRAPHS, _MIN_SPACES, _MAX_BRACES = 2, 1 / 12, 5
_QUOTE, _BACKSLASH = "\x02", "\x03"


def script_tree(tree: Any) -> Any | None:
    """A page made of the longest string that reads like an article; None where no script holds one.

    Asked where a page shows hardly any text. Data within a string of data (a script that pushes JSON as text) is
    looked into as well.
    """
    best = ""
    for script in tree.iter("script"):
        text = script.text or ""
        if not _MIN_SCRIPT <= len(text) <= _MAX_SCRIPT:
            continue
        for data in (text, text.replace("\\\\", _BACKSLASH).replace('\\"', '"').replace(_BACKSLASH, "\\")):
            for string in _strings(data):
                if len(string) > len(best) and _is_article(string):
                    best = string
    if not best:
        return None
    try:
        found = json.loads(f'"{best}"', strict=False)
    except ValueError:
        return None
    if "&lt;" in found:
        found = unescape(found)
    if "<" not in found:
        found = "".join(f"<p>{escape(line)}</p>" for line in found.split("\n") if line.strip())
    return parse_page(f"<html><body><main><article class='article-body'>{found}</article></main></body></html>")


def _strings(data: str) -> list[str]:
    """The long strings in double quotes, as written; an escaped quote does not end one."""
    hidden = data.replace("\\\\", _BACKSLASH).replace('\\"', _QUOTE)
    pieces = (piece for piece in hidden.split('"') if len(piece) >= _MIN_STRING)
    return [piece.replace(_QUOTE, '\\"').replace(_BACKSLASH, "\\\\") for piece in pieces]


def _is_article(string: str) -> bool:
    paragraphs = string.count("<p") + string.count("\\u003cp") + string.count("\\u003Cp")
    is_prose = paragraphs >= _MIN_PARAGRAPHS or string.count(" ") > len(string) * _MIN_SPACES
    return is_prose and string.count("{") < _MAX_BRACES
