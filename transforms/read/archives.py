"""WARC archives to the pages in their HTTP response records (ISO 28500), read as a stream by FastWARC.

FastWARC (2.0.1) ends a torn archive without a word, and takes a record whose length lies for whole. So every block is
counted against its declared length, and a record counts as whole once what follows it can be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO, NamedTuple

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from transforms.elements import Markup, Page, Reject
from transforms.instants import parse_instant
from transforms.read.damage import is_torn_member, is_whole_member, next_start
from transforms.read.http_message import Response, decoded, parse_response
from transforms.read.kinds import HEAD_BYTES, binary_content, kind_of_content
from transforms.read.streams import BROKEN
from transforms.reasons import Reason, Stage
from transforms.web_address import MAX_CHARS, is_web_address

MAX_RESTARTS = 100
"""How often reading goes on behind a damaged place; a file with more of them is no archive any more."""

_MAX_HEAD_BYTES = 64 << 10
_NO_HEAD = "Invalid WARC header"
_TORN = "incomplete frame"
"""What FastWARC says where a record's head should stand, and of zstd data that ends too soon (of gzip: nothing)."""

_MARKUP: dict[str, Markup] = {"text/html": "html", "application/xhtml+xml": "html", "text/plain": "text"}


def read_archive(stream: BinaryIO, source: str, max_bytes: int) -> Iterator[Page | Reject]:
    """The HTML and plain-text responses of an archive, in its order; other records are no documents.

    Redirects and error pages hold no article: the former are left out, the latter are rejects. Damage costs the
    records that it touches and gives one `Reject` for all of it, at the end. Memory holds two pages at most.

    Args:
        stream: of a ``.warc``, or of one compressed by records or whole (gzip, zstd, LZ4), as stored. One that cannot
            seek is read up to the first damage.
        source: the file's name in records.
        max_bytes: the longest page taken, after decompression; a longer record is passed over unread.
    """
    documents, faults = 0, []
    start: int | None = 0
    while start is not None:
        walk = _Walk(stream, start, source, max_bytes)
        for document in walk:
            documents += 1
            yield document
        if walk.fault:
            faults.append(walk.fault)
        start = next_start(stream, walk.place + 1) if walk.fault and len(faults) <= MAX_RESTARTS else None
    if faults:
        places = f"broken in {len(faults)} places, the first: " if len(faults) > 1 else ""
        detail = f"{places}{faults[0]}; documents found: {documents}"
        yield Reject(Stage.READ, Reason.BAD_ARCHIVE, source, detail, source)
    elif not documents:
        yield Reject(Stage.READ, Reason.EMPTY, source, "the archive has no HTML or text responses", source)


class _Positioned:
    """A stream of which FastWARC may ask its place: it panics where ``tell`` raises."""

    def __init__(self, stream: BinaryIO, place: int) -> None:
        self.inner = stream
        self._place = place

    def read(self, size: int = -1) -> bytes:
        data = self.inner.read(size)
        self._place += len(data)
        return data

    def tell(self) -> int:
        return self._place


class _About(NamedTuple):
    """What a record's own head says of its document."""

    url: str | None
    source: str
    origin: str
    fetched_at: datetime | None

    def reject(self, reason: Reason, detail: str) -> Reject:
        url = (self.url or self.origin)[:MAX_CHARS]
        return Reject(Stage.READ, reason, url, detail, self.source, self.fetched_at)


