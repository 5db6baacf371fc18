from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from mediaindex.errors import ErrorCode
from mediaindex.feeds.connecting import WebLimits
from mediaindex.feeds.errors import CutError, LaterError, RefusedError, UnexpectedAnswerError, WebError
from mediaindex.feeds.web import Web
from tests.builders.certificates import certificate
from tests.builders.podcast_host import File, Host, podcast_host, redirect, reply

LOOPBACK = (ip_network("127.0.0.1/32"),)


def body(web: Web, url: str) -> bytes:
    with web.get(url, {}) as answer:
        return b"".join(answer.chunks)


def refused(web: Web, url: str) -> str:
    with pytest.raises(RefusedError) as caught:
        body(web, url)
    return caught.value.code


def test_an_answer_has_its_head_and_its_whole_body(web: Web, host: Host) -> None:
    host.answers["/a"] = File(b"sound", etag='"e"')
    with web.get(f"{host.url}/a?x=1#y", {"X-Own": "1"}) as answer:
        assert (answer.status, answer.headers["etag"], answer.length) == (200, '"e"', 5)
        assert (answer.moved_to, answer.shown) == (None, f"{host.url}/a")
        assert b"".join(answer.chunks) == b"sound"
    _, sent = host.asked[0]
    assert sent["host"] == host.url.removeprefix("http://")
    assert sent["x-own"] == "1"
    assert "authorization" not in sent


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "127.1", "0x7f.1", "2130706433", "[::ffff:127.0.0.1]"])
def test_loopback_is_refused_under_every_spelling(host: Host, name: str) -> None:
    with Web() as web:
        assert refused(web, host.url.replace("127.0.0.1", name) + "/a") == "private_address"
    assert host.asked == []


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/latest/meta-data/", "http://127.0.0.2:{port}/a", "http://[::1]:{port}/a",
               "http://10.0.0.1/", "http://[::ffff:169.254.169.254]/"],
)  # fmt: skip
def test_a_redirect_to_a_private_address_is_refused(web: Web, host: Host, target: str) -> None:
    host.answers["/a"] = redirect(target.format(port=host.url.rpartition(":")[2]))
    assert refused(web, f"{host.url}/a") == "private_address"
    assert host.paths() == ["/a"]


@pytest.mark.parametrize("target", ["file:///etc/passwd", "gopher://127.0.0.1:6379/_FLUSHALL", "ftp://a.example/x"])
def test_a_redirect_to_another_protocol_is_refused(web: Web, host: Host, target: str) -> None:
    host.answers["/a"] = redirect(target)
    assert refused(web, f"{host.url}/a") == "bad_url"


def test_the_connection_goes_to_the_checked_address(host: Host) -> None:
    asked: list[str] = []

    def rebinding(name: str, _port: int) -> list[str]:
        asked.append(name)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    host.answers["/a"] = File(b"sound")
    url = host.url.replace("127.0.0.1", "rebind.example")
    with Web(allowed=LOOPBACK, resolver=rebinding) as web:
        assert body(web, f"{url}/a") == b"sound"
    assert asked == ["rebind.example"]  # once: the name is not resolved again between check and connection
    assert host.asked[0][1]["host"].startswith("rebind.example:")
    with Web(allowed=LOOPBACK, resolver=rebinding) as web:
        assert refused(web, f"{url}/a") == "private_address"


def test_tls_checks_the_name_although_the_connection_uses_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, trusted = certificate("shows.example", tmp_path)
    names: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with podcast_host(tls=context) as host, Web(allowed=LOOPBACK, resolver=lambda *_: ["127.0.0.1"]) as web:
        host.answers["/a"] = File(b"sound")
        assert body(web, host.url.replace("127.0.0.1", "shows.example") + "/a") == b"sound"
        with pytest.raises(LaterError, match="certificate"):
            body(web, host.url.replace("127.0.0.1", "other.example") + "/a")
    assert names == ["shows.example", "other.example"]


def test_only_the_allowed_addresses_of_a_host_are_used(host: Host) -> None:
    host.answers["/a"] = File(b"sound")
    with Web(allowed=LOOPBACK, resolver=lambda *_: ["127.0.0.2", "127.0.0.1"]) as web:
        assert body(web, host.url.replace("127.0.0.1", "two.example") + "/a") == b"sound"


