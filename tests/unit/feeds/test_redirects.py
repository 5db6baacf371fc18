"""Which answers are followed, and which header counts."""

from __future__ import annotations

from typing import Any

import pytest

from mediaindex.feeds.errors import UnexpectedAnswerError
from mediaindex.feeds.web import Web
from tests.builders.podcast_host import File, Host, redirect, reply


def body(web: Web, url: str) -> bytes:
    with web.get(url, {}) as answer:
        return b"".join(answer.chunks)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_each_kind_of_redirect_is_followed(web: Web, host: Host, status: int) -> None:
    host.answers |= {"/a": redirect("/b", status), "/b": File(b"sound")}
    assert body(web, f"{host.url}/a") == b"sound"


def test_a_location_in_another_answer_is_not_followed(web: Web, host: Host) -> None:
    host.answers["/a"] = lambda request: reply(request, 200, {"Location": "/b"}, b"sound")
    assert body(web, f"{host.url}/a") == b"sound"


def test_a_redirect_to_nowhere_is_an_unexpected_answer(web: Web, host: Host) -> None:
    host.answers["/a"] = lambda request: reply(request, 302, {})
    with pytest.raises(UnexpectedAnswerError) as caught:
        body(web, f"{host.url}/a")
    assert caught.value.code == "http_other"


def test_a_cookie_of_any_bytes_is_sent_back_as_it_came(web: Web, host: Host) -> None:
    def gate(request: Any) -> None:
        if request.headers["Cookie"] == "who=J\xf6rg":  # as Latin-1
            File(b"sound")(request)
            return
        reply(request, 302, {"Location": "/a", "Set-Cookie": "who=J\xf6rg"})

    host.answers["/a"] = gate
    assert body(web, f"{host.url}/a") == b"sound"


def test_of_a_repeated_header_the_first_counts(web: Web, host: Host) -> None:
    def twice(request: Any) -> None:
        request.send_response(302)
        for value in ("/b", "/c"):
            request.send_header("Location", value)
        request.send_header("Content-Length", "0")
        request.end_headers()

    host.answers |= {"/a": twice, "/b": File(b"first"), "/c": File(b"second")}
    assert body(web, f"{host.url}/a") == b"first"
