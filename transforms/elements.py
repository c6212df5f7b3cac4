"""The nouns that travel through the pipeline: frozen, slotted dataclasses, and nothing else.

Times are aware datetimes in UTC. Everything is immutable, so that a retry starts from what the first try saw.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from transforms.reasons import Reason, Stage

Precision = Literal["second", "minute", "day"]
FileKind = Literal["text", "html", "jsonl", "feed", "archive"]
Compression = Literal["gzip", "zstd"]
Markup = Literal["html", "fragment", "text"]
SourceKind = Literal["feed", "sitemap", "opml", "page", "archive"]
Difference = Literal["numbers", "longer"]
"""What a reader of the standing article should know of a copy: other numbers in the same sentences (a correction), or
much more text (a ticker that went on)."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that a pattern of `--input` matched.

    Args:
        path: where Beam's file systems find it; bytes, since a file's name need not be text.
        source: its name in records and messages: the path below the pattern's fixed part, equal on every machine.
        kind: what it holds, by its name or else by its content; None where neither says it.
        compression: by its name or first bytes.
        size_bytes: as stored, compressed.
    """

    path: bytes
    source: str
    kind: FileKind | None
    compression: Compression | None
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Hints:
    """What the carrier of a document (a feed's entry, a line of JSON) says about it.

    A hint fills what the document itself does not say; it never overrides it.
    """

    source_id: str | None = None
    title: str | None = None
    published_at: datetime | None = None
    published_precision: Precision | None = None
    modified_at: datetime | None = None
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    image: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """One entry of a sources file.

    Args:
        name: what records name as their source.
        kind: what the addresses hold.
        urls: one address, or for pages a list.
        follow: whether each entry's page is fetched; else the entry's own content is the document.
        every_s: cadence of `stream`, in seconds.
        limit: newest entries of one poll; None takes all.
        max_age_s: entries older than this many seconds are left out; None takes all.
        include: regular expressions, of which an entry's address has to match one, if there are any.
        exclude: regular expressions, of which it must match none.
    """

    name: str
    kind: SourceKind
    urls: tuple[str, ...]
    follow: bool = True
    every_s: float = 300.0
    limit: int | None = None
    max_age_s: float | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server gave with a response, to be sent with the next request (RFC 9110, section 8.8), as received.

    ``url`` is where the response came from, if redirects led there: they are for that address, and for no other.
    """

    etag: str | None = None
    last_modified: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """An address to fetch.

    Args:
        url: absolute, http or https, without a fragment.
        kind: what is expected there: a page to read, or a list (feed, sitemap, opml) or archive to look into.
        source: the source that it came from; its rules hold for what a list leads to.
        hints: what the list said about the page.
        depth: lists passed on the way from the sources file.
        hops: redirects to other sites that were followed on the way.
        first_url: the address before those redirects; None where there were none.
        validators: of the response of an earlier run, for a conditional request.
        also: other sources that have the same list.
    """

    url: str
    kind: SourceKind
    source: Source
    hints: Hints = Hints()
    depth: int = 0
    hops: int = 0
    first_url: str | None = None
    validators: Validators = Validators()
    also: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Fetched:
    """A response with status 200 to 299, or 304 with an empty body.

    Args:
        request: what was asked.
        url: where the response came from, after redirects.
        status: as received.
        headers: names in lower case, as received and in their order.
        body: after decompression.
        fetched_at: when the request began.
    """

    request: FetchRequest
    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class FetchedArchive:
    """A response whose body lies in a file of the machine that fetched it, in the compression it was sent in.

    ``is_temporary`` says that its reader removes the file; else it stays until the run is whole.
    """

    response: Fetched
    path: str
    body_hash: bytes
    is_temporary: bool


@dataclass(frozen=True, slots=True)
class Visit:
    """What the ledger keeps of an address that was asked: enough to ask again conditionally, and not too soon.

    Args:
        url: as it was listed, before redirects.
        source: the name of the source that listed it.
        kind: what was expected there.
        status: of the answer; 0 where there was none.
        headers: those that speak of validators and freshness, names in lower case.
        body_hash: 8 bytes; empty where there was no body (304, a fault).
        at: when it was asked.
        published_at: what the list said of the page.
        is_final: of a fault, that asking again would not help.
        rules: of a list, a hash of the rules by which it was looked into; under others it is read anew.
        final_url: where the response came from, if redirects led there.
    """

    url: str
    source: str
    kind: SourceKind
    status: int
    headers: tuple[tuple[str, str], ...]
    body_hash: bytes
    at: datetime
    published_at: datetime | None = None
    is_final: bool = False
    rules: str = ""
    final_url: str | None = None


@dataclass(frozen=True, slots=True)
class Visited:
    """What the ledger knows of an address: when it may be asked again, and with which validators.

    ``is_pending`` says that it was listed and could not be had yet, and is worth another try whoever lists it.
    """

    url: str
    source: str
    validators: Validators
    ask_again_at: datetime
    published_at: datetime | None = None
    is_pending: bool = False
    rules: str = ""


@dataclass(frozen=True, slots=True)
class Gone:
    """An address that gave a document before and is no more (404 or 410): a line of ``gone-*.jsonl``."""

    url: str
    source: str
    status: int
    at: datetime


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What is known about one host (``name:port``), so that no stage or run asks it twice or too soon.

    Args:
        origin: scheme, host and port.
        robots_status: of the answer to ``/robots.txt``; None where there was none (unreachable), 0 where not asked.
        robots: its text, cut at 500 KiB.
        robots_at: when it was asked, or last confirmed.
        robots_validators: of that answer, for a conditional request.
        last_start_at: when the latest request to the host began.
        not_before: until when the host asked to be left alone (Retry-After).
    """

    origin: str
    robots_status: int | None = 0
    robots: bytes = b""
    robots_at: datetime | None = None
    robots_validators: Validators = Validators()
    last_start_at: datetime | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One document as it was read, of whatever kind: bytes and what is known about them.

    Args:
        url: the address as read, or None (a file that names none).
        markup: a whole HTML page, a piece of HTML (a feed's entry), or plain text.
        content_type: as in HTTP (``text/html; charset=utf-8``, ``text/plain``); its charset is a claim, not a fact.
        body: the document's bytes, after decompression.
        source: the name in the sources file, or the file it came from (relative to the pattern).
        fetched_at: None where nothing tells; a file's own time stamp is not when it was fetched.
        origin: where in the input it stands, for messages (``news.jsonl:1204`` at a byte offset).
    """

    url: str | None
    markup: Markup
    content_type: str
    body: bytes
    source: str
    origin: str
    fetched_at: datetime | None = None
    status: int | None = None
    hints: Hints = Hints()


@dataclass(frozen=True, slots=True)
class Rights:
    """What the publisher says about use: licence address, robots directives, TDM reservation (W3C TDMRep)."""

    license: str | None = None
    robots: str | None = None
    tdm_reservation: bool | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """An article on its way: taken out of its page, then cleaned, marked and labelled.

    ``captions`` and ``bylines`` hold lines that were moved out of the text and that later steps read:
    the wire room finds credits, agencies and people in them.
    """

    url: str | None
    canonical_url: str | None
    source: str
    origin: str
    kind: Markup
    title: str | None
    paragraphs: tuple[str, ...]
    lead: str | None = None
    site: str | None = None
    source_id: str | None = None
    fetched_at: datetime | None = None
    published_at: datetime | None = None
    published_precision: Precision | None = None
    modified_at: datetime | None = None
    authors: tuple[str, ...] = ()
    section: str | None = None
    tags: tuple[str, ...] = ()
    image: str | None = None
    captions: tuple[str, ...] = ()
    bylines: tuple[str, ...] = ()
    agency: str | None = None
    dateline: str | None = None
    byline_codes: str | None = None
    caption_credits: tuple[str, ...] = ()
    paywalled: bool | None = None
    rights: Rights = Rights()
    language: str = "und"
    language_confidence: float = 0.0
    origins: tuple[tuple[str, str], ...] = field(default=())
    """Which field came from where (``title`` from ``json-ld``), in the order found; `explain` shows it."""


@dataclass(frozen=True, slots=True)
class Reject:
    """An input that did not become an article, and why.

    ``at`` is the time of the fetch where one is known: a clock read here would make a retry differ.
    """

    stage: Stage
    reason: Reason
    url: str | None
    detail: str
    source: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CopyRef:
    """A copy as its standing article names it. ``similarity`` is 0 to 1, or None where the texts were not compared."""

    id: str
    url: str | None
    source: str
    similarity: float | None
    published_at: datetime | None
    differs: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """What is written for an article: the fields of the contract's record, in its order.

    ``copies`` names the first of them (see `transforms.copies.verdicts.MAX_COPIES`), ``copy_count`` counts all.
    """

    id: str
    source_id: str | None
    url: str | None
    canonical_url: str | None
    site: str | None
    source: str
    title: str | None
    lead: str | None
    text: str
    authors: tuple[str, ...]
    section: str | None
    tags: tuple[str, ...]
    image: str | None
    published_at: datetime | None
    published_precision: Precision | None
    modified_at: datetime | None
    fetched_at: datetime | None
    language: str
    language_confidence: float
    agency: str | None
    dateline: str | None
    byline_codes: str | None
    caption_credits: tuple[str, ...]
    paywalled: bool | None
    rights: Rights
    word_count: int
    content_hash: str
    revision: int = 1
    copies: tuple[CopyRef, ...] = ()
    copy_count: int = 0
    story_id: str | None = None


@dataclass(frozen=True, slots=True)
class Sketch:
    """What copies are found by: it travels through the groupings in place of its record.

    The byte fields are packed arrays, little-endian; `transforms.copies.shingles` says what they hold. An article of
    400 words takes 1.8 KB.

    Args:
        id: the record's.
        rank: sorts the documents; the lowest of a cluster stands for it (see `transforms.copies.sketch.rank`).
        content: of the text as it is: two readings of one address are told apart by it.
        text_hash: of the folded text; equal texts are copies without being compared.
        words: how many words the text has.
        shingles: a 32-bit hash for each three words in a row, in their order.
        numbers: a 32-bit hash for each number, in their order.
        number_places: at which word each number stands, 16 bits.
        language: the record's.
    """

    id: str
    rank: bytes
    content: bytes
    text_hash: bytes
    url: str | None
    source: str
    published_at: datetime | None
    words: int
    shingles: bytes
    numbers: bytes
    number_places: bytes
    language: str = "und"


@dataclass(frozen=True, slots=True)
class Known:
    """What an earlier run found at an id.

    Args:
        contents: of each text it read there (see `transforms.copies.sketch.content_of`), joined.
        revision: the record's.
        stands: whether it was an article, and not a copy.
    """

    contents: bytes
    revision: int
    stands: bool


@dataclass(frozen=True, slots=True)
class TableFile:
    """One range of a table of the state (see `transforms.generation`): its path below the directory, and its rows."""

    table: str
    partition: int
    path: str
    rows: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """That another document stands for one.

    Args:
        copy_of: the id of the document that stands; never itself a copy.
        similarity: 0 to 1, or None where the two texts were not compared.
        differs: what a reader of the standing document should know.
    """

    copy_of: str
    similarity: float | None
    differs: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Copy:
    """A line of ``copies-*.jsonl``: a document for which another one stands.

    ``similarity`` is the share of the shorter text's word triples that the other text has too. ``text`` is kept where
    the standing one does not hold it (see `transforms.copies.verdicts.as_copy`), so that no version is lost.
    """

    url: str | None
    id: str
    copy_of: str
    similarity: float | None
    source: str
    published_at: datetime | None
    fetched_at: datetime | None
    differs: tuple[Difference, ...] = ()
    text: str | None = None
