"""Cookies of one request are few and short, and go back to where they came from."""

from __future__ import annotations

import httpcore
import pytest

from mediaindex.feeds.places import Place
from mediaindex.feeds.web import Cookies

HERE = Place.parse("https://a.example/x")


def answer(*cookies: bytes, name: bytes = b"Set-Cookie") -> httpcore.Response:
    return httpcore.Response(302, headers=[(name, cookie) for cookie in cookies])


def test_the_last_value_of_each_name_is_sent_to_the_whole_origin() -> None:
    cookies = Cookies()
    cookies.keep(HERE, answer(b"a=1; Path=/; HttpOnly", b"b=2"))
    cookies.keep(HERE, answer(b"a=3", name=b"set-cookie"))
    assert cookies.header(Place.parse("https://a.example/other?y")) == {"Cookie": "a=3; b=2"}
    for elsewhere in ("http://a.example/x", "https://a.example:8443/x", "https://b.example/x"):
        assert cookies.header(Place.parse(elsewhere)) == {}


@pytest.mark.parametrize("cookie", [b"flag", b"a=" + b"x" * 4_095, b"a=\x07b", b"a=\x85b"])
def test_an_invalid_cookie_is_ignored(cookie: bytes) -> None:
    cookies = Cookies()
    cookies.keep(HERE, answer(cookie))
    cookies.keep(HERE, answer(b"a=1", name=b"X-Cookie"))
    assert cookies.header(HERE) == {}


def test_a_cookie_of_the_longest_length_is_kept() -> None:
    cookies = Cookies()
    cookies.keep(HERE, answer(b"a=" + b"x" * 4_094))
    assert len(cookies.header(HERE)["Cookie"]) == Cookies.LONGEST


def test_beyond_the_limit_only_known_names_are_kept() -> None:
    cookies = Cookies()
    cookies.keep(HERE, answer(*(b"c%d=1" % number for number in range(30)), b"c0=2"))
    sent = cookies.header(HERE)["Cookie"].split("; ")
    assert len(sent) == Cookies.MOST
    assert sent[0] == "c0=2"
