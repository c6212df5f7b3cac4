"""One exchange over HTTP; sockets open only here and in `resolver`. Redirects, pace and retries are the crawl's."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from functools import partial
from types import SimpleNamespace, TracebackType
from typing import Self
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from transforms.fetch.answer import Answer, FetchError
from transforms.fetch.archive_file import ArchiveFile
from transforms.fetch.coding import ACCEPTED, Body, BrokenCodingError, TooLargeError
from transforms.fetch.guard import is_local_name, is_private_literal
from transforms.fetch.policy import FetchPolicy
from transforms.fetch.resolver import PrivateAddressError, Resolver
from transforms.fetch.site import Address
from transforms.reasons import Reason

MAX_HEADER_BYTES = 32_768
MAX_HEADERS = 256
MAX_ERROR_BODY_BYTES = 65_536
"""Of a body that nobody reads: cheaper to take than to open the connection again."""
LARGE_BYTES = 1_000_000
MAX_LARGE = 8
"""How many bodies over `LARGE_BYTES` are under way at once; others wait in the middle, so that memory stays bounded."""
PROGRESS_BYTES = 1_000_000
"""Of an archive: so many have to come in the time that another request has as a whole."""
KEEP_ALIVE_S = 30.0
MAX_SOCKETS = 16_384
RESOLVER_THREADS = 768
"""More than there are requests to hosts that did not answer yet: a lookup may go on after its request was given up."""

_NO_SUCH_NAME = {code for code in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", None)) if code is not None}
_HEADERS_TOO_LARGE = ("Got more than", "Too many headers")
"""How the library's messages begin: it has no exception of its own for the second."""

_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


class Client:
    """Connections to any number of hosts, with the guards at the socket.

    Proxies are those of the environment (``http_proxy``, ``https_proxy``, ``all_proxy``, ``no_proxy``). Through one,
    the proxy makes the connection: its own address is not checked, and the target's name is, as far as it can be looked
    up here; a name that only means something inside of a network is refused. Neither cookies nor ``.netrc`` are used.
    """

    def __init__(self, policy: FetchPolicy) -> None:
        self._policy = policy
        self._proxies = getproxies()
        self._tls = ssl.create_default_context()
        self._stack = AsyncExitStack()
        self._large = asyncio.Semaphore(MAX_LARGE)

    async def __aenter__(self) -> Self:
        _allow_sockets()
        self._threads = ThreadPoolExecutor(RESOLVER_THREADS, "resolve")
        self._stack.callback(self._threads.shutdown, wait=False, cancel_futures=True)
        self._resolver = Resolver(self._threads, self._policy.allow_private)
        self._direct = await self._stack.enter_async_context(self._session(self._resolver))
        # Connections to a proxy are not guarded; a session of their own keeps them from being anything else.
        self._proxied = await self._stack.enter_async_context(self._session(Resolver(self._threads, True)))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def ask(
        self,
        address: Address,
        headers: Mapping[str, str],
        sent: Callable[[], None],
        heard: Callable[[], None],
        cut_at: int | None = None,
        file: ArchiveFile | None = None,
    ) -> Answer:
        """Ask for an address and take the whole answer, within the policy's time.

        Args:
            address: checked by `transforms.fetch.guard.checked_address`.
            headers: beside those that every request has.
            sent: called when the request goes out, once there is a connection.
            heard: called when the answer begins.
            cut_at: bytes after which a body is cut; None makes one beyond the policy's bound a fault.
            file: takes the body in place of the answer. The policy's time is for each `PROGRESS_BYTES` of it then.

        Raises:
            FetchError: whatever kept an answer from arriving whole.
        """
        try:
            async with asyncio.timeout(self._policy.timeout_s) as limit:
                take = partial(self._store, file, limit) if file else partial(self._body, cut_at)
                return await self._exchange(address, headers, sent, heard, take)
        except FetchError:
            raise
        except TimeoutError:
            much = f"{PROGRESS_BYTES} more bytes" if file and file.size else "whole answer"
            detail = f"no {much} within {self._policy.timeout_s:g} s"
            raise FetchError(Reason.TIMEOUT, detail, is_passing=True) from None
        except TooLargeError:
            raise FetchError(Reason.TOO_LARGE, f"more than {self._policy.max_bytes} bytes") from None
        except BrokenCodingError as error:
            raise FetchError(Reason.CONNECTION, str(error), is_passing=True) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _fault_of(error) from error

    async def _exchange(
        self,
        address: Address,
        headers: Mapping[str, str],
        sent: Callable[[], None],
        heard: Callable[[], None],
        take: Callable[[aiohttp.ClientResponse], Awaitable[bytes]],
    ) -> Answer:
        proxy = self._proxy_for(address)
        if proxy:
            await self._check_behind_proxy(address)
        session = self._proxied if proxy else self._direct
        url = URL(address.url, encoded=True)
        context = SimpleNamespace(sent=sent)
        async with session.get(
            url, headers=headers, proxy=proxy, allow_redirects=False, trace_request_ctx=context
        ) as response:
            heard()
            received = tuple((_text(name).lower(), _text(value)) for name, value in response.raw_headers)
            body = b""
            if 200 <= response.status < 300:
                body = await take(response)
            elif response.status >= 400:  # what a redirect has beside its headers is not waited for
                await _skipped(response)
            return Answer(response.status, received, body)

    async def _store(self, file: ArchiveFile, limit: asyncio.Timeout, response: aiohttp.ClientResponse) -> bytes:
        file.expect(",".join(response.headers.getall("Content-Encoding", [])), response.content_length)
        due = PROGRESS_BYTES
        async for chunk in response.content.iter_any():
            file.write(chunk)
            if file.size >= due:
                due = file.size + PROGRESS_BYTES
                limit.reschedule(asyncio.get_running_loop().time() + self._policy.timeout_s)
        return b""

    async def _body(self, cut_at: int | None, response: aiohttp.ClientResponse) -> bytes:
        body = Body(",".join(response.headers.getall("Content-Encoding", [])), cut_at or self._policy.max_bytes)
        async with AsyncExitStack() as stack:
            is_large = False
            try:
                async for chunk in response.content.iter_any():
                    body.feed(chunk)
                    if body.size > LARGE_BYTES and not is_large:
                        is_large = True
                        await stack.enter_async_context(self._large)
            except TooLargeError:
                response.close()
                if cut_at is None:
                    raise
                return body.so_far()
        return body.whole()

    def _session(self, resolver: Resolver) -> aiohttp.ClientSession:
        trace = aiohttp.TraceConfig()
        trace.on_request_headers_sent.append(_headers_sent)
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=resolver,
                ssl=self._tls,
                limit=0,
                use_dns_cache=False,  # looked up for each connection, which is then kept
                keepalive_timeout=KEEP_ALIVE_S,
                socket_factory=resolver.guarded_socket,
            ),
            headers={"User-Agent": self._policy.user_agent, "Accept": _ACCEPT, "Accept-Encoding": ACCEPTED},
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(),
            auto_decompress=False,
            max_line_size=MAX_HEADER_BYTES,
            max_field_size=MAX_HEADER_BYTES,
            max_headers=MAX_HEADERS,
            trace_configs=[trace],
        )
        # A request that a kept connection lost would be sent again at once, without regard to the host's pace.
        session._retry_connection = False
        return session

    def _proxy_for(self, address: Address) -> str | None:
        proxy = self._proxies.get(address.scheme) or self._proxies.get("all")
        if not proxy or proxy_bypass(f"{address.host}:{address.port}"):
            return None
        scheme = proxy.partition("://")[0].lower() if "://" in proxy else "http"
        if scheme not in ("http", "https"):
            raise FetchError(Reason.CONNECTION, f"the environment names a {scheme[:20]} proxy", is_of_host=True)
        return proxy if "://" in proxy else f"http://{proxy}"

    async def _check_behind_proxy(self, address: Address) -> None:
        if self._policy.allow_private:
            return
        is_literal = ":" in address.host or address.host.replace(".", "").isdigit()
        if is_private_literal(address.host) or (not is_literal and is_local_name(address.host)):
            raise PrivateAddressError(address.host)
        if not is_literal:
            with suppress(socket.gaierror):  # behind a proxy there need not be any DNS
                await self._resolver.resolve(address.host, address.port)