class _Walk:
    """The documents from one place on to the first damage, which ``fault`` describes; ``place`` is the last record's.

    What is damaged may be the last record rather than what stands behind it: to read on, look just behind its start.
    """

    def __init__(self, stream: BinaryIO, start: int, source: str, max_bytes: int) -> None:
        self._stream = _Positioned(stream, start)
        self._source = source
        self._max_bytes = max_bytes
        self.place = start
        self.fault = ""

    def __iter__(self) -> Iterator[Page | Reject]:
        held: Page | Reject | None = None
        try:
            for record in ArchiveIterator(self._stream, parse_http=False):  # type: ignore[arg-type]  # no seek needed
                if held:
                    yield held
                    held = None
                self.place = record.stream_pos
                if record.headers.get("Content-Length") is None:
                    self.fault = f"the record at byte {self.place} breaks off in its head"
                    return
                declared = record.content_length
                held, size = self._document(record, declared)
                if size < declared:
                    self.fault = f"the record at byte {self.place} has {size} of {declared} bytes"
                    return
        except BROKEN as error:
            self.fault = f"at or behind byte {self.place}: {error}"[:200]
        if held and (not self.fault or self._is_damage_behind()):
            yield held
        if not self.fault and is_torn_member(self._stream.inner, self.place):
            self.fault = f"the gzip data breaks off behind byte {self.place}"

    def _is_damage_behind(self) -> bool:
        """Whether the last record itself is whole: behind one whose length lies stands no head."""
        if _NO_HEAD in self.fault:
            return False
        return _TORN in self.fault or is_whole_member(self._stream.inner, self.place)

    def _document(self, record: WarcRecord, declared: int) -> tuple[Page | Reject | None, int]:
        """A record's document, if it holds one, and how many bytes its block has."""
        if record.record_type != WarcRecordType.response or not record.is_http:
            return None, record.consume()
        about = self._about(record)
        head = record.reader.read(min(declared, _MAX_HEAD_BYTES))
        response = parse_response(head)
        if response is None:
            return about.reject(Reason.BAD_ARCHIVE, "the record holds no HTTP response"), len(head) + record.consume()
        markup = _markup(response, about.url)
        refused = _refused(response, about.url)
        if markup is None or refused:
            return about.reject(*refused) if markup and refused else None, len(head) + record.consume()
        if declared > self._max_bytes + _MAX_HEAD_BYTES:
            return about.reject(Reason.TOO_LARGE, f"{declared} bytes"), len(head) + record.consume()
        rest = record.reader.read(declared - len(head)) if declared > len(head) else b""
        whole = response._replace(body=response.body + rest)
        return _page(whole, markup, about, self._max_bytes), len(head) + len(rest)

    def _about(self, record: WarcRecord) -> _About:
        fetched = parse_instant(record.headers.get("WARC-Date"))
        return _About(
            url=(record.headers.get("WARC-Target-URI") or "").strip(" <>") or None,  # wget writes the brackets
            source=self._source,
            origin=f"{self._source}:{record.stream_pos}",
            fetched_at=fetched[0] if fetched else None,
        )


def _markup(response: Response, url: str | None) -> Markup | None:
    """How to read a response; None for what is no document: pictures, scripts, redirects, ``robots.txt``."""
    if response.status < 200 or 300 <= response.status < 400:
        return None
    content_type = response.headers.get("content-type")
    if content_type is None:
        return "html" if kind_of_content(response.body[:HEAD_BYTES]) == "html" else None
    markup = _MARKUP.get(content_type.partition(";")[0].strip().lower())
    return None if markup == "text" and (url or "").endswith("/robots.txt") else markup


def _refused(response: Response, url: str | None) -> tuple[Reason, str] | None:
    if response.status >= 400:
        return Reason.HTTP_STATUS, str(response.status)
    if url is None or not is_web_address(url):
        return Reason.BAD_URL, "no http or https address"
    return None


def _page(response: Response, markup: Markup, about: _About, max_bytes: int) -> Page | Reject:
    body = decoded(response, max_bytes)
    if body is None:
        return about.reject(Reason.TOO_LARGE, f"more than {max_bytes} bytes")
    if not body.strip():
        return about.reject(Reason.EMPTY, "the response has no body")
    if binary := binary_content(body[:HEAD_BYTES]):
        return about.reject(Reason.UNSUPPORTED, f"{binary}, though sent as text")
    return Page(
        url=about.url,
        markup=markup,
        content_type=response.headers.get("content-type") or "text/html",
        body=body,
        source=about.source,
        origin=about.origin,
        fetched_at=about.fetched_at,
        status=response.status,
    )
