"""A whole file to the documents it holds. JSONL that its name tells, and archives, are read as a stream instead."""

from __future__ import annotations

import io
import mimetypes
from collections.abc import Iterator

from transforms.elements import InputFile, Markup, Page, Reject
from transforms.read.archives import read_archive
from transforms.read.feeds import read_feed
from transforms.read.jsonl import parse_line
from transforms.read.kinds import HEAD_BYTES, binary_content, kind_of_content
from transforms.reasons import Reason, Stage

MAX_PAGE_BYTES = 10_000_000
"""Of a page in a small archive that is read as a whole; `transform.py` streams archives, with the run's bound."""

_MARKUP: dict[str, tuple[Markup, str]] = {"html": ("html", "text/html"), "text": ("text", "text/plain")}


def read_documents(body: bytes, file: InputFile) -> Iterator[Page | Reject]:
    """The documents of a text, a page, a feed or an archive, or of lines of JSON that only the content tells.

    Args:
        body: the file's content after decompression.
        file: where it came from; its kind is taken from the content where the name did not say it.
    """
    source = file.source
    head = body[:HEAD_BYTES]
    kind = file.kind or kind_of_content(head)
    if not body.strip():
        yield Reject(Stage.READ, Reason.EMPTY, source, "the file is empty", source)
    elif kind == "archive":
        yield from read_archive(io.BytesIO(body), source, MAX_PAGE_BYTES)
    elif binary := binary_content(head):
        detail = f"{binary}, though named {_named(source)}"
        yield Reject(Stage.READ, Reason.UNSUPPORTED, source, detail, source)
    elif kind == "feed":
        yield from read_feed(body, source)
    elif kind == "jsonl":
        yield from _read_lines(body, source)
    else:
        markup, content_type = _MARKUP[kind]
        yield Page(url=None, markup=markup, content_type=content_type, body=body, source=source, origin=source)


def _read_lines(body: bytes, source: str) -> Iterator[Page | Reject]:
    offset = 0
    for line in body.split(b"\n"):
        if document := parse_line(line, source, offset):
            yield document
        offset += len(line) + 1


def _named(source: str) -> str:
    return mimetypes.guess_type(source)[0] or "without a known ending"
