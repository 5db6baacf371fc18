"""Each entry of a feed is collected or counted: pages, entries that are no episodes, and daily limits."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from mediaindex.catalog.base.connection import connect, transaction
from mediaindex.catalog.base.rows import scalar
from mediaindex.catalog.podcasts import feeds
from mediaindex.catalog.podcasts.feeds import FeedHealth
from mediaindex.cli.main import cli
from mediaindex.orchestration import podcasts
from tests.builders.podcast_host import File, redirect
from tests.builders.podcast_stage import Stage

pytestmark = pytest.mark.servers


def item(stage: Stage, name: str, *, day: int = 1, path: str | None = None, body: bytes | None = None) -> str:
    address = path or f"/{name}.mp3"
    stage.host.answers.setdefault(address, File(body or name.encode() * 1_000, etag=f'"{name}"'))
    return (
        f"<item><title>Title of {name}</title><guid>{name}</guid><pubDate>Fri, {day:02} Jan 2026 03:04:05 GMT</pubDate>"
        f"<enclosure url='{stage.host.url}{address}' length='9' type='audio/mpeg'/></item>"
    )


def tell(stage: Stage, *items: str, path: str = "/feed", next_page: str = "") -> None:
    link = f'<atom:link rel="next" href="{next_page}"/>' if next_page else ""
    head = f'<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>Show</title>{link}'
    text = f"{head}{''.join(items)}</channel></rss>"
    stage.host.answers[path] = File(text.encode(), "application/rss+xml", f'"{hash(text)}"')


def health(stage: Stage) -> FeedHealth:
    with connect(stage.url) as conn:
        (found,) = feeds.health(conn, [stage.source])
    return found


def a_day_later(stage: Stage) -> None:
    with connect(stage.url) as conn, transaction(conn) as cursor:
        for statement in (
            "update episode set first_seen_at = first_seen_at - interval '2 days' where bucket = %s",
            "update episode_copy set copied_at = copied_at - interval '2 days' where bucket = %s",
        ):
            cursor.execute(statement, (stage.bucket,))


def rows(stage: Stage) -> Any:
    with connect(stage.url) as conn, transaction(conn) as cursor:
        cursor.execute("select count(*) from episode where bucket = %s", (stage.bucket,))
        return scalar(cursor)


def test_further_pages_are_read_until_one_is_known(stage: Stage) -> None:
    tell(stage, item(stage, "c"), next_page="/p2")
    tell(stage, item(stage, "b"), path="/p2", next_page="/p3")
    tell(stage, item(stage, "a"), path="/p3")
    stage.configure("/feed")
    assert stage.collect()["episodes copied"] == 3
    tell(stage, item(stage, "d"), item(stage, "c"), next_page="/p2")
    assert stage.collect()["episodes copied"] == 1
    assert "/p2" not in stage.host.paths()
    assert health(stage).left_out == {}


@pytest.mark.parametrize(("pages", "reason"), [(1, "next_pages"), (5, "unreadable_pages")])
def test_pages_that_are_not_read_are_counted_and_tried_again(stage: Stage, pages: int, reason: str) -> None:
    tell(stage, item(stage, "c"), next_page="/p2")
    tell(stage, item(stage, "b"), path="/p2", next_page="/p3")
    stage.configure("/feed", pages=pages)
    assert stage.collect()["episodes copied"] == 2
    assert health(stage).left_out == {reason: 1}
    tell(stage, item(stage, "a"), path="/p3")
    stage.configure("/feed", pages=5)
    assert stage.collect()["episodes copied"] == 1
    assert health(stage).left_out == {}


def test_entries_that_are_no_episodes_are_counted(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    words = "<item><title>only words</title><guid>w</guid></item>"
    picture = "<item><guid>p</guid><enclosure url='https://a.example/1.pdf' type=''/></item>"
    tell(stage, words, item(stage, "a"), picture, item(stage, "b", path="/a.mp3"))
    stage.configure("/feed")
    done = stage.collect()
    assert (done["episodes new"], done["left out"]) == (1, 3)
    assert health(stage).left_out == {"without_media": 1, "other_type": 1, "repeated": 1}
    told = CliRunner().invoke(
        cli, ["source", "feeds", stage.source, "--json"], env={"MEDIAINDEX_DATABASE_URL": stage.url}
    )
    assert json.loads(told.output)[0]["left_out"] == health(stage).left_out
    table = CliRunner().invoke(cli, ["source", "feeds", stage.source], env={"MEDIAINDEX_DATABASE_URL": stage.url})
    assert "1 without media" in table.output
    caplog.clear()
    with caplog.at_level("INFO"):
        podcasts.report()
    reported = [message for message in caplog.messages if f"feed {health(stage).id} " in message]
    assert [message.rpartition("): ")[2] for message in reported] == [
        "no episodes: 1 other type, 1 repeated, 1 without media"
    ]


def test_episodes_over_a_daily_number_follow_on_the_next_days(stage: Stage) -> None:
    tell(stage, *(item(stage, name, day=day) for day, name in enumerate("abcde", 1)))
    stage.configure("/feed", episodes_per_day=2)
    assert stage.collect()["episodes copied"] == 2
    assert {body[:1] for body in stage.objects().values()} == {b"d", b"e"}  # the newest first
    assert (rows(stage), health(stage).held_back) == (2, 3)
    assert "episodes copied" not in stage.collect()
    for left in (1, 0):
        a_day_later(stage)
        stage.collect()
        assert health(stage).held_back == left
    assert len(stage.objects()) == 5


@pytest.mark.parametrize("limit", [{"bytes_per_day": 40_000}, {"hours_per_day": 0.001}], ids=["bytes", "hours"])
def test_bytes_and_hours_of_a_day_are_bounded(stage: Stage, limit: dict[str, float]) -> None:
    tell(stage, *(item(stage, name, body=name.encode() * 30_000) for name in "abcd"))
    stage.configure("/feed", **limit)
    assert stage.collect()["episodes copied"] == 2
    assert health(stage).held_back == 2
    a_day_later(stage)
    assert stage.collect()["episodes copied"] == 2
    assert health(stage).held_back == 0


def test_a_feed_that_renames_its_episodes_at_each_visit_adds_few_rows(stage: Stage) -> None:
    """A feed of 1.6 MB added 43 MB to the catalog at each visit."""
    stage.configure("/feed", episodes_per_day=10, episodes_per_run=1)
    for visit in range(3):
        tell(stage, *(item(stage, f"v{visit}n{number}", day=1 + number % 28) for number in range(500)))
        stage.collect()
    assert rows(stage) == 10
    assert health(stage).held_back >= 500


def test_the_trackers_in_front_of_an_episode_are_followed(stage: Stage) -> None:
    tell(stage, item(stage, "a", path="/0"))
    stage.host.answers |= {f"/{n}": redirect(f"/{n + 1}") for n in range(12)} | {"/12": File(b"sound")}
    stage.configure("/feed")
    assert stage.collect()["episodes copied"] == 1
    tell(stage, item(stage, "b", path="/00"))
    stage.host.answers["/00"] = redirect("/0")
    stage.configure("/feed", redirects=5)
    assert stage.collect()["episodes to try again"] == 1  # not given up at the first try
