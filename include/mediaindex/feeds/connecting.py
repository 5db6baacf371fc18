"""Connections to untrusted hosts: resolve the name once, check each address, and connect to the checked address.

The HTTP library still sees the name, so Host, SNI and the certificate check use the name. The name is not resolved a
second time, so a changed DNS answer (DNS rebinding) has no effect. A redirect to another host opens another connection,
which is checked in the same way.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

import httpcore

from mediaindex.errors import ErrorCode

from .errors import LaterError, RefusedError


@dataclass(frozen=True, slots=True)
class WebLimits:
    """Seconds and bytes for one request.

    Only time spent waiting for the server counts, not the time between reads (storing a part may be slow). An answer
    may take ``whole_s`` in total and must deliver ``window_bytes`` in every ``window_s``: 4 KiB per second by default,
    half the bit rate of the most compressed speech that is published.
    """

    connect_s: float = 10.0
    silence_s: float = 30.0
    head_s: float = 30.0
    window_s: float = 60.0
    window_bytes: int = 240 << 10
    whole_s: float = 3_600.0
    redirects: int = 20  # as browsers; hosts of podcasts put five and more trackers in front of a file


class Pace:
    """The clock of one request: call ``left`` before each wait and ``waited`` after it."""

    def __init__(self, limits: WebLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._in_head = True
        self._whole = self._window = 0.0
        self._bytes = 0

    def begin_body(self) -> None:
        """Start to count the body."""
        self._in_head = False
        self._window, self._bytes = 0.0, 0

    def left(self) -> float:
        """Seconds that the next wait may take. Raises ReadTimeout if none are left."""
        limits = self._limits
        ends = [limits.silence_s, limits.whole_s - self._whole]
        ends.append((limits.head_s if self._in_head else limits.window_s) - self._window)
        if min(ends) <= 0:
            raise httpcore.ReadTimeout(f"too slow: {self._bytes} bytes in {self._window:.0f} s")
        return min(ends)

    def waited(self, seconds: float, received: int = 0) -> None:
        """Count a wait of ``seconds`` that received ``received`` bytes."""
        self._whole += seconds
        self._window += seconds
        self._bytes += received
        if not self._in_head and self._bytes >= self._limits.window_bytes:
            self._window, self._bytes = 0.0, 0

    def now(self) -> float:
        """The clock, in seconds."""
        return self._clock()


Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NOT_PUBLIC_4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
            "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16",
            "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        ),
    )
)  # fmt: skip
# Only 2000::/3 is assigned as public. These ranges lie in it and are not public: protocol assignments with Teredo,
# documentation, 6to4 (an embedded IPv4 address), AS112, documentation again.
_PUBLIC_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")))
# IPv6-only networks reach IPv4 through these addresses; the embedded IPv4 address decides.
_TRANSLATED = IPv6Network("64:ff9b::/96")
# Servers of clouds that give credentials and configuration to whoever asks from a machine there. The first is a public
# address. A network that holds one does not allow it; an allowed network of this one address does.
_METADATA = frozenset(
    map(
        ip_address,
        (
            "168.63.129.16", "169.254.169.254", "169.254.169.253", "169.254.169.123", "169.254.170.2", "169.254.170.23",
            "169.254.0.23", "169.254.42.42", "100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd00:ec2::23",
            "fd00:ec2::253", "fd00:ec2::123", "fd20:ce::254", "fd00:42::42", "fe80::a9fe:a9fe",
        ),
    )
)  # fmt: skip


def usable(text: str, allowed: Sequence[Network] = ()) -> bool:
    """Whether a connection to this address (as getaddrinfo writes it) is allowed; False if it is not an address."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    inner = _inner(address)
    forms = {address, inner}
    covering = [network for form in forms for network in allowed if network.version == form.version and form in network]
    if forms & _METADATA:
        return any(network.num_addresses == 1 for network in covering)
    return bool(covering) or ("%" not in text and _is_public(inner))


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 address wraps; other addresses unchanged."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_public(address: Address) -> bool:
    if not address.is_global or address.is_multicast:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    return address in _PUBLIC_6 and not any(address in network for network in _NOT_PUBLIC_6)


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
