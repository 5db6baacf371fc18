"""An episode that its feed renames is the same episode: it is not copied, and not transcribed, again."""

from __future__ import annotations

from xml.sax.saxutils import escape

import pytest

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.podcasts import feeds
from tests.builders.podcast_host import File
from tests.builders.podcast_stage import ONE, TWO, Stage

pytestmark = pytest.mark.servers
BODIES = {"1": ONE, "2": TWO}


def tell(stage: Stage, *, guid: str, url: str, title: str = "Talk {n}", day: int = 1, path: str = "/feed") -> None:
    """A feed of the two files; ``{n}`` in guid, url and title is the number of the file. Both are served there."""
    items = ""
    for n, body in BODIES.items():
        address = url.format(n=n)
        stage.host.answers.setdefault(address.partition("?")[0], File(body, etag=f'"{n}"'))
        items += (
            f"<item><title>{title.format(n=n)}</title><guid isPermaLink='false'>{guid.format(n=n)}</guid>"
            f"<pubDate>Fri, {day + int(n):02} Jan 2026 03:04:05 GMT</pubDate>"
            f"<enclosure url='{escape(stage.host.url + address)}' length='{len(body)}' type='audio/mpeg'/></item>"
        )
    text = f'<rss version="2.0"><channel><title>Show</title>{items}</channel></rss>'
    stage.host.answers[path] = File(text.encode(), "application/rss+xml", f'"{hash(text)}"')


def media_requests(stage: Stage) -> list[str]:
    return [path for path in stage.host.paths() if path.endswith(".mp3")]


@pytest.mark.parametrize(
    ("guid", "url"),
    [
        ("{n} read {read}", "/{n}.mp3"),
        ("{n}", "/{n}.mp3?token=t{read}"),
        ("{n} read {read}", "/{n}.mp3?Expires={read}&Signature=s{read}"),
        ("{n} read {read}", "/private/key{read}/{n}.mp3"),
    ],
    ids=["guids", "tokens", "both", "path"],
)
def test_names_that_change_at_each_read_are_the_same_episodes(stage: Stage, guid: str, url: str) -> None:
    stage.configure("/feed")
    for read in range(4):
        tell(
            stage,
            guid=guid.replace("{read}", str(read)),
            url=url.replace("{read}", str(read)),
        )
        done = stage.collect()
        assert done.get("episodes new", 0) == (2 if read == 0 else 0)
        assert len(media_requests(stage)) == (2 if read == 0 else 0), read
    assert sorted(stage.objects().values()) == [ONE, TWO]


def test_a_file_that_the_feed_has_already_is_not_stored_again(stage: Stage) -> None:
    stage.configure("/feed")
    tell(stage, guid="{n}", url="/{n}.mp3")
    stage.collect()
    tell(stage, guid="new {n}", url="/new/{n}.mp3", title="Renamed {n}", day=10)
    assert stage.collect()["episodes with a known file"] == 2
    assert len(stage.objects()) == 2
    with connect(stage.url) as conn:
        (health,) = feeds.health(conn, [stage.source])
    assert (health.same, health.copied) == (2, 2)
    assert "episodes with a known file" not in stage.collect()  # once


@pytest.mark.parametrize(("before", "after"), [("/feed?token=old", "/feed?token=new"), ("/feed", "/feeds/show")])
def test_a_feed_at_a_new_address_keeps_its_episodes(stage: Stage, before: str, after: str) -> None:
    for path in (before, after):
        tell(stage, guid="{n}", url="/{n}.mp3", path=path.partition("?")[0])
    stage.configure(before)
    stage.collect()
    objects = stage.objects()
    stage.configure(after)
    done = stage.collect()
    assert (done.get("episodes new"), media_requests(stage)) == (None, [])
    assert stage.objects() == objects
    with connect(stage.url) as conn:
        (health,) = feeds.health(conn, [stage.source])
    assert health.copied == 2


def test_a_feed_of_a_renamed_source_keeps_its_episodes(stage: Stage) -> None:
    tell(stage, guid="{n}", url="/{n}.mp3")
    stage.configure("/feed")
    stage.collect()
    stage.source += "_renamed"
    stage.configure("/feed")
    assert stage.collect().get("episodes new") is None
    assert len(stage.objects()) == 2


def test_two_feeds_that_are_both_read_keep_their_episodes(stage: Stage) -> None:
    for path in ("/a", "/b"):
        tell(stage, guid="{n}", url="/{n}.mp3", path=path)
    stage.configure("/a", "/b")
    assert stage.collect()["episodes copied"] == 4


def test_a_changed_file_is_still_a_new_version(stage: Stage) -> None:
    stage.configure("/feed")
    tell(stage, guid="{n}", url="/{n}.mp3")
    stage.collect()
    tell(stage, guid="{n}", url="/v2/{n}.mp3")
    stage.host.answers["/v2/1.mp3"] = File(b"changed" * 100, etag='"c"')
    assert stage.collect()["episodes copied"] == 1
    assert sorted(stage.objects().values()) == sorted([b"changed" * 100, TWO])


def test_a_programme_at_one_address_has_an_episode_for_each_date(stage: Stage) -> None:
    stage.configure("/feed")
    for hour in (1, 2, 3):
        items = "".join(
            f"<item><title>News</title><guid>{past}</guid><pubDate>Fri, 02 Jan 2026 {past:02}:00:00 GMT</pubDate>"
            f"<enclosure url='{stage.host.url}/news.mp3' length='9' type='audio/mpeg'/></item>"
            for past in range(hour, 0, -1)
        )
        stage.host.answers["/news.mp3"] = File(b"news" * 100 * hour, etag=f'"{hour}"')
        text = f'<rss version="2.0"><channel><title>Show</title>{items}</channel></rss>'
        stage.host.answers["/feed"] = File(text.encode(), "application/rss+xml", f'"{hour}"')
        assert stage.collect()["episodes copied"] == 1
    assert len(stage.objects()) == 3


def test_an_erased_episode_does_not_come_back_under_another_guid(stage: Stage) -> None:
    stage.configure("/feed")
    tell(stage, guid="{n}", url="/{n}.mp3?token=a")
    stage.collect()
    key = next(key for key, body in stage.objects().items() if body == ONE)
    with connect(stage.url) as conn, conn.cursor() as cursor:
        cursor.execute("select erase_episode(%s, %s)", (stage.bucket, key))
    stage.client.delete_object(Bucket=stage.bucket, Key=key)
    tell(stage, guid="new {n}", url="/{n}.mp3?token=b")
    stage.collect()
    assert list(stage.objects().values()) == [TWO]
