"""A small web server on loopback whose answers, valid or invalid, are set by the test."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class File:
    """A file on a correct server, with validators, conditional requests and ranges.

    ``cuts``: the next answers end after that many bytes of the body.
    """

    body: bytes
    media_type: str = "audio/mpeg"
    etag: str | None = '"one"'
    last_modified: str | None = None
    ranges: bool = True
    conditions: bool = True
    if_range: bool = True
    says_length: bool = True
    cuts: list[int] = field(default_factory=list)

    def __call__(self, request: BaseHTTPRequestHandler) -> None:
        asked = request.headers
        if self.conditions and (
            (self.etag and asked["If-None-Match"] == self.etag)
            or (not asked["If-None-Match"] and self.last_modified and asked["If-Modified-Since"] == self.last_modified)
        ):
            reply(request, 304, {"ETag": self.etag})
            return
        begin = self._begin(asked["Range"], asked["If-Range"])
        headers = {"Content-Type": self.media_type, "ETag": self.etag, "Last-Modified": self.last_modified}
        if begin:
            headers["Content-Range"] = f"bytes {begin}-{len(self.body) - 1}/{len(self.body)}"
        if self.says_length:
            headers["Content-Length"] = str(len(self.body) - begin)
        request.send_response(206 if begin else 200)
        for name, value in headers.items():
            if value is not None:
                request.send_header(name, value)
        request.end_headers()
        end = begin + self.cuts.pop(0) if self.cuts else len(self.body)
        request.wfile.write(self.body[begin:end])
        request.close_connection = True

    def _begin(self, asked: str | None, if_range: str | None) -> int:
        if not (asked and self.ranges):
            return 0
        if self.if_range and if_range and if_range not in {self.etag, self.last_modified}:
            return 0
        found = re.fullmatch(r"bytes=(\d+)-", asked)
        assert found, asked
        return int(found[1])


def reply(request: BaseHTTPRequestHandler, status: int, headers: dict[str, str | None], body: bytes = b"") -> None:
    """Send status, headers and body."""
    request.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        if value is not None:
            request.send_header(name, value)
    request.end_headers()
    request.wfile.write(body)


def _unknown(request: BaseHTTPRequestHandler) -> None:
    reply(request, 404, {})


def redirect(location: str, status: int = 302) -> Answer:
    """Redirect to another URL."""
    return lambda request: reply(request, status, {"Location": location})


@dataclass
class Host:
    """``answers``: by path; ``asked``: path and headers (names in lower case) of each request."""

    url: str
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    host: Host

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing: many tests make the client close its connection."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        assert isinstance(self.server, _Server)
        host = self.server.host
        path = self.path.partition("?")[0]
        host.asked.append((path, {name.lower(): value for name, value in self.headers.items()}))
        host.answers.get(path, _unknown)(self)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@contextmanager
def podcast_host(address: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Iterator[Host]:
    """Run the server inside the ``with`` block."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    kind = type("_OfFamily", (_Server,), {"address_family": family})
    server = kind((address, 0), _Handler)
    shown = f"[{address}]" if ":" in address else address
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.host = Host(f"{'https' if tls else 'http'}://{shown}:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.host
    finally:
        server.shutdown()
        server.server_close()
