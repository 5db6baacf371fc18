from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mediaindex.feeds.errors import RefusedError, UnexpectedAnswerError
from mediaindex.feeds.fetch import FeedBody, Validators
from mediaindex.feeds.parse import has_entities, parse
from mediaindex.feeds.read import read_feed
from mediaindex.feeds.show import LeftOut, Show, TranscriptLink

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
    assert show.left_out == {LeftOut.NO_MEDIA: 1}
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


def told(*items: str, head: str = "") -> Show:
    """What is read of a feed with these items."""
    namespaces = 'xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom"'
    entries = "".join(f"<item>{item}</item>" for item in items)
    return read_feed(body(f'<rss version="2.0" {namespaces}><channel><title>x</title>{head}{entries}</channel></rss>'))


@pytest.mark.parametrize(
    ("media", "url"),
    [
        ('<enclosure url="https://a.example/my show 1.mp3" type="audio/mpeg"/>', "https://a.example/my%20show%201.mp3"),
        ('<enclosure url=" https://a.example/a&#10;b.mp3 " type="audio/mpeg"/>', "https://a.example/ab.mp3"),
        ('<enclosure url="https://a.example\\in\\1.mp3" type="audio/mpeg"/>', "https://a.example/in/1.mp3"),
        ('<enclosure url="https://a.example/1?f=a b" type="audio/mpeg"/>', "https://a.example/1?f=a%20b"),
        ('<enclosure url="https://a.example/1" type="mp3"/>', "https://a.example/1"),
        ('<enclosure url="https://a.example/1" type="audio"/>', "https://a.example/1"),
        ('<enclosure url="https://a.example/1" type="binary/octet-stream"/>', "https://a.example/1"),
        ('<enclosure url="https://a.example/1" type=""/>', "https://a.example/1"),
        ('<enclosure url="https://a.example/1.mp3#t=0" type="text/html"/>', "https://a.example/1.mp3#t=0"),
        ('<media:content url="https://a.example/1" type="audio/mpeg" fileSize="7"/>', "https://a.example/1"),
        (
            '<media:group><media:content url="https://a.example/1.mp4" medium="video"/>'
            '<media:content url="https://a.example/1.mp3" medium="audio"/></media:group>',
            "https://a.example/1.mp3",
        ),
    ],
)
def test_what_players_repair_is_an_episode(media: str, url: str) -> None:
    show = told(f"<guid>1</guid>{media}")
    assert ([episode.url for episode in show.episodes], show.left_out) == ([url], {})


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ("<title>words</title>", LeftOut.NO_MEDIA),
        ('<media:content url="https://a.example/1.jpg" medium="image"/>', LeftOut.NO_MEDIA),
        ('<enclosure url="ftp://a.example/1.mp3" type="audio/mpeg"/>', LeftOut.BAD_ADDRESS),
        ('<enclosure url="https://a b/1.mp3" type="audio/mpeg"/>', LeftOut.BAD_ADDRESS),
        ('<enclosure url="https://a.example/1.pdf" type=""/>', LeftOut.OTHER_TYPE),
        ('<enclosure url="https://a.example/1" type="text/html"/>', LeftOut.OTHER_TYPE),
    ],
)
def test_what_is_left_out_is_counted(item: str, reason: LeftOut) -> None:
    assert (told(item).episodes, told(item).left_out) == ((), {reason: 1})


def test_files_with_one_guid_are_all_episodes() -> None:
    enclosure = '<guid>all</guid><enclosure url="https://a.example/{}" type="audio/mpeg"/>'
    show = told(*(enclosure.format(name) for name in ("2.mp3", "1.mp3", "1.mp3")))
    assert [episode.url[-5:] for episode in show.episodes] == ["2.mp3", "1.mp3"]
    assert len({episode.guid_sha256 for episode in show.episodes}) == 2
    assert show.left_out == {LeftOut.REPEATED: 1}
    (later,) = told(enclosure.format("1.mp3")).episodes
    assert later.guid == "all"


def test_a_feed_names_its_next_page() -> None:
    assert told(head='<atom:link rel="next" href="/feed?page=2"/>').next_page == "https://show.example/feed?page=2"
    assert told(head='<atom:link rel="self" href="/feed"/>').next_page is None


@pytest.mark.parametrize(
    ("encoding", "hide"),
    [
        ("utf-7", lambda text: text.replace("<!ENTITY", "+ADwAIQ-ENTITY").encode("ascii")),
        ("cp037", lambda text: text.encode("cp037")),
        ("cp500", lambda text: text.encode("cp500")),
        ("iso2022_jp", lambda text: text.encode("iso2022_jp")),
    ],
)
@pytest.mark.parametrize("declared", ["declaration", "header"])
def test_entities_are_found_in_what_the_parser_decodes(encoding: str, hide: Any, declared: str) -> None:
    named = f' encoding="{encoding}"' if declared == "declaration" else ""
    bomb = (
        f'<?xml version="1.0"{named}?><!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss version="2.0">'
        "<channel><title>&b;</title></channel></rss>"
    )
    content_type = "application/xml" + (f"; charset={encoding}" if declared == "header" else "")
    with pytest.raises((RefusedError, UnexpectedAnswerError)) as caught:
        read_feed(body(hide(bomb), content_type))
    assert caught.value.code in ("entities", "not_a_feed")
    if encoding != "cp500":
        assert caught.value.code == "entities"


def test_the_parser_has_no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told_by_child = tmp_path / "environment"
    (tmp_path / "sitecustomize.py").write_text(
        f"import os\nopen({str(told_by_child)!r}, 'w').write('\\n'.join(sorted(os.environ)))\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    for name in ("AWS_SECRET_ACCESS_KEY", "MEDIAINDEX_DATABASE_URL", "AIRFLOW_CONN_MEDIAINDEX_S3", "SOMETHING_ELSE"):
        monkeypatch.setenv(name, "secret")
    read_feed(body(RSS))
    names = set(told_by_child.read_text().split())
    assert names <= {"PATH", "PYTHONPATH", "LANG", "LC_ALL", "LC_CTYPE", "VIRTUAL_ENV"}
