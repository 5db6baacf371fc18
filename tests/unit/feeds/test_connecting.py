"""A connection goes to one checked address after the other, and all its waits count."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import httpcore
import pytest

from mediaindex.errors import ErrorCode
from mediaindex.feeds.connecting import CheckedBackend, Pace, PacedStream, WebLimits, resolve
from mediaindex.feeds.errors import LaterError, RefusedError

LOOPBACK = (ip_network("127.0.0.0/8"),)


class Stream(httpcore.NetworkStream):
    """A connection whose every wait lasts ``took`` seconds of the clock, and that knows how long it might wait."""

    def __init__(self, backend: Backend, took: float) -> None:
        self.backend, self.took = backend, took
        self.waits: list[float | None] = []

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.waits.append(timeout)
        self.backend.now += self.took
        return b"x" * max_bytes

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.waits.append(timeout)
        self.backend.now += self.took

    def start_tls(self, *_: Any, **__: Any) -> Stream:
        return self

    def close(self) -> None:
        raise EOFError


class Backend(CheckedBackend):
    """A backend with a clock of its own."""

    def __init__(self, **limits: float) -> None:
        super().__init__(WebLimits())
        self.now = 0.0
        usual: dict[str, Any] = {"silence_s": 10, "head_s": 20, "window_s": 30, "window_bytes": 100, "whole_s": 1_000}
        self.pace = Pace(WebLimits(**(usual | limits)), lambda: self.now)


def test_reads_and_writes_count_together() -> None:
    backend = Backend()
    plain = Stream(backend, 8.0)
    stream = PacedStream(plain, backend)
    stream.write(b"GET")
    stream.read(10)
    assert plain.waits == [10, 10]
    stream.write(b"GET", 2.0)
    assert plain.waits[-1] == 2.0  # 4 s are left of the head's 20
    with pytest.raises(httpcore.ReadTimeout):
        stream.read(10)


def test_after_tls_waits_still_count_and_the_connection_is_closed() -> None:
    backend = Backend(silence_s=5, head_s=6)
    stream = PacedStream(Stream(backend, 5.0), backend).start_tls(ssl.create_default_context(), "a.example")
    stream.read(10)
    plain = stream._stream  # type: ignore[attr-defined]
    stream.read(10, 3.0)
    assert plain.waits == [5, 1]
    with pytest.raises(EOFError):
        stream.close()


def test_a_body_begins_with_a_new_window() -> None:
    backend = Backend()
    stream = PacedStream(Stream(backend, 9.0), backend)
    stream.read(10)
    stream.read(10)
    backend.pace.begin_body()
    for _ in range(3):
        stream.read(10)
    backend.pace.waited(0.0, 70)  # 100 bytes in its window: another begins
    for _ in range(3):
        stream.read(10)
    assert backend.pace.left() == pytest.approx(3.0)


def connected(addresses: list[str], port: int, **more: Any) -> httpcore.NetworkStream:
    backend = CheckedBackend(WebLimits(), LOOPBACK, resolver=lambda _host, _port: addresses)
    return backend.connect_tcp("a.example", port, 5.0, **more)


def test_the_next_address_is_tried_if_one_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        connected(["127.0.0.2", "127.0.0.1"], port).close()
        assert listening.accept()
        with pytest.raises(httpcore.ConnectError, match="refused"):
            connected(["127.0.0.2", "127.0.0.3"], port)


def test_a_host_without_an_address_cannot_be_reached() -> None:
    with pytest.raises(httpcore.ConnectError, match=r"a\.example has no address"):
        connected([], 80)


def test_a_host_with_private_addresses_only_is_refused_with_the_remedy() -> None:
    with pytest.raises(RefusedError, match="allowed_networks") as caught:
        connected(["10.0.0.1", "fe80::1"], 80)
    assert caught.value.code == ErrorCode.PRIVATE_ADDRESS


@pytest.mark.parametrize("error", [socket.gaierror(-2, "unknown"), UnicodeError("label too long")])
def test_an_unknown_host_name_is_retried_later(error: Exception) -> None:
    def fails(_host: str, _port: int) -> list[str]:
        raise error

    backend = CheckedBackend(WebLimits(), resolver=fails)
    with pytest.raises(LaterError, match=r"a\.example: the host name cannot be resolved") as caught:
        backend.connect_tcp("a.example", 80)
    assert caught.value.code == ErrorCode.UNREACHABLE


def test_the_brackets_of_an_ipv6_address_are_no_part_of_its_name() -> None:
    asked: list[str] = []
    resolver: Callable[[str, int], list[str]] = lambda host, _port: asked.append(host) or []  # type: ignore[func-returns-value]  # noqa: E731
    with pytest.raises(httpcore.ConnectError):
        CheckedBackend(WebLimits(), resolver=resolver).connect_tcp("[::1]", 80)
    assert asked == ["::1"]


def test_an_address_is_listed_once() -> None:
    assert resolve("127.0.0.1", 80) == ["127.0.0.1"]
