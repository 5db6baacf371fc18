"""Which errors of a visit concern one feed or episode, and which the installation."""

from __future__ import annotations

import pytest

from mediaindex.errors import ConfigError, DoubtfulError, ErrorCode, MediaindexError, TerminalError, TransientError
from mediaindex.feeds.errors import LaterError, of_status
from mediaindex.feeds.show import LeftOut
from mediaindex.orchestration.podcasts import _asked_s, _in_words, _of_one


@pytest.mark.parametrize(
    "error",
    [LaterError("busy"), TerminalError("the catalog rejects it", code=ErrorCode.GONE), DoubtfulError("odd")],
)
def test_an_error_of_a_server_on_the_web_or_about_one_episode_is_its_own(error: MediaindexError) -> None:
    assert _of_one(error) is error


@pytest.mark.parametrize("error", [ConfigError("no bucket"), TransientError("S3")])
def test_an_error_of_our_own_servers_fails_the_task(error: MediaindexError) -> None:
    with pytest.raises(type(error)) as caught:
        _of_one(error)
    assert caught.value is error


def test_an_unexpected_error_is_logged_with_its_class() -> None:
    found = _of_one(KeyError("guid"))
    assert (type(found), found.code) == (DoubtfulError, ErrorCode.UNFORESEEN)
    assert "KeyError: 'guid'" in found.message


def test_a_server_on_the_web_may_ask_for_a_wait() -> None:
    assert _asked_s(of_status("x", 503, {"retry-after": "120"})) == 120.0
    assert _asked_s(of_status("x", 503, {})) == 0.0
    assert _asked_s(DoubtfulError("odd")) == 0.0


def test_omitted_entries_are_reported_in_words() -> None:
    assert _in_words({LeftOut.NO_MEDIA: 2, LeftOut.BAD_ADDRESS: 1}) == "1 bad address, 2 without media"
    assert _in_words({}) == "nothing"
