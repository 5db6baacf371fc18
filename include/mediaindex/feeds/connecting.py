"""Connections to untrusted hosts: resolve the name once, check each address, and connect to the checked address.

The HTTP library still sees the name, so Host, SNI and the certificate check use the name. The name is not resolved a
second time, so a changed DNS answer (DNS rebinding) has no effect. A redirect to another host opens another connection,
which is checked in the same way.
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
    """The host's IP addresses from the system resolver. Raises OSError or UnicodeError."""
    entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in entries))


class CheckedBackend(httpcore.NetworkBackend):
    """Connects only to public addresses and ``allowed`` networks; ``pace`` is the clock of the current request."""

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
        """See httpcore. Raises RefusedError ``private_address`` if none of the host's addresses is allowed."""
        error: Exception | None = None
        for address in self._usable(host, port):
            try:
                stream = self._plain.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failure:
                error = failure
                continue
            return PacedStream(stream, self)
        raise error or httpcore.ConnectError(f"{host} has no address")

    def _usable(self, host: str, port: int) -> list[str]:
        try:
            addresses = self._resolve(host.strip("[]"), port)
        except (OSError, UnicodeError) as error:
            raise LaterError(
                f"{host}: the host name cannot be resolved: {error}; check the name and the DNS server",
                code=ErrorCode.UNREACHABLE,
            ) from error
        allowed = [address for address in addresses if usable(address, self._allowed)]
        if addresses and not allowed:
            raise RefusedError(
                f"{host}: resolves to a private address, which feeds may not use; if the host is your own, "
                "add its network to the source's allowed_networks",
                code=ErrorCode.PRIVATE_ADDRESS,
            )
        return allowed


class PacedStream(httpcore.NetworkStream):
    """A connection whose reads and writes all count against the pace of the current request."""

    def __init__(self, stream: httpcore.NetworkStream, backend: CheckedBackend) -> None:
        self._stream = stream
        self._backend = backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """See httpcore; ``timeout`` is limited to the time that the pace leaves."""
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
        """See httpcore; the caller gives the name to check, not the address."""
        return PacedStream(self._stream.start_tls(ssl_context, server_hostname, timeout), self._backend)

    def get_extra_info(self, info: str) -> Any:
        """See httpcore."""
        return self._stream.get_extra_info(info)