def test_a_name_that_cannot_be_resolved_is_retried_later() -> None:
    def fails(_name: str, _port: int) -> list[str]:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    with Web(resolver=fails) as web, pytest.raises(LaterError, match="cannot be resolved"):
        body(web, "http://nowhere.example/")


def doubtful(web: Web, url: str) -> str:
    with pytest.raises(UnexpectedAnswerError, match="redirect") as caught:
        body(web, url)
    assert caught.value.code == "too_many_redirects"
    return caught.value.message


def test_as_many_redirects_are_followed_as_trackers_need(web: Web, host: Host) -> None:
    host.answers |= {f"/{n}": redirect(f"/{n + 1}") for n in range(30)} | {"/30": File(b"sound")}
    assert body(web, f"{host.url}/10") == b"sound"
    assert "more than 20 redirects" in doubtful(web, f"{host.url}/9")
    with Web(WebLimits(redirects=30), LOOPBACK) as patient:
        assert body(patient, f"{host.url}/0") == b"sound"


def test_a_redirect_to_a_path_with_spaces_and_umlauts_is_followed(web: Web, host: Host) -> None:
    def there(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write("HTTP/1.1 302 Found\r\nLocation: /für dich.mp3\r\nContent-Length: 0\r\n\r\n".encode())

    host.answers |= {"/a": there, "/f%C3%BCr%20dich.mp3": File(b"sound")}
    assert body(web, f"{host.url}/a") == b"sound"


def test_a_redirect_loop_is_retried_with_its_reason(web: Web, host: Host) -> None:
    host.answers |= {"/a": redirect("/b"), "/b": redirect("/a")}
    assert "in a circle" in doubtful(web, f"{host.url}/a")
    assert host.paths() == ["/a", "/b"]


def test_a_redirect_that_waits_for_its_cookie_gets_it(web: Web, host: Host) -> None:
    def gate(request: Any) -> None:
        if request.headers["Cookie"] == "seen=1; way=2":
            File(b"sound")(request)
            return
        request.send_response(302)
        for name, value in (("Set-Cookie", "seen=1; Path=/"), ("Set-Cookie", "way=2"), ("Location", "/a")):
            request.send_header(name, value)
        request.send_header("Content-Length", "0")
        request.end_headers()

    host.answers["/a"] = gate
    assert body(web, f"{host.url}/a") == b"sound"


def test_a_cookie_that_changes_nothing_ends_with_a_reason(web: Web, host: Host) -> None:
    host.answers["/a"] = lambda request: reply(request, 302, {"Location": "/a", "Set-Cookie": "seen=1"})
    assert "its cookies did not end it" in doubtful(web, f"{host.url}/a")
    assert len(host.asked) == 2


def test_a_cookie_is_sent_to_its_own_origin_only(web: Web, host: Host) -> None:
    with podcast_host() as other:
        other.answers["/b"] = File(b"x")
        host.answers["/a"] = lambda request: reply(
            request, 302, {"Location": f"{other.url}/b", "Set-Cookie": "secret=1"}
        )
        body(web, f"{host.url}/a")
        assert ["cookie" in headers for _, headers in other.asked] == [False]


def test_of_a_mixed_answer_of_dns_only_the_allowed_address_is_called() -> None:
    with podcast_host() as allowed:
        port = int(allowed.url.rpartition(":")[2])
        allowed.answers["/a"] = File(b"sound")
        with socket.socket() as private:
            private.bind(("127.0.0.2", port))  # the same port, at an address that is not allowed
            private.listen()
            private.setblocking(False)
            url = f"http://mixed.example:{port}/a"
            with Web(allowed=LOOPBACK, resolver=lambda _name, _port: ["127.0.0.2", "127.0.0.1"]) as web:
                assert body(web, url) == b"sound"
            with pytest.raises(BlockingIOError):
                private.accept()
            with Web(resolver=lambda _name, _port: ["127.0.0.2", "127.0.0.1"]) as web:
                assert refused(web, url) == "private_address"
            with pytest.raises(BlockingIOError):
                private.accept()


def test_only_permanent_redirects_change_the_address(web: Web, host: Host) -> None:
    host.answers |= {"/a": redirect("/b", 301), "/b": redirect("/c", 308), "/c": File(b"x"), "/d": redirect("/a", 307)}
    with web.get(f"{host.url}/a", {}) as answer:
        assert answer.moved_to == f"{host.url}/c"
    with web.get(f"{host.url}/d", {}) as answer:
        assert answer.moved_to is None


def test_a_login_is_sent_to_its_own_origin_only(web: Web, host: Host) -> None:
    with podcast_host() as other:
        other.answers["/b"] = File(b"x")
        host.answers |= {"/a": redirect("/same"), "/same": redirect(f"{other.url}/b")}
        body(web, host.url.replace("http://", "http://ann:secret@") + "/a")
        assert ["authorization" in headers for _, headers in host.asked] == [True, True]
        assert ["authorization" in headers for _, headers in other.asked] == [False]


@pytest.mark.parametrize(
    ("status", "kind"), [(503, LaterError), (429, LaterError), (404, UnexpectedAnswerError),
                         (403, UnexpectedAnswerError), (410, RefusedError), (300, UnexpectedAnswerError)],
)  # fmt: skip
def test_the_status_decides_whether_to_retry(web: Web, host: Host, status: int, kind: type[WebError]) -> None:
    host.answers["/a"] = lambda request: reply(request, status, {"Retry-After": "120"})
    with pytest.raises(kind) as caught:
        body(web, f"{host.url}/a?key=secret")
    assert caught.value.code == (f"http_{status}" if status != 300 else ErrorCode.HTTP_OTHER)
    assert "secret" not in str(caught.value)
    if kind is LaterError:
        assert caught.value.retry_after_s == 120


def test_an_answer_that_ends_too_early_is_cut(web: Web, host: Host) -> None:
    host.answers["/a"] = File(b"x" * 1_000, cuts=[400])
    with pytest.raises(CutError):
        body(web, f"{host.url}/a")


def test_an_unreachable_server_is_retried_later(web: Web) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(LaterError, match="cannot be reached") as caught:
            body(web, f"http://127.0.0.1:{unused.getsockname()[1]}/")
    assert not isinstance(caught.value, CutError)


def trickle(request: BaseHTTPRequestHandler, begin: Callable[[], None]) -> None:
    begin()
    try:
        for _ in range(400):
            request.wfile.write(b"x")
            request.wfile.flush()
            time.sleep(0.02)  # the slowness that the test is about
    except OSError:
        return


SLOW = WebLimits(silence_s=2, head_s=0.3, window_s=0.3, window_bytes=1_000, whole_s=20)


def test_a_body_that_trickles_is_given_up(host: Host) -> None:
    def slow(request: BaseHTTPRequestHandler) -> None:
        def begin() -> None:
            request.send_response(200)
            request.send_header("Content-Length", "400")
            request.end_headers()

        trickle(request, begin)

    host.answers["/a"] = slow
    with Web(SLOW, LOOPBACK) as web, pytest.raises(CutError, match=r"too slow|broke"):
        body(web, f"{host.url}/a")


def test_a_head_that_trickles_is_given_up(host: Host) -> None:
    host.answers["/a"] = lambda request: trickle(request, lambda: None)
    with Web(SLOW, LOOPBACK) as web, pytest.raises(CutError):
        body(web, f"{host.url}/a")


@contextmanager
def raw(answer: bytes) -> Iterator[str]:
    """A server that sends these bytes to each client and hangs up."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def serve() -> None:
            try:
                called, _ = listening.accept()
            except OSError:
                return
            with called:
                called.recv(10_000)
                called.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        thread.join(5)


@pytest.mark.parametrize(
    "answer",
    [b"SSH-2.0-OpenSSH_9.2\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello",
     b"HTTP/1.1 200 OK\r\nX: " + b"y" * 300_000, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
    ids=["another-protocol", "nothing", "two-lengths", "endless-head", "bad-chunks"],
)  # fmt: skip
def test_an_invalid_http_answer_is_a_web_error(web: Web, answer: bytes) -> None:
    with raw(answer) as url, pytest.raises(WebError):
        body(web, url)
