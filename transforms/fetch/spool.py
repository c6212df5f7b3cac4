"""What was fetched, kept on the local disk as WARC 1.1, so that a run that died need not fetch it again.

Every record is a gzip member of its own, written in one piece; the last one of a process that was killed may be torn,
and is dropped. Bodies are stored without their content codings: as in Common Crawl's files, the headers that spoke of
them have the prefix ``X-Crawl-``. What servers answered to ``/robots.txt`` lies there too, under a mark of its own.
"""

from __future__ import annotations

import hashlib
import uuid
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import BinaryIO, NamedTuple

from transforms.elements import Fetched, FetchedArchive, FetchRequest, HostFacts
from transforms.fetch.answer import Answer

_CODED = frozenset({"content-encoding", "content-length", "transfer-encoding"})
_PREFIX = "x-crawl-"
_KEY = b"Depesche-Request-Digest"
_ROBOTS = b"Depesche-Robots-Of"
_FILE, _FILE_HASH = "Depesche-Body-File", "Depesche-Body-Digest"
_READ = 1 << 18


class Place(NamedTuple):
    """Where a record begins."""

    path: Path
    offset: int


class Spool:
    """The responses in one directory: those that were there at the start are given out, once each; new ones are added.

    ``facts`` says what was known at the start of the hosts that gave them: when each was asked, and its robots.txt. Any
    number of processes may share the directory; each writes a file of its own.
    """

    def __init__(self, directory: str | Path) -> None:
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self._index, self.facts = read_spool(self.directory)
        self._file: BinaryIO | None = None

    def __contains__(self, request: FetchRequest) -> bool:
        return _key(request.url) in self._index

    def get(self, request: FetchRequest) -> Fetched | FetchedArchive | None:
        """The response to a request; None where there is none, or only a 304 for a request without validators."""
        place = self._index.pop(_key(request.url), None)
        if place is None:
            return None
        with place.path.open("rb") as file:
            file.seek(place.offset)
            record = next(_records(file), None)
        fetched = _fetched(record.data, request, self.directory) if record else None
        if isinstance(fetched, FetchedArchive):
            return fetched if request.kind == "archive" and Path(fetched.path).is_file() else None
        has_validators = request.validators.etag or request.validators.last_modified
        return None if fetched and fetched.status == 304 and not has_validators else fetched

    def put(self, fetched: Fetched | FetchedArchive) -> None:
        """Keep a response; of an archive that lies in this directory, where. `OSError`: the disk does not take it."""
        response, place = (fetched, ()) if isinstance(fetched, Fetched) else (fetched.response, _place_of(fetched))
        fields = (_KEY + b": " + _key(response.request.url), *place)
        answer = Answer(response.status, response.headers, response.body)
        self._write(_record(response.url, answer, response.fetched_at, fields))

    def put_robots(self, facts: HostFacts) -> None:
        """Keep what a host answered to ``/robots.txt``, for `facts` of a later start; `OSError` as in `put`."""
        if not facts.robots_status or not facts.robots_at:
            return
        validators = facts.robots_validators
        named = (("etag", validators.etag), ("last-modified", validators.last_modified))
        headers = tuple((name, value) for name, value in named if value)
        answer = Answer(facts.robots_status, headers, facts.robots)
        field = _ROBOTS + b": " + facts.origin.encode("utf-8", "replace")
        self._write(_record(f"{facts.origin}/robots.txt", answer, facts.robots_at, (field,)))

    def _write(self, record: bytes) -> None:
        if self._file is None:
            self._file = _new_file(self.directory)
        coder = zlib.compressobj(1, wbits=31)
        self._file.write(coder.compress(record) + coder.flush())
        self._file.flush()

    def close(self) -> None:
        """Close the file that was written."""
        if self._file:
            self._file.close()


def read_spool(directory: Path) -> tuple[dict[bytes, Place], list[HostFacts]]:
    """Where the latest whole record for each address begins, by a digest of the address; and what is told of hosts."""
    index: dict[bytes, Place] = {}
    hosts: dict[str, HostFacts] = {}
    for path in sorted(directory.glob("*.warc.gz")):
        with path.open("rb") as file:
            for record in _records(file):
                fields = dict(line.split(b": ", 1) for line in _lines(record.data) if b": " in line)
                if _KEY in fields:
                    index[fields[_KEY]] = Place(path, record.offset)
                if _KEY in fields or _ROBOTS in fields:
                    _learn(hosts, fields, record.data)
    return index, list(hosts.values())


