from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.feeds.addresses import addresses
from mediaindex.feeds.enclosures import ENDINGS
from mediaindex.feeds.keys import _BY_TYPE, episode_key, labels, safe_name
from mediaindex.feeds.show import Episode, Show

EPISODE = Episode("g", "ab" * 32, "The First: Ünë!", None, None, None, "https://a.example/x/ONE.MP3?t=1", None, None)
SHOW = Show("A Show / of ../ Shows", None, None, None, None, ())


def test_a_key_contains_show_title_and_a_hash_of_the_guid() -> None:
    key = episode_key("podcasts/", "feed", SHOW, EPISODE)
    assert re.fullmatch(r"podcasts/a-show-of-shows/[0-9a-f]{20}-the-first-une\.mp3", key)


def test_equal_guids_of_two_feeds_give_two_keys() -> None:
    renamed = replace(EPISODE, title="other")
    keys = {episode_key("", feed, SHOW, EPISODE).split("/")[1][:20] for feed in ("one", "two")}
    assert len(keys) == 2
    assert episode_key("", "one", SHOW, renamed).split("/")[1][:20] in keys


def test_the_extension_comes_from_the_url_else_from_the_media_type() -> None:
    def extension(url: str, kind: str | None) -> str:
        return episode_key("", "f", SHOW, replace(EPISODE, url=url, media_type=kind)).rpartition(".")[2]

    assert extension("https://a.example/play.php?f=x.exe", "audio/x-m4a") == "m4a"
    assert extension("https://a.example/evil.sh", "audio/mpeg") == "mp3"
    assert extension("https://a.example/stream", None) == "media"


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=100))
def test_a_key_is_safe_for_any_title(show: str, title: str, path: str) -> None:
    episode = replace(EPISODE, title=title, url=f"https://a.example/{path}")
    key = episode_key("in/", "f", replace(SHOW, title=show), episode)
    assert re.fullmatch(r"in/[a-z0-9-]{1,60}/[0-9a-f]{20}-[a-z0-9-]{1,60}\.[a-z0-9]{2,5}", key)


@given(st.text(max_size=2_000), st.text(max_size=2_000))
def test_labels_are_bounded_ascii_that_can_be_decoded(show: str, title: str) -> None:
    said = labels(show, title, "ab" * 32, datetime(2026, 1, 2, tzinfo=UTC))
    assert sum(len(name) + len(value) for name, value in said.items()) <= 1_024
    assert all(value.isascii() and value.isprintable() for value in said.values())
    assert title.strip().startswith(unquote(said.get("episode-title", "")).strip()) or len(title) > 100


def test_a_name_without_ascii_letters_has_the_default() -> None:
    assert safe_name("…!?", "episode") == "episode"
    assert safe_name("日本語", "episode") == "episode"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://a.example/1.mp3", "https://a.example/1.mp3"),
        ("https://a.example/1.mp3?token=a", "https://a.example/1.mp3?token=b"),
        ("https://a.example/1.mp3?id=7&Expires=1&Signature=x", "https://a.example/1.mp3?id=7&Expires=2&Signature=y"),
        ("https://a.example/1.mp3?utm_source=x", "https://A.example:443/1.mp3"),
        ("https://a.example/1.mp3?X-Amz-Date=1&X-Amz-Signature=s", "https://a.example/1.mp3"),
    ],
)
def test_protocols_tokens_and_trackers_are_no_part_of_an_address(one: str, other: str) -> None:
    assert addresses([one])[one] == addresses([other])[other]


def test_files_that_only_a_token_tells_apart_keep_it() -> None:
    urls = [f"https://a.example/get?token={n}" for n in range(3)] + ["https://a.example/get?id=1"]
    assert len(set(addresses(urls).values())) == 4


def test_extensions_by_type_are_those_of_media() -> None:
    assert set(_BY_TYPE.values()) <= set(ENDINGS)


def test_a_name_is_cut_between_its_dashes() -> None:
    assert safe_name("x" * 99, "") == "x" * 60
    assert safe_name("x" * 59 + " y", "") == "x" * 59


def test_labels_that_are_empty_are_left_out() -> None:
    assert labels("", "", "ab", None) == {"episode-guid-sha256": "ab"}
    assert labels(" a show ", "ü", "ab", None) == {
        "episode-guid-sha256": "ab",
        "episode-show": "a show",
        "episode-title": "%C3%BC",
    }
    assert len(labels("x" * 999, "y" * 999, "ab", None)["episode-title"]) == 400


def test_the_extension_is_that_of_a_known_ending_or_type() -> None:
    for url, media_type, ending in (
        ("https://a.example/1.OPUS", "audio/mpeg", "opus"),
        ("https://a.example/1.mp3/get", "m4a", "m4a"),
        ("https://a.example/1", "audio/x-wav", "wav"),
        ("https://a.example/1", "text/html", "media"),
        ("https://[::1/1.mp3", None, "media"),
    ):
        episode = replace(EPISODE, url=url, media_type=media_type)
        assert episode_key("", "f", SHOW, episode).rpartition(".")[2] == ending
