from __future__ import annotations

import gzip
import tracemalloc
import zlib
from dataclasses import replace

import pytest

from mediaindex.feeds.errors import RefusedError, UnexpectedAnswerError
from mediaindex.feeds.fetch import Validators, fetch_feed
from mediaindex.feeds.web import Web
from tests.builders.podcast_host import File, Host, redirect, reply

WHEN = "Fri, 02 Jan 2026 03:04:05 GMT"
FEED = File(b"<rss/>", "application/rss+xml", '"one"', WHEN)


def test_a_feed_is_fetched_with_its_validators(web: Web, host: Host) -> None:
    host.answers |= {"/old": redirect("/feed", 301), "/feed": FEED}
    found = fetch_feed(web, f"{host.url}/old", Validators(), 1_000)
    assert found is not None
    assert (found.data, found.content_type, found.validators) == (
        b"<rss/>", "application/rss+xml", Validators('"one"', WHEN)
    )  # fmt: skip
    assert (found.url, found.moved_to) == (f"{host.url}/feed", f"{host.url}/feed")


@pytest.mark.parametrize("known", [Validators('"one"'), Validators(None, WHEN), Validators('"one"', WHEN)])
def test_an_unchanged_feed_is_none(web: Web, host: Host, known: Validators) -> None:
    host.answers["/feed"] = FEED
    assert fetch_feed(web, f"{host.url}/feed", known, 1_000) is None


def test_a_changed_feed_is_fetched(web: Web, host: Host) -> None:
    host.answers["/feed"] = replace(FEED, etag='"two"')
    assert fetch_feed(web, f"{host.url}/feed", Validators('"one"', WHEN), 1_000) is not None


@pytest.mark.parametrize("says_length", [True, False])
def test_a_feed_beyond_the_limit_is_not_read_to_its_end(web: Web, host: Host, says_length: bool) -> None:
    host.answers["/feed"] = replace(FEED, body=b"x" * 5_000_000, says_length=says_length)
    with pytest.raises(RefusedError) as caught:
        fetch_feed(web, f"{host.url}/feed", Validators(), 1_000)
    assert caught.value.code == "too_large"


def packed(host: Host, body: bytes, encoding: str = "gzip") -> None:
    host.answers["/feed"] = lambda request: reply(request, 200, {"Content-Encoding": encoding}, body)


def test_a_compressed_feed_is_unpacked(web: Web, host: Host) -> None:
    packed(host, gzip.compress(b"<rss/>" * 100))
    found = fetch_feed(web, f"{host.url}/feed", Validators(), 1_000)
    assert found is not None
    assert found.data == b"<rss/>" * 100


def test_a_small_answer_that_unpacks_to_a_large_feed_is_refused(web: Web, host: Host) -> None:
    packed(host, gzip.compress(bytes(50_000_000)))  # 50 kB: one chunk of the answer holds all of it
    tracemalloc.start()
    try:
        with pytest.raises(RefusedError) as caught:
            fetch_feed(web, f"{host.url}/feed", Validators(), 1_000_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert caught.value.code == "too_large"
    assert peak < 10_000_000  # a chunk is never unpacked as a whole


@pytest.mark.parametrize(
    ("body", "encoding"),
    [(b"no gzip at all", "gzip"), (gzip.compress(b"x" * 999)[:-12], "gzip"), (zlib.compress(b"x"), "br")],
    ids=["no gzip", "cut off", "other encoding"],  # not the bytes: gzip writes the time into them
)
def test_damaged_or_unrequested_compression_is_doubtful(web: Web, host: Host, body: bytes, encoding: str) -> None:
    packed(host, body, encoding)
    with pytest.raises(UnexpectedAnswerError) as caught:
        fetch_feed(web, f"{host.url}/feed", Validators(), 1_000)
    assert caught.value.code == "content_encoding"


@pytest.mark.parametrize(
    ("body", "encoding"), [(b"x" * 1_000, ""), (gzip.compress(b"x" * 1_000), "X-GZIP"), (b"x" * 1_000, "identity")],
    ids=["plain", "gzip", "identity"],
)  # fmt: skip
def test_a_feed_of_the_largest_size_is_fetched(web: Web, host: Host, body: bytes, encoding: str) -> None:
    packed(host, body, encoding)
    found = fetch_feed(web, f"{host.url}/feed", Validators(), 1_000)
    assert found is not None
    assert len(found.data) == 1_000
    with pytest.raises(RefusedError, match="larger than 999 bytes"):
        fetch_feed(web, f"{host.url}/feed", Validators(), 999)


@pytest.mark.parametrize("status", [206, 416])
def test_a_part_of_a_feed_is_not_a_feed(web: Web, host: Host, status: int) -> None:
    host.answers["/feed"] = lambda request: reply(request, status, {}, b"<rss/>")
    with pytest.raises(UnexpectedAnswerError) as caught:
        fetch_feed(web, f"{host.url}/feed", Validators(), 1_000)
    assert caught.value.code == "http_unasked"


def test_a_feed_is_requested_with_its_validators(web: Web, host: Host) -> None:
    host.answers["/feed"] = FEED
    fetch_feed(web, f"{host.url}/feed", Validators('"old"', WHEN), 1_000)
    (_, headers) = host.asked[0]
    assert (headers["if-none-match"], headers["if-modified-since"]) == ('"old"', WHEN)
    assert headers["accept-encoding"] == "gzip"