def _allow_sockets() -> None:
    """Raise the process's own limit of open files as far as the system lets it: each kept connection is one."""
    with suppress(ImportError, ValueError, OSError):
        import resource  # not on every system

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = MAX_SOCKETS if hard == resource.RLIM_INFINITY else min(hard, MAX_SOCKETS)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _headers_sent(session: aiohttp.ClientSession, context: SimpleNamespace, params: object) -> None:
    context.trace_request_ctx.sent()


async def _skipped(response: aiohttp.ClientResponse) -> bytes:
    """Read a body that nobody wants, so that its connection can be used again, unless it is long."""
    size = 0
    with suppress(aiohttp.ClientError):
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > MAX_ERROR_BODY_BYTES:
                response.close()
                break
    return b""


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _fault_of(error: Exception) -> FetchError:
    """The reason for what the library or the system raised."""
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) and len(causes) < 8:
        causes.append(cause)
    detail = f"{type(error).__name__}: {error}"
    private = next((cause for cause in causes if isinstance(cause, PrivateAddressError)), None)
    if private:
        return FetchError(Reason.PRIVATE_ADDRESS, f"not a public address: {private}", is_of_host=True)
    lookup = next((cause for cause in causes if isinstance(cause, socket.gaierror | UnicodeError)), None)
    if lookup or isinstance(error, aiohttp.ClientConnectorDNSError):
        is_final = not isinstance(lookup, socket.gaierror) or lookup.errno in _NO_SUCH_NAME
        return FetchError(Reason.DNS, str(lookup or error), is_passing=not is_final, is_of_host=is_final)
    if any(isinstance(cause, ssl.SSLError | ssl.CertificateError) for cause in causes):
        return FetchError(Reason.TLS, detail, is_of_host=True)
    if isinstance(error, aiohttp.InvalidURL):
        return FetchError(Reason.BAD_URL, detail)
    if isinstance(error, aiohttp.ClientResponseError) and error.message.startswith(_HEADERS_TOO_LARGE):
        return FetchError(Reason.TOO_LARGE, f"headers: {error.message}")
    return FetchError(Reason.CONNECTION, detail, is_passing=True)
