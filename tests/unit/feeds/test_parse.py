from __future__ import annotations

from pathlib import Path

import pytest

from mediaindex.feeds.errors import RefusedError, UnexpectedAnswerError
from mediaindex.feeds.fetch import FeedBody, Validators
from mediaindex.feeds.parse import has_entities, parse
from mediaindex.feeds.read import read_feed
from mediaindex.feeds.show import TranscriptLink

RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"
     xmlns:podcast="https://podcastindex.org/namespace/1.0">
<channel><title>The Show</title><link>https://show.example/</link><language>en-GB</language>
<podcast:guid>917393e3-1b1e-5cef-ace4-edaa54e1f810</podcast:guid>
<item><title>Two &amp; more</title><guid isPermaLink="false">ep-2</guid><link>https://show.example/2</link>
  <pubDate>Fri, 02 Jan 2026 03:04:05 +0100</pubDate><itunes:duration>1:00:01</itunes:duration>
  <enclosure url="https://cdn.example/2.mp3?x=1&amp;y=2" length="1234" type="audio/mpeg"/>
  <podcast:transcript url="https://cdn.example/2.srt" type="application/srt"/>
  <podcast:transcript url="https://cdn.example/2.vtt" type="text/vtt" language="de" rel="captions"/></item>
<item><title>Words only</title><guid>ep-1b</guid></item>
<item><title>One</title><guid>ep-1</guid>
  <enclosure url="/1.m4a" length="0" type="audio/x-m4a"/></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Atomic</title><entry><title>A</title><id>urn:a</id>
<updated>2026-02-03T04:05:06Z</updated><link rel="enclosure" href="https://cdn.example/a.ogg" type="audio/ogg"/>
</entry></feed>"""
URL = "https://show.example/feed.xml"


def body(text: str | bytes, content_type: str = "application/rss+xml") -> FeedBody:
    return FeedBody(text if isinstance(text, bytes) else text.encode(), content_type, URL, None, Validators())


def test_all_fields_of_a_feed_are_read() -> None:
    show = read_feed(body(RSS))
    assert (show.title, show.link, show.language) == ("The Show", "https://show.example/", "en-gb")
    assert show.podcast_guid == "917393e3-1b1e-5cef-ace4-edaa54e1f810"
    assert show.without_media == 1
    two, one = show.episodes
    assert (two.guid, two.title, two.link) == ("ep-2", "Two & more", "https://show.example/2")
    assert two.published_at is not None
    assert two.published_at.isoformat() == "2026-01-02T02:04:05+00:00"
    assert (two.duration_s, two.length, two.media_type) == (3601.0, 1234, "audio/mpeg")
    assert two.url == "https://cdn.example/2.mp3?x=1&y=2"
    assert (one.url, one.length, one.published_at) == ("https://show.example/1.m4a", None, None)


def test_every_transcript_is_kept() -> None:
    assert read_feed(body(RSS)).episodes[0].transcripts == (
        TranscriptLink("https://cdn.example/2.srt", "application/srt"),
        TranscriptLink("https://cdn.example/2.vtt", "text/vtt", "de", "captions"),
    )


def test_atom_is_read() -> None:
    show = read_feed(body(ATOM, "application/atom+xml"))
    (episode,) = show.episodes
    assert (show.title, episode.guid, episode.url) == ("Atomic", "urn:a", "https://cdn.example/a.ogg")
    assert episode.published_at is not None


def test_a_damaged_feed_is_read_as_far_as_possible() -> None:
    show = read_feed(body(RSS.replace("Two &amp; more", "Two & <b>more").replace("</channel></rss>", "")))
    assert [episode.guid for episode in show.episodes] == ["ep-2", "ep-1"]


def test_of_two_entries_with_one_guid_the_first_counts() -> None:
    twice = RSS.replace("<guid>ep-1</guid>", '<guid isPermaLink="false">ep-2</guid>')
    (episode,) = read_feed(body(twice)).episodes
    assert episode.title == "Two & more"


def test_without_a_guid_the_url_without_its_query_is_the_guid() -> None:
    nameless = RSS.replace('<guid isPermaLink="false">ep-2</guid>', "")
    assert read_feed(body(nameless)).episodes[0].guid == "https://cdn.example/2.mp3"


def test_long_guids_that_differ_at_their_end_are_distinct() -> None:
    long = "x" * 5_000
    text = RSS.replace("ep-2", long + "2").replace("<guid>ep-1<", f"<guid>{long}1<")
    two, one = read_feed(body(text)).episodes
    assert two.guid_sha256 != one.guid_sha256
    assert len(two.guid) <= 1_000


def test_pictures_and_other_protocols_are_not_media() -> None:
    text = RSS.replace("/1.m4a", "file:///etc/passwd").replace(
        '<enclosure url="https://cdn.example/2.mp3?x=1&amp;y=2" length="1234" type="audio/mpeg"/>',
        '<enclosure url="https://cdn.example/cover.jpg" length="5" type="image/jpeg"/>'
        '<enclosure url="https://cdn.example/2.mp3" length="1234" type="audio/mpeg"/>',
    )
    assert [episode.url for episode in read_feed(body(text)).episodes] == ["https://cdn.example/2.mp3"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "utf-32"])
def test_entities_are_refused_in_any_encoding(encoding: str) -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss><channel>&b;</channel></rss>'
    assert has_entities(bomb.encode(encoding))
    with pytest.raises(RefusedError) as caught:
        read_feed(body(bomb.encode(encoding)))
    assert caught.value.code == "entities"


@pytest.mark.parametrize("text", ["", "hello", "<html><body>Sign in</body></html>", "\x00\x01\x02"])
def test_data_that_is_not_a_feed_is_doubtful(text: str) -> None:
    with pytest.raises(UnexpectedAnswerError) as caught:
        read_feed(body(text, "text/html"))
    assert caught.value.code == "not_a_feed"


def test_a_feed_that_looks_like_a_file_name_or_a_url_is_not_opened(tmp_path: Path) -> None:
    secret = tmp_path / "feed.xml"
    secret.write_text(RSS)
    assert parse(str(secret).encode(), "", URL) is None
    assert parse(secret.as_uri().encode(), "", URL) is None


def test_a_guid_is_not_resolved_as_a_url() -> None:
    assert read_feed(body(RSS)).episodes[1].guid == "ep-1"


@pytest.mark.parametrize(
    ("limits", "text"),
    [({"cpu_seconds": 1}, b"<a>" * 1_000_000), ({"memory_bytes": 150 << 20}, b"x" * 60_000_000)],
    ids=["time", "memory"],
)
def test_a_feed_that_needs_too_much_fails_in_its_child_only(limits: dict[str, int], text: bytes) -> None:
    with pytest.raises(UnexpectedAnswerError) as caught:
        read_feed(body(b"<rss><channel>" + text), **limits)
    assert caught.value.code == "feed_too_hard"
