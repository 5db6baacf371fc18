"""A proxy between a client and the real S3 server. It forwards each request, unless a rule of the test matches it."""

from __future__ import annotations

import http.client
import math
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

HOP = {"connection", "transfer-encoding", "expect", "keep-alive"}


@dataclass
class Answer:
    """An HTTP response, as the real server sent it."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


Act = Callable[["Handler", Callable[[], Answer]], None]


@dataclass
class Rule:
    """Runs ``act`` for the first ``times`` requests with this method whose path contains ``part``."""

    act: Act
    method: str = ""
    part: str = ""
    times: float = math.inf
    skip: int = 0  # matching requests to forward before that

    def matches(self, request: BaseHTTPRequestHandler) -> bool:
        if self.times <= 0 or self.method not in ("", request.command) or self.part not in request.path:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


@dataclass
class S3Proxy:
    """``url``: the address for clients; ``asked``: method and path of each request."""

    url: str = ""
    rules: list[Rule] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def on(self, act: Act, method: str = "", part: str = "", times: float = math.inf, skip: int = 0) -> None:
        """Add a rule. The first matching rule applies."""
        self.rules.append(Rule(act, method, part, times, skip))

    def begin(self) -> None:
        """Start a test: delete rules and recorded requests, and end responses that still trickle."""
        self.over.set()
        with self.lock:
            self.over = threading.Event()
            self.rules, self.asked = [], []

    def rule_for(self, request: BaseHTTPRequestHandler) -> Rule | None:
        with self.lock:
            self.asked.append((request.command, request.path))
            return next((rule for rule in self.rules if rule.matches(request)), None)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:  # the client has closed the connection
            self.close_connection = True

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        rule = self.server.proxy.rule_for(self)
        if rule is None:
            give(self, self._forward(body))
        else:
            rule.act(self, lambda: self._forward(body))

    do_HEAD = do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815  # names that http.server calls

    def _forward(self, body: bytes) -> Answer:
        target = urlsplit(self.server.target)
        upstream = http.client.HTTPConnection(target.hostname or "", target.port or 80, timeout=300)
        upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in HOP:
                upstream.putheader(name, value)  # also Host, which is part of the signature
        upstream.endheaders(body)
        answer = upstream.getresponse()
        found = Answer(answer.status, answer.getheaders(), answer.read())
        upstream.close()
        return found

    def log_message(self, *_args: Any) -> None:
        pass


def give(request: Handler, answer: Answer, body: bytes | None = None) -> None:
    """Send the answer. ``body`` replaces its body, but not its Content-Length."""
    request.send_response_only(answer.status)
    names = {name.lower() for name, _ in answer.headers}
    for name, value in answer.headers:
        if name.lower() not in HOP:
            request.send_header(name, value)
    if "content-length" not in names:
        request.send_header("Content-Length", str(len(answer.body)))
    request.end_headers()
    request.wfile.write(answer.body if body is None else body)


def answers(status: int, code: str) -> Act:
    """Answer with this status and error code of S3."""

    def act(request: Handler, _forward: Callable[[], Answer]) -> None:
        text = f"<Error><Code>{code}</Code><Message>an error of the test</Message></Error>".encode()
        body = b"" if request.command == "HEAD" else text
        give(request, Answer(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))], body))

    return act


def hangs_up(request: Handler, _forward: Callable[[], Answer]) -> None:
    """Reset the connection instead of answering."""
    reset(request)


def drops_the_answer(request: Handler, forward: Callable[[], Answer]) -> None:
    """Forward the request, then reset the connection instead of answering."""
    forward()
    reset(request)


def truncates(after: int, *, close: bool = False) -> Act:
    """Send all headers and ``after`` bytes of the body, then reset the connection, or only ``close`` it."""

    def act(request: Handler, forward: Callable[[], Answer]) -> None:
        answer = forward()
        give(request, answer, answer.body[:after])
        request.wfile.flush()
        request.close_connection = True
        if not close:
            reset(request)

    return act


def trickles(first: int, every_s: float = 0.02) -> Act:
    """Send ``first`` bytes of the body, then one byte per ``every_s`` seconds."""

    def act(request: Handler, forward: Callable[[], Answer]) -> None:
        answer = forward()
        over = request.server.proxy.over
        give(request, answer, answer.body[:first])
        for place in range(first, len(answer.body)):
            if over.wait(every_s):
                break
            request.wfile.write(answer.body[place : place + 1])
        request.close_connection = True

    return act


def never_answers(request: Handler, _forward: Callable[[], Answer]) -> None:
    """Read the request, and keep the connection open without an answer."""
    request.server.proxy.over.wait(60)
    request.close_connection = True


def after(change: Callable[[], Any]) -> Act:
    """Call ``change``, then forward the request."""

    def act(request: Handler, forward: Callable[[], Answer]) -> None:
        change()
        give(request, forward())

    return act


def reset(request: Handler) -> None:
    request.close_connection = True
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.connection.close()


@contextmanager
def s3_proxy(target: str) -> Iterator[S3Proxy]:
    """Run a proxy in front of ``target`` inside the ``with`` block."""
    proxy = S3Proxy()

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, *_args: Any) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    server.proxy, server.target = proxy, target  # type: ignore[attr-defined]
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.over.set()
        server.shutdown()
        server.server_close()
