"""Connections to strangers: the name is resolved once, each address is checked, and that very address is called.

The HTTP library above still sees the name, so Host, SNI and the certificate check are about the name. Nobody resolves
it a second time, so a name server that changes its mind (DNS rebinding) changes nothing; a redirect to another host is
another connection and passes through here as well.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import httpcore

from mediaindex.errors import ErrorCode

from .addresses import Network, usable
from .errors import LaterError, RefusedError
from .pace import Pace, WebLimits

Resolve = Callable[[str, int], list[str]]


def resolve(host: str, port: int) -> list[str]:
    """The host's IP addresses, as the machine's own resolver gives them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class CheckedBackend(httpcore.NetworkBackend):
    """Connects to public addresses and to ``allowed`` networks only; ``pace`` is the clock of the current request."""

    def __init__(self, limits: WebLimits, allowed: Sequence[Network] = (), resolver: Resolve = resolve) -> None:
        self.pace = Pace(limits)
        self._allowed = tuple(allowed)
        self._resolve = resolver
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """See httpcore. Raises RefusedError ``private_address`` where the host has no address that we may call."""
        error: Exception | None = None
        for address in self._usable(host, port):
            try:
                stream = self._plain.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
                continue
            return PacedStream(stream, self)
        raise error or httpcore.ConnectError(f"{host} has no address")

    def _usable(self, host: str, port: int) -> list[str]:
        try:
            found = self._resolve(host.strip("[]"), port)
        except (OSError, UnicodeError) as error:
            raise LaterError(f"{host}: no such host, or no name server: {error}", code=ErrorCode.UNREACHABLE) from error
        good = [address for address in found if usable(address, self._allowed)]
        if found and not good:
            raise RefusedError(
                f"{host}: leads to an address that is not public, which feeds may not; if it is a host of your own, "
                "name its network in the source's allowed_networks",
                code=ErrorCode.PRIVATE_ADDRESS,
            )
        return good


class PacedStream(httpcore.NetworkStream):
    """A connection whose every read and write counts against the pace of the current request."""

    def __init__(self, stream: httpcore.NetworkStream, backend: CheckedBackend) -> None:
        self._stream = stream
        self._backend = backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """See httpcore; ``timeout`` is shortened to what the pace leaves."""
        pace = self._backend.pace
        limit, began = pace.left(), pace.now()
        received = 0
        try:
            data = self._stream.read(max_bytes, limit if timeout is None else min(limit, timeout))
            received = len(data)
            return data
        finally:
            pace.waited(pace.now() - began, received)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """See httpcore."""
        pace = self._backend.pace
        limit, began = pace.left(), pace.now()
        try:
            self._stream.write(buffer, limit if timeout is None else min(limit, timeout))
        finally:
            pace.waited(pace.now() - began)

    def close(self) -> None:
        """See httpcore."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """See httpcore; the name to check is given by the caller, who knows no address."""
        return PacedStream(self._stream.start_tls(ssl_context, server_hostname, timeout), self._backend)

    def get_extra_info(self, info: str) -> Any:
        """See httpcore."""
        return self._stream.get_extra_info(info)
