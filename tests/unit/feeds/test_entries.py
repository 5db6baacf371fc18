"""What of an entry becomes an episode, of an entry's parts which one counts, and how much of a feed is read."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mediaindex.feeds import parse as parsing
from mediaindex.feeds.errors import UnexpectedAnswerError
from mediaindex.feeds.fetch import FeedBody, Validators
from mediaindex.feeds.parse import MOST_TRANSCRIPTS, parse
from mediaindex.feeds.read import read_feed
from mediaindex.feeds.show import Episode, LeftOut, Show

URL = "https://show.example/feed.xml"
NAMES = " ".join(
    f'xmlns:{name}="{place}"'
    for name, place in {
        "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
        "podcast": "https://podcastindex.org/namespace/1.0",
        "media": "http://search.yahoo.com/mrss/",
        "atom": "http://www.w3.org/2005/Atom",
    }.items()
)
FILE = '<enclosure url="https://a.example/{}.mp3" type="audio/mpeg"/>'


def show(*items: str, head: str = "") -> Show:
    """What is read of a feed with these items."""
    entries = "".join(f"<item>{item}</item>" for item in items)
    found = parse(f'<rss version="2.0" {NAMES}><channel>{head}{entries}</channel></rss>'.encode(), "text/xml", URL)
    assert found is not None
    return found


def one(item: str) -> Episode:
    (episode,) = show(item).episodes
    return episode


@pytest.mark.parametrize(
    "head", ["<itunes:new-feed-url>https://new.example/</itunes:new-feed-url>", "<newLocation>https://new.example/</newLocation>"]
)  # fmt: skip
def test_the_new_address_of_a_moved_feed_is_read(head: str) -> None:
    assert show(head=head).moved_to == "https://new.example/"
    assert show(head="<itunes:new-feed-url>/relative</itunes:new-feed-url>").moved_to is None
    assert show().moved_to is None


def test_of_several_links_the_next_page_goes_before_the_archive_and_the_first_counts() -> None:
    def link(rel: str, place: str) -> str:
        return f'<atom:link rel="{rel}" href="{place}"/>'

    assert show(head=link("prev-archive", "/old") + link("next", "/2")).next_page == "https://show.example/2"
    assert show(head=link("next", "/2") + link("next", "/3")).next_page == "https://show.example/2"
    assert show(head=link("prev-archive", "/old")).next_page == "https://show.example/old"


def test_entries_beyond_the_limit_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "MOST_EPISODES", 2)
    found = show(*(f"<guid>{name}</guid>{FILE.format(name)}" for name in "abc"))
    assert [episode.guid for episode in found.episodes] == ["a", "b"]
    assert found.left_out == {LeftOut.TOO_MANY: 1}


def test_transcripts_are_limited_and_need_an_address_and_a_type() -> None:
    link = '<podcast:transcript url="{}" type="text/vtt"/>'
    many = one(FILE.format("a") + "".join(link.format(f"/{number}") for number in range(2 * MOST_TRANSCRIPTS)))
    assert len(many.transcripts) == MOST_TRANSCRIPTS
    for odd in (link.format("javascript:x"), '<podcast:transcript url="/a"/>', '<podcast:transcript type="text/vtt"/>'):
        assert one(FILE.format("a") + odd).transcripts == ()


def test_the_day_of_publication_goes_before_that_of_a_change() -> None:
    published, changed = (
        "<pubDate>Fri, 02 Jan 2026 03:04:05 GMT</pubDate>",
        "<atom:updated>2026-05-05T00:00:00Z</atom:updated>",
    )
    both = one(FILE.format("a") + published + changed).published_at
    assert both is not None
    assert both.isoformat() == "2026-01-02T03:04:05+00:00"
    later = one(FILE.format("a") + changed).published_at
    assert later is not None
    assert later.month == 5
    assert one(FILE.format("a")).published_at is None


def test_a_length_of_the_episode_goes_before_that_of_its_file() -> None:
    media = '<media:content url="https://a.example/1.mp3" type="audio/mpeg" duration="60" fileSize="7"/>'
    assert (one(media).duration_s, one(media).length, one(media).media_type) == (60.0, 7, "audio/mpeg")
    assert one(f"{media}<itunes:duration>90</itunes:duration>").duration_s == 90.0


@pytest.mark.parametrize("guid", ["", "<guid></guid>", "<guid>  </guid>"])
def test_without_a_guid_the_address_is_the_guid(guid: str) -> None:
    episode = one(guid + '<enclosure url="https://a.example/1.mp3?token=7" type="audio/mpeg"/>')
    assert episode.guid == "https://a.example/1.mp3"
    assert episode.guid_sha256 == hashlib.sha256(b"https://a.example/1.mp3").hexdigest()


def test_of_several_files_the_first_that_is_audio_or_video_counts() -> None:
    text, picture = (
        '<enclosure url="https://a.example/1.pdf" type="application/x"/>',
        FILE.format("a").replace("audio/mpeg", "x"),
    )
    assert one(text.replace("application/x", "") + FILE.format("b")).url == "https://a.example/b.mp3"
    assert one(picture + FILE.format("b")).url == "https://a.example/a.mp3"  # by its name
    media = '<media:content url="https://a.example/{}" {}/>'
    assert one(media.format("1", 'type="video/mp4"') + media.format("2", 'type="audio/mpeg"')).url.endswith("/2")
    assert one(media.format("1.jpg", "") + media.format("2", 'medium="video"')).url.endswith("/2")
    assert one(media.format("1.mp3", "") + FILE.format("own")).url.endswith("/own.mp3")


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ('<enclosure url="" type="audio/mpeg"/>', LeftOut.BAD_ADDRESS),
        ('<enclosure url="https://a.example/1.html" type=""/><enclosure url="ftp://a" type="x"/>', LeftOut.BAD_ADDRESS),
        ('<media:content url="https://a.example/1" type="image/png"/>', LeftOut.NO_MEDIA),
        ('<media:content type="audio/mpeg"/>', LeftOut.NO_MEDIA),
        ('<enclosure url="https://a.example/1.zip?x=1.mp3" type=""/>', LeftOut.OTHER_TYPE),
    ],
)
def test_an_entry_without_a_file_has_a_reason_for_its_publisher(item: str, reason: LeftOut) -> None:
    assert (show(item).episodes, show(item).left_out) == ((), {reason: 1})


ENDINGS = "mp3 m4a m4b aac ogg oga opus flac wav wma mp4 m4v mov webm mkv MP3"
OTHERS = "jpg jpeg png gif webp svg pdf epub zip torrent htm html txt srt vtt json"


@pytest.mark.parametrize("ending", ENDINGS.split())
def test_a_file_name_of_a_recording_takes_precedence_over_the_type(ending: str) -> None:
    assert one(f'<enclosure url="https://a.example/1.{ending}?x" type="text/html"/>').url.endswith(f".{ending}?x")


@pytest.mark.parametrize("ending", OTHERS.split())
def test_without_a_type_the_name_of_another_kind_of_file_excludes_it(ending: str) -> None:
    assert show(f'<enclosure url="https://a.example/1.{ending}" type=""/>').left_out == {LeftOut.OTHER_TYPE: 1}


def test_reasons_are_those_that_the_catalog_knows() -> None:
    assert [str(reason) for reason in LeftOut] == [
        "without_media", "bad_address", "other_type", "repeated", "too_many", "next_pages", "unreadable_pages",
    ]  # fmt: skip


@pytest.mark.parametrize("media_type", ["video/mp4", "application/ogg", "binary/x", "m4a", "x-octet-stream"])
def test_types_of_careless_publishers_are_media(media_type: str) -> None:
    assert one(f'<enclosure url="https://a.example/1" type="{media_type}"/>').media_type == media_type


def test_a_guid_that_stands_at_several_files_is_told_apart_in_the_same_way_each_time() -> None:
    items = [f"<guid>all</guid>{FILE.format(name)}" for name in "ab"]
    first, second = (sorted(episode.guid_sha256 for episode in show(*order).episodes) for order in (items, items[::-1]))
    assert first == second
    assert {episode.guid for episode in show(*items).episodes} == {"all"}


def body(text: str) -> FeedBody:
    return FeedBody(text.encode(), "text/xml", URL, None, Validators())


@pytest.mark.parametrize(
    ("ending", "part"),
    [
        ("echo Traceback >&2; echo MemoryError >&2; exit 3", "parsing failed with exit code 3: MemoryError"),
        ("kill -9 $$", "parsing failed with exit code -9"),
        ("echo '{}'", "the parser returned invalid values"),
        ("exit 0", "the parser returned invalid values"),
    ],
)
def test_each_failure_of_the_parser_is_an_error_of_the_feed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ending: str, part: str
) -> None:
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\ncat > /dev/null\n{ending}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    with pytest.raises(UnexpectedAnswerError) as caught:
        read_feed(body("<rss/>"))
    assert caught.value.code == "feed_too_hard"
    assert part in caught.value.message


def test_a_parser_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    limits: list[float] = []

    def never(*_: Any, timeout: float, **__: Any) -> None:
        limits.append(timeout)
        raise subprocess.TimeoutExpired("parse", timeout)

    monkeypatch.setattr(subprocess, "run", never)
    with pytest.raises(UnexpectedAnswerError, match="parsing takes too long") as caught:
        read_feed(body("<rss/>"), cpu_seconds=10)
    assert caught.value.code == "feed_too_hard"
    assert limits == [60.0]  # three times the processor time, and half a minute to start
