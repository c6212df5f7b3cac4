"""Real HTTP and HTTPS servers on loopback addresses, with faults to order and a log of who asked when."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Ending = Literal["keep", "close", "reset", "hang"]


@dataclass(frozen=True)
class Asked:
    """A request as a server saw it: seconds of the monotonic clock, names of headers in lower case."""

    at: float
    origin: str
    path: str
    headers: Mapping[str, str]
    connection: int


@dataclass(frozen=True)
class Reply:
    """What a server answers.

    Args:
        length: the Content-Length that is claimed; None says how long the body is, -1 says nothing.
        raw: sent in place of everything else.
        drip_s: seconds between two bytes of the body.
        wait_s: seconds before anything is sent.
        ending: what happens to the connection afterwards.
    """

    status: int = 200
    body: bytes = b"<!doctype html><title>Ein Titel</title><p>Ein Absatz."
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/html; charset=utf-8"),)
    length: int | None = None
    raw: bytes | None = None
    drip_s: float = 0.0
    wait_s: float = 0.0
    ending: Ending = "keep"


NOT_FOUND = Reply(404, b"nothing here")
Answers = Reply | Sequence[Reply] | Callable[[Asked], Reply]
"""One reply for all requests, one after the other (the last one for good), or whatever a function says."""


@dataclass
class Servers:
    """Any number of servers in one background thread; a context manager."""

    log: list[Asked] = field(default_factory=list)
    sent_bytes: int = 0
    """Of bodies, as far as they were handed to the system."""

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def serve(self, host: str, pages: Mapping[str, Answers], port: int = 0, tls: ssl.SSLContext | None = None) -> str:
        """Start a server; returns its origin. ``"*"`` answers what is not named, /robots.txt excepted."""
        started = asyncio.run_coroutine_threadsafe(self._serve(host, pages, port, tls), self._loop)
        return started.result()

    def asked(self, origin: str, path: str | None = None) -> list[Asked]:
        """What one server was asked for, in order."""
        return [asked for asked in self.log if asked.origin == origin and path in (None, asked.path)]

    def gaps(self, origin: str) -> list[float]:
        """Seconds between the starts of the requests to one server."""
        times = [asked.at for asked in self.asked(origin)]
        return [later - earlier for earlier, later in pairwise(times)]

    async def _serve(self, host: str, pages: Mapping[str, Answers], port: int, tls: ssl.SSLContext | None) -> str:
        counts: dict[str, int] = {}
        connections = iter(range(1_000_000))
        origin = ""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task
            self._tasks.add(task)
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                connection = next(connections)
                while asked := await _read(reader, origin, connection):
                    self.log.append(asked)
                    reply = _choose(pages, asked, counts)
                    self.sent_bytes += len(reply.body)
                    if not await _send(writer, reply):
                        break
            self._tasks.discard(task)
            writer.close()

        server = await asyncio.start_server(serve, host, port, ssl=tls, limit=1 << 20)
        self._servers.append(server)
        origin = f"{'https' if tls else 'http'}://{host}:{server.sockets[0].getsockname()[1]}"
        return origin

    async def _stop(self) -> None:
        for server in self._servers:
            server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.sleep(0)


async def _read(reader: asyncio.StreamReader, origin: str, connection: int) -> Asked | None:
    head = await reader.readuntil(b"\r\n\r\n")
    request, *lines = head.decode("latin-1").rstrip().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    return Asked(time.monotonic(), origin, request.split(" ")[1], headers, connection)


def _choose(pages: Mapping[str, Answers], asked: Asked, counts: dict[str, int]) -> Reply:
    found = pages.get(asked.path)
    if found is None and asked.path != "/robots.txt":
        found = pages.get("*")
    if found is None:
        return NOT_FOUND
    if isinstance(found, Reply):
        return found
    if callable(found):
        return found(asked)
    number = counts.get(asked.path, 0)
    counts[asked.path] = number + 1
    return found[min(number, len(found) - 1)]


async def _send(writer: asyncio.StreamWriter, reply: Reply) -> bool:
    """Whether the connection goes on."""
    await asyncio.sleep(reply.wait_s)
    length = len(reply.body) if reply.length is None else reply.length
    lines = [f"HTTP/1.1 {reply.status} x", *(f"{name}: {value}" for name, value in reply.headers)]
    lines += [f"Content-Length: {length}"] if length >= 0 and reply.status != 304 else []
    lines += ["Connection: close"] if reply.ending == "close" and length < 0 else []
    writer.write(reply.raw if reply.raw is not None else "\r\n".join([*lines, "", ""]).encode("latin-1"))
    if reply.raw is None:
        if reply.drip_s:
            for byte in reply.body:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(reply.drip_s)
        else:
            writer.write(reply.body)
    await writer.drain()
    if reply.ending == "reset":
        writer.transport.abort()
    elif reply.ending == "hang":
        await asyncio.sleep(3600)
    return reply.ending == "keep"


def redirect(location: str, status: int = 302) -> Reply:
    """A redirect."""
    return Reply(status, b"", (("Location", location),))


def text(body: str) -> Reply:
    """Plain text, such as a robots.txt."""
    return Reply(body=body.encode(), headers=(("Content-Type", "text/plain"),))


def http_date(instant: datetime) -> str:
    """A date as HTTP writes it."""
    return format_datetime(instant, usegmt=True)


def certificate(folder: Path, *ips: str) -> tuple[ssl.SSLContext, Path]:
    """A context for a server with a fresh self-signed certificate for some IP addresses, and the certificate's file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(ip)) for ip in ips]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_path, key_path = folder / "cert.pem", folder / "key.pem"
    cert_path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert_path, key_path)
    return context, cert_path
