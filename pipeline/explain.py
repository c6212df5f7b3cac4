"""One document through the functions of the pipeline, without Beam: every verdict, rule and vote."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.config import MAX_BYTES, UsageError
from pipeline.exchange import Exchange, dated, fetch_page, is_web, lines_of
from transforms.clean.article import clean_article
from transforms.clean.book import rules
from transforms.clean.verdict import accept
from transforms.elements import Article, InputFile, Page, Record, Reject
from transforms.extract.account import PageAccount, account_of
from transforms.extract.article import extract_article
from transforms.instants import iso
from transforms.language.detect import detect_language
from transforms.language.label import label_language, sample_text
from transforms.read.documents import read_documents
from transforms.read.jsonl import parse_line
from transforms.read.kinds import HEAD_BYTES, compression_of_content, kind_of_content, kind_of_name
from transforms.read.streams import BROKEN, LineReader, decompressed, read_at_most
from transforms.wire.verdict import mark_and_judge
from transforms.write.record import make_record

_MAX_BLOCK_CHARS = 72
_READ_ACTIONS = ("byline", "caption", "date", "section", "trail")
_READ_NAMES = ("any.head.title", "any.head.names", "any.date.line")


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """A line of the extracted document.

    ``rule`` took it out, or is None where it stayed; ``is_read`` says that it became a field. ``example`` is the
    rule's own.
    """

    text: str
    rule: str | None
    is_read: bool
    example: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Explanation:
    """What the pipeline makes of one document, and why.

    ``fields`` holds what was found (name, value, where it came from); ``reject`` is set where it became no article.
    ``exchange`` says how the document came here, where it was fetched; ``page`` holds the blocks of a page, of which
    the lines were taken, each with its score.
    """

    origin: str
    lines: tuple[Line, ...]
    fields: tuple[tuple[str, Any, str | None], ...]
    votes: tuple[tuple[str, str, float], ...]
    reject: Reject | None
    exchange: Exchange | None = None
    page: PageAccount | None = None


def explain(
    path_or_url: str, number: int = 1, *, contact: str | None = None, allow_private: bool = False
) -> Explanation:
    """Explain a document of a local file, or the page at an address.

    Args:
        path_or_url: a text, page, feed, JSONL file or archive, compressed or not; or an http or https address.
        number: which document of the file, from 1.
        contact: for an address: a page or mailto: address of whoever asks. Without it nothing is fetched.
        allow_private: for an address: whether it may lie inside of a private network.

    Raises:
        UsageError: there is no such file or document, or no contact.
    """
    if not is_web(path_or_url):
        return _explained(_document(path_or_url, number), path_or_url)
    exchange, page = fetch_page(path_or_url, contact, allow_private)
    found = _explained(page, path_or_url)
    published = {name: value for name, value, _ in found.fields}.get("published_at")
    return dataclasses.replace(found, exchange=dated(exchange, published))


def _explained(document: Page | Reject, name: str) -> Explanation:
    if isinstance(document, Reject):
        return Explanation(name, (), (), (), document)
    return dataclasses.replace(_explained_page(document), page=account_of(document))


def _explained_page(document: Page) -> Explanation:
    extracted = extract_article(document)
    if isinstance(extracted, Reject):
        return Explanation(document.origin, (), (), (), extracted)
    cleaned = clean_article(extracted)
    removed = {line.index: line.rule for line in cleaned.removed}
    lines = tuple(_line(text, removed.get(index)) for index, text in enumerate(extracted.paragraphs))
    accepted = accept(cleaned.article)
    if isinstance(accepted, Reject):
        return Explanation(document.origin, lines, (), (), accepted)
    marked = mark_and_judge(accepted)
    if isinstance(marked, Reject):
        return Explanation(document.origin, lines, (), (), marked)
    article = label_language(marked)
    votes = tuple((vote.detector, vote.code, vote.probability) for vote in detect_language(sample_text(article)).votes)
    return Explanation(document.origin, lines, _fields(article), votes, None)


def record_of(path: str, number: int = 1) -> Record | Reject:
    """What the pipeline makes of one document of a local file: its record, or the reject.

    Args:
        path: as for `explain`.
        number: as for `explain`.

    Raises:
        UsageError: there is no such file or document.
    """
    document = _document(path, number)
    extracted = document if isinstance(document, Reject) else extract_article(document)
    accepted = extracted if isinstance(extracted, Reject) else accept(clean_article(extracted).article)
    marked = accepted if isinstance(accepted, Reject) else mark_and_judge(accepted)
    return marked if isinstance(marked, Reject) else make_record(label_language(marked))


def as_json(found: Explanation) -> str:
    """The explanation as one JSON object: origin, lines, fields by name, language votes, reject, exchange."""
    row = dataclasses.asdict(found)
    row["fields"] = {name: {"value": value, "origin": origin} for name, value, origin in found.fields}
    row["page"] = found.page and {
        "confidence": found.page.confidence,
        "blocks": [block._asdict() | {"reasons": dict(block.reasons)} for block in found.page.blocks],
    }
    row["votes"] = [{"detector": name, "code": code, "probability": share} for name, code, share in found.votes]
    return json.dumps(row, ensure_ascii=False, indent=2, default=_plain)


def as_text(found: Explanation, is_color: bool) -> str:
    """The explanation for a terminal.

    Kept lines have a bar, removed ones a minus, and lines that became a field (title, byline, date) a ``›``; the
    latter two name their rule.
    """
    green, red, dim, plain = ("\033[32m", "\033[31m", "\033[2m", "\033[0m") if is_color else ("",) * 4
    out = [found.origin, ""]
    if found.exchange is not None:
        out += ["fetch", *(f"  {name:<20} {value}" for name, value in lines_of(found.exchange)), ""]
    if found.page:
        out += [*_blocks(found.page, green, red, dim, plain), ""]
    for line in found.lines:
        if line.rule is None:
            out.append(f"{green}│{plain} {line.text}")
        else:
            mark, color = ("›", green) if line.is_read else ("-", red)
            out.append(f"{color}{mark}{plain} {dim}{line.text}{plain}  {color}[{line.rule}]{plain}")
    if found.reject is not None:
        reject = found.reject
        return "\n".join([*out, "", f"{red}rejected{plain} in {reject.stage}: {reject.reason}: {reject.detail}"])
    out += ["", "fields"]
    for name, value, origin in found.fields:
        shown = ", ".join(value) if isinstance(value, tuple) else _plain(value)
        out.append(f"  {name:<20} {shown}" + (f"  {dim}({origin}){plain}" if origin else ""))
    out += ["", "language votes"]
    out += [f"  {name:<20} {code} {probability:.3f}" for name, code, probability in found.votes]
    return "\n".join(out)


def _blocks(page: PageAccount, green: str, red: str, dim: str, plain: str) -> Iterator[str]:
    """A line for each block of a page: its score, and the features that spoke most for (+) or against it."""
    yield f"blocks of the page, confidence {page.confidence:.2f}; t: trafilatura takes the block too"
    for block in page.blocks:
        mark = {"text": "│", "lead": "›"}.get(block.taken, "-")
        color = red if mark == "-" else green
        text = block.text if len(block.text) <= _MAX_BLOCK_CHARS else f"{block.text[:_MAX_BLOCK_CHARS]}…"
        reasons = ", ".join(f"{name} {effect:+.1f}" for name, effect in block.reasons)
        if block.taken == "outside":
            reasons = f"caption, footer or consent box; {reasons}"
        second = "t" if block.is_seconded else " "
        yield f"{color}{block.keep:.2f} {second} {mark}{plain} {text}  {dim}{block.tag}: {reasons}{plain}"


def _document(path: str, number: int) -> Page | Reject:
    if is_web(path):
        raise UsageError(f"{path}: addresses are explained one by one; save the page to compare the file")
    if not Path(path).is_file():
        raise UsageError(f"{path}: no such file")
    count = 0
    for document in _documents(Path(path)):
        count += 1
        if count == number:
            return document
    raise UsageError(f"{path}: holds {count} documents, there is no number {number}")


def _documents(path: Path) -> Iterator[Page | Reject]:
    data = path.read_bytes()
    kind, compression = kind_of_name(path.name)
    compression = compression or compression_of_content(data[:HEAD_BYTES])
    file = InputFile(bytes(path), path.name, kind, compression, len(data))
    try:
        stream = decompressed(io.BufferedReader(io.BytesIO(data)), compression)
        if (kind or kind_of_content(data[:HEAD_BYTES])) == "jsonl":
            reader, offset = LineReader(stream, MAX_BYTES * 2), 0
            while line := reader.next_line():
                if line.data and (document := parse_line(line.data, path.name, offset)):
                    yield document
                offset += line.size_bytes
        else:
            body = read_at_most(stream, MAX_BYTES)
            if body is None:
                raise UsageError(f"{path}: more than {MAX_BYTES} bytes")
            yield from read_documents(body, file)
    except BROKEN as error:
        raise UsageError(f"{path}: {error}") from error


def _fields(article: Article) -> tuple[tuple[str, Any, str | None], ...]:
    record = make_record(article)
    origins = dict(article.origins)
    skipped = ("text", "copies", "copy_count", "story_id", "revision", "rights")
    names = [field.name for field in dataclasses.fields(record) if field.name not in skipped]
    values = ((name, getattr(record, name)) for name in names)
    return tuple((name, value, origins.get(name)) for name, value in values if value not in (None, ()))


def _line(text: str, name: str | None) -> Line:
    """A line and what its rule says of itself; a structural verdict (a line that stands twice) has no example."""
    if name is None:
        return Line(text, None, False, None)
    rule = next((rule for rule in rules(name.split(".")[0]) if rule.name == name), None)
    is_read = name in _READ_NAMES if rule is None else rule.action in _READ_ACTIONS
    return Line(text, name, is_read, rule.example if rule else None)


def _plain(value: Any) -> str:
    return iso(value) or "" if isinstance(value, datetime) else str(value)