def _learn(hosts: dict[str, HostFacts], fields: dict[bytes, bytes], record: bytes) -> None:
    """Take what a record tells of its host: that it was asked, and its robots.txt where it is that."""
    try:
        at = datetime.fromisoformat(fields[b"WARC-Date"].decode())
        origin = "/".join(fields[b"WARC-Target-URI"].decode().split("/", 3)[:3])
    except (ValueError, KeyError):  # not written here
        return
    known = hosts.get(origin, HostFacts(origin))
    if _ROBOTS in fields and (known.robots_at is None or at > known.robots_at) and (parsed := _response(record)):
        answer = parsed.answer
        known = replace(
            known,
            robots_status=answer.status,
            robots=answer.body,
            robots_at=at,
            robots_validators=answer.validators,
        )
    hosts[origin] = replace(known, last_start_at=max(known.last_start_at or at, at))


class _Record(NamedTuple):
    offset: int
    data: bytes


def _records(file: BinaryIO) -> Iterator[_Record]:
    """The gzip members from where a file stands; what is torn or damaged ends it."""
    offset, waiting = file.tell(), b""
    while True:
        start, pieces, inflate = offset, [], zlib.decompressobj(31)
        while not inflate.eof:
            waiting = waiting or file.read(_READ)
            if not waiting:
                return
            try:
                pieces.append(inflate.decompress(waiting))
            except zlib.error:
                return
            offset += len(waiting) - len(inflate.unused_data)
            waiting = inflate.unused_data
        yield _Record(start, b"".join(pieces))


def _place_of(archive: FetchedArchive) -> tuple[bytes, ...]:
    fields = {_FILE: Path(archive.path).name, _FILE_HASH: archive.body_hash.hex()}
    return tuple(f"{name}: {value}".encode() for name, value in fields.items())


def _record(url: str, answer: Answer, asked_at: datetime, own_fields: tuple[bytes, ...]) -> bytes:
    headers = "".join(
        f"{_PREFIX + name if name in _CODED else name}: {value}\r\n" for name, value in answer.headers
    ).encode("utf-8", "replace")
    block = b"HTTP/1.1 %d \r\n%s\r\n%s" % (answer.status, headers, answer.body)
    at = asked_at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{own_fields[0]!r} {at}"))
    fields = (
        b"WARC/1.1",
        b"WARC-Type: response",
        b"WARC-Record-ID: <urn:uuid:%s>" % name.encode(),
        b"WARC-Date: " + at.encode(),
        b"WARC-Target-URI: " + url.encode("utf-8", "replace"),
        *own_fields,
        b"Content-Type: application/http;msgtype=response",
        b"Content-Length: %d" % len(block),
    )
    return b"\r\n".join(fields) + b"\r\n\r\n" + block + b"\r\n\r\n"


class _Response(NamedTuple):
    fields: dict[str, str]
    answer: Answer


def _fetched(record: bytes, request: FetchRequest, directory: Path) -> Fetched | FetchedArchive | None:
    try:
        if not (parsed := _response(record)):
            return None
        fields, answer = parsed
        fetched_at = datetime.fromisoformat(fields["WARC-Date"])
        fetched = Fetched(request, fields["WARC-Target-URI"], *answer, fetched_at)
        if _FILE not in fields:
            return fetched
        path = str(directory / Path(fields[_FILE]).name)
        return FetchedArchive(fetched, path, bytes.fromhex(fields[_FILE_HASH]), is_temporary=False)
    except (ValueError, KeyError):  # not written here
        return None


def _response(record: bytes) -> _Response | None:
    warc, _, block = record.partition(b"\r\n\r\n")
    head, _, body = block.partition(b"\r\n\r\n")
    try:
        fields = dict(line.split(": ", 1) for line in warc.decode("utf-8").split("\r\n")[1:])
        status_line, *lines = head.decode("utf-8").split("\r\n")
        pairs = [line.split(": ", 1) for line in lines]
        headers = tuple((name.removeprefix(_PREFIX) if _is_coded(name) else name, value) for name, value in pairs)
        answer = Answer(int(status_line.split(" ")[1]), headers, body.removesuffix(b"\r\n\r\n"))
        return _Response(fields, answer)
    except (ValueError, IndexError):  # not written here
        return None


def _is_coded(name: str) -> bool:
    return name.startswith(_PREFIX) and name.removeprefix(_PREFIX) in _CODED


def _lines(record: bytes) -> list[bytes]:
    return record.partition(b"\r\n\r\n")[0].split(b"\r\n")


def _key(url: str) -> bytes:
    return hashlib.blake2b(url.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest().encode()


def _new_file(directory: Path) -> BinaryIO:
    for number in count():
        try:
            return (directory / f"fetched-{number:05d}.warc.gz").open("xb")
        except FileExistsError:
            continue
    raise AssertionError("count() ends never")
