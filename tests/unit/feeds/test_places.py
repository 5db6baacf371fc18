from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.feeds.errors import RefusedError
from mediaindex.feeds.places import LONGEST, Place, shown

SECRET = "https://ann:hunter2@feeds.example/show.xml?token=abc#frag"


def test_user_and_password_become_a_header() -> None:
    place = Place.parse(SECRET)
    assert place.url == "https://feeds.example/show.xml?token=abc"
    assert place.login == "Basic YW5uOmh1bnRlcjI="


def test_a_shown_url_has_no_secrets() -> None:
    assert shown(SECRET) == "https://feeds.example/show.xml"


@pytest.mark.parametrize(
    "text",
    ["file:///etc/passwd", "ftp://a.b/c", "gopher://a.b:70/x", "http://", "//host/x", "javascript:alert(1)", "http:///x",
     "http://a.b:0/", "http://a.b:99999999/", "http://[::1", "", "http://a\nb/", "x" * (LONGEST + 1), "http://a\x00b/"],
)  # fmt: skip
def test_an_invalid_url_is_refused(text: str) -> None:
    with pytest.raises(RefusedError) as caught:
        Place.parse(text)
    assert caught.value.code == "bad_url"


def test_names_and_paths_in_any_script_become_ascii() -> None:
    assert Place.parse("http://bücher.example/ä b.mp3").url.isascii()


def test_a_login_is_kept_within_its_origin_only() -> None:
    place = Place.parse(SECRET)
    assert place.follow("/other.xml").login == place.login
    assert place.follow("https://cdn.example/other.xml").login is None
    assert place.follow("http://feeds.example/show.xml").login is None
    assert place.follow("https://feeds.example:8443/show.xml").login is None


@pytest.mark.parametrize("location", ["file:///etc/passwd", "gopher://127.0.0.1:6379/_", "http://[", "data:text/xml,x"])
def test_a_redirect_to_an_invalid_url_is_refused(location: str) -> None:
    with pytest.raises(RefusedError):
        Place.parse("http://a.example/").follow(location)


@given(st.text(max_size=200))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    for url in (text, f"http://{text}", f"http://host/{text}"):
        try:
            place = Place.parse(url)
        except RefusedError:
            continue
        assert place.url.startswith(("http://", "https://"))
        assert place.url.isascii()
        assert place.url.isprintable()
        assert "@" not in place.url.split("/")[2]
        assert shown(url).isprintable()
        assert Place.parse(place.url).url == place.url
