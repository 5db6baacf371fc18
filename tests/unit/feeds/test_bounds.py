"""Values of a feed at the borders of what is believed."""

from __future__ import annotations

import time
from typing import Any

import pytest

from mediaindex.feeds import clean
from mediaindex.feeds.addresses import addresses
from mediaindex.feeds.errors import RefusedError
from mediaindex.feeds.places import LONGEST, Place, shown


def test_a_line_that_is_too_long_ends_with_an_ellipsis() -> None:
    assert clean.line("abcde", 5) == "abcde"
    assert clean.line("abcdef", 5) == "abcd…"
    assert clean.line("abc def", 5) == "abc…"  # without a space before it
    assert clean.line("a\n\t b\u2028c", 9) == "a b c"
    assert clean.line(b"bytes") == clean.line(None) == ""
    assert clean.line("e\u0301") == "é"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Audio/MPEG", "audio/mpeg"),
        (" en-GB ", "en-gb"),
        ("a" * 100, "a" * 100),
        ("a" * 101, None),
        ("two words", None),
        ("-x", None),
        ("ü", None),
        ("", None),
        (7, None),
    ],
)
def test_a_word_is_short_and_plain(text: Any, word: str | None) -> None:
    assert clean.word(text) == word


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("HTTPS://A.example/x", "https://A.example/x"),
        ("/x y?q=a b", "https://b.example/x%20y?q=a%20b"),
        ("//c.example/x", "https://c.example/x"),
        ("in\\1.mp3?a\\b", "https://b.example/in/1.mp3?a\\b"),
        ("https://a.example/\x07", "https://a.example/%07"),
        ("http://[::1/x", None),
        ("https://a\x00b/x", None),
        ("mailto:a@b.example", None),
        ("   ", None),
        ("https://a.example/" + "x" * 3_982, "https://a.example/" + "x" * 3_982),
        ("https://a.example/" + "x" * 3_983, None),
        ("https://a.example/" + " " * 2_000 + "x", None),  # three characters each
    ],
)
def test_a_link_is_repaired_or_refused(text: str, link: str | None) -> None:
    assert clean.link(text, "https://b.example/feed") == link


@pytest.mark.parametrize(("year", "is_date"), [(1989, False), (1990, True), (2100, True), (2101, False)])
def test_a_date_is_of_the_age_of_podcasts(year: int, is_date: bool) -> None:
    moment = clean.moment(time.struct_time((year, 6, 1, 0, 0, 0, 0, 0, 0)))
    assert (moment is not None) is is_date
    assert clean.moment((year, 6, 1, 0, 0, 0, 0, 0, 0)) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("604800", 604_800.0), ("604801", None), ("0:00", None), ("1:60", 120.0), ("100:00:00", 360_000.0)],
)
def test_an_episode_lasts_at_most_a_week(text: str, seconds: float | None) -> None:
    assert clean.seconds(text) == seconds


@pytest.mark.parametrize(("text", "size"), [("1", 1), (f"{1 << 50}", 1 << 50), (f"{(1 << 50) + 1}", None), ("٣", None)])
def test_a_size_is_at_most_a_pebibyte(text: str, size: int | None) -> None:
    assert clean.size(text) == size


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://A.example:80/x", "a.example/x"),
        ("https://a.example:443/x", "a.example/x"),
        ("https://a.example:8443/x", "a.example:8443/x"),
        ("https://u:p@a.example/x?b=&a=1&a=2", "a.example/x?b=&a=1&a=2"),
        ("https://a.example/x?", "a.example/x"),
        ("https://a.example/x?mytoken=1", "a.example/x?mytoken=1"),
        ("https://a.example/x?Auth_Token=1&id=2", "a.example/x?id=2"),
        ("https://a.example:99999/x", "https://a.example:99999/x"),
    ],
)
def test_an_address_has_what_tells_files_apart(url: str, address: str) -> None:
    assert addresses([url]) == {url: address}


def test_urls_of_one_file_have_one_address_and_files_keep_what_tells_them_apart() -> None:
    one, same, other = (f"https://a.example/{path}" for path in ("1?token=a", "1?token=a&", "2?token=b"))
    assert addresses([one, same, other, one]) == {
        one: "a.example/1",
        same: "a.example/1",
        other: "a.example/2",
    }


def test_a_place_is_at_most_as_long_as_a_server_reads() -> None:
    longest = "http://a.example/" + "x" * (LONGEST - 17)
    assert Place.parse(f" {longest}\n").url == longest
    with pytest.raises(RefusedError, match="longer than 4000"):
        Place.parse(longest + "x")


@pytest.mark.parametrize("port", [1, 65_535])
def test_a_port_is_one_that_exists(port: int) -> None:
    assert Place.parse(f"http://a.example:{port}/").origin == ("http", "a.example", port)
    for none in (0, 65_536):
        with pytest.raises(RefusedError) as caught:
            Place.parse(f"http://a.example:{none}/")
        assert caught.value.code == "bad_url"


def test_a_login_may_hold_escaped_characters() -> None:
    assert Place.parse("http://a%40b:c%3A@a.example/").login == "Basic YUBiOmM6"
    assert Place.parse("http://a.example/").login is None


def test_a_login_in_a_redirect_replaces_the_one_before() -> None:
    place = Place.parse("http://ann:one@a.example/x")
    assert place.follow("/y").login == place.login
    assert place.follow("http://bob:two@a.example/y").login == "Basic Ym9iOnR3bw=="
    assert place.follow("http://b.example/y").login is None
    assert place.follow("https://a.example/y").login is None


def test_a_shown_url_is_short() -> None:
    assert shown("http://a.example/" + "x" * 183) == "http://a.example/" + "x" * 183
    assert shown("http://a.example/" + "x" * 184) == "http://a.example/" + "x" * 183 + "…"
    assert shown("http://[::1") == "an invalid URL"
