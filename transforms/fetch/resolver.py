"""Names to addresses that may be connected to, and the last look at the socket."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

from aiohttp.abc import AbstractResolver, ResolveResult

from transforms.fetch.guard import is_private


class PrivateAddressError(OSError):
    """A name leads into a private network."""


class Resolver(AbstractResolver):
    """Looks names up in threads of its own and gives out the addresses that may be connected to."""

    def __init__(self, threads: ThreadPoolExecutor, allow_private: bool) -> None:
        self._threads = threads
        self._allow_private = allow_private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a name that may be connected to; raises `OSError` where there are none."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
        )
        ips = [(str(address[0]), kind) for kind, _, _, _, address in found]
        allowed = [(ip, kind) for ip, kind in ips if self._allow_private or not is_private(ip)]
        if not allowed:
            raise PrivateAddressError(f"{host} is {', '.join(ip for ip, _ in ips[:3])}")
        return [ResolveResult(hostname=host, host=ip, port=port, family=kind, proto=0, flags=0) for ip, kind in allowed]

    def guarded_socket(
        self, info: tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[str | int, ...]]
    ) -> socket.socket:
        """The last look, at the address that is connected to, whatever led there."""
        family, kind, protocol, _, address = info
        if not self._allow_private and is_private(str(address[0])):
            raise PrivateAddressError(str(address[0]))
        return socket.socket(family, kind, protocol)

    async def close(self) -> None:
        """The threads are the client's."""
