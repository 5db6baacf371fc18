from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mediaindex.catalog.base.connection import transaction
from mediaindex.catalog.base.rows import scalar
from mediaindex.catalog.batches.retry_policy import RetryPolicy
from mediaindex.catalog.ledger import ledger
from mediaindex.catalog.podcasts import episodes, feeds
from mediaindex.catalog.podcasts.episodes import DueEpisode, Listed
from mediaindex.errors import ErrorCode, FailureClass
from mediaindex.feeds.show import Episode, Show, TranscriptLink
from mediaindex.storage.objects import ObjectVersion

pytestmark = pytest.mark.servers
SHOW = Show("The Show", "https://a.example/", "en", None, None, ())
NOW = datetime.now(UTC).replace(microsecond=0)
POLICY = RetryPolicy(transient_attempts=3, doubtful_attempts=2, first_wait_s=0.0)
LINK = TranscriptLink("https://a.example/1.srt", "application/srt")


def episode(number: int = 1, **more: Any) -> Episode:
    guid = f"guid {number}"
    plain = Episode(
        guid, hashlib.sha256(guid.encode()).hexdigest(), f"Episode {number}", NOW - timedelta(days=number), 60.0,
        "https://a.example/1", f"https://a.example/{number}.mp3", 1_000, "audio/mpeg", (LINK,),
    )  # fmt: skip
    return replace(plain, **more)


@pytest.fixture
def feed_id(conn: Any, source: str) -> int:
    feeds.follow(conn, source, ["https://a.example/feed"])
    return feeds.due(conn, [source])[0]


@pytest.fixture
def note(conn: Any, source: str, feed_id: int) -> Callable[..., tuple[int, int]]:
    def build(*wanted: Episode) -> tuple[int, int]:
        listed = [Listed(one, source, f"shows/{one.guid_sha256}") for one in wanted]
        noted = episodes.note(conn, feed_id, SHOW, listed)
        return noted.new, noted.changed

    return build


def copied(conn: Any, due: DueEpisode, etag: str = "etag", **more: Any) -> bool:
    options: dict[str, Any] = {"size": 5, "sha256": None, "http_etag": '"h"', "http_last_modified": None} | more
    return episodes.note_copied(conn, due, etag=etag, **options)


def test_new_episodes_are_due_newest_first(conn: Any, feed_id: int, note: Any) -> None:
    assert note(episode(3), episode(1), episode(2, published_at=None)) == (3, 0)
    due = episodes.due(conn, feed_id)
    assert [one.title for one in due] == ["Episode 1", "Episode 3", "Episode 2"]
    assert all(one.announced and one.etag is None for one in due)


def test_a_repeated_entry_is_not_new(conn: Any, feed_id: int, note: Any) -> None:
    note(episode(1))
    (due,) = episodes.due(conn, feed_id)
    assert copied(conn, due)
    assert note(episode(1)) == (0, 0)
    assert note(episode(1, title="Episode one", duration_s=61.0)) == (0, 0)
    assert episodes.due(conn, feed_id) == []


@pytest.mark.parametrize("change", [{"url": "https://b.example/1.mp3"}, {"length": 1_001}])
def test_a_changed_enclosure_is_wanted_again_under_the_same_key(
    conn: Any, feed_id: int, note: Any, change: dict[str, Any]
) -> None:
    note(episode(1))
    (first,) = episodes.due(conn, feed_id)
    copied(conn, first)
    assert note(episode(1, title="renamed", **change)) == (0, 1)
    (again,) = episodes.due(conn, feed_id)
    assert (again.id, again.key, again.announced, again.etag) == (first.id, first.key, True, "etag")
    assert (again.http_etag, again.size) == ('"h"', 5)
    assert copied(conn, again, "etag2")


def test_an_old_episode_is_stored_and_not_copied(conn: Any, feed_id: int, note: Any) -> None:
    note(episode(1), episode(400))
    since = (NOW - timedelta(days=30)).date()
    assert [one.title for one in episodes.due(conn, feed_id, since=since)] == ["Episode 1"]


def test_a_recent_copy_is_checked_once_per_day(conn: Any, feed_id: int, note: Any) -> None:
    note(episode(1), episode(30))
    for due in episodes.due(conn, feed_id):
        copied(conn, due, due.title)
    assert episodes.due(conn, feed_id, recheck_days=7) == []
    with transaction(conn) as cursor:
        cursor.execute("update episode set checked_at = now() - interval '25 hours' where feed_id = %s", (feed_id,))
    (again,) = episodes.due(conn, feed_id, recheck_days=7)
    assert (again.title, again.announced) == ("Episode 1", False)
    episodes.note_unchanged(conn, again, http_etag='"h"', http_last_modified=None)
    assert episodes.due(conn, feed_id, recheck_days=7) == []


@pytest.mark.parametrize(
    ("failure_class", "tries"), [(FailureClass.TERMINAL, 1), (FailureClass.DOUBTFUL, 2), (FailureClass.TRANSIENT, 3)]
)
def test_a_failed_copy_has_the_attempts_of_its_class(
    conn: Any, feed_id: int, note: Any, failure_class: FailureClass, tries: int
) -> None:
    note(episode(1))
    given_up = []
    while due := episodes.due(conn, feed_id):
        given_up.append(
            episodes.note_failed(
                conn, due[0].id, failure_class=failure_class, code=ErrorCode.CUT, message="r", policy=POLICY, draw=0.0
            )
        )  # fmt: skip
    assert given_up == [False] * (tries - 1) + [True]
    assert note(episode(1, url="https://b.example/new.mp3")) == (0, 1)
    assert len(episodes.due(conn, feed_id)) == 1


def test_a_failed_copy_waits_as_long_as_the_server_asks(conn: Any, feed_id: int, note: Any) -> None:
    note(episode(1))
    (due,) = episodes.due(conn, feed_id)
    episodes.note_failed(
        conn,
        due.id,
        failure_class=FailureClass.TRANSIENT,
        code=ErrorCode.CUT,
        message="r",
        policy=POLICY,
        draw=0.0,
        at_least_s=600,
    )
    assert episodes.due(conn, feed_id) == []


def test_what_was_taken_within_a_day_is_counted(conn: Any, feed_id: int, note: Any) -> None:
    note(episode(1), episode(2), episode(3))
    first, second, third = episodes.due(conn, feed_id)
    copied(conn, first, "e1", size=32_000, sha256="a" * 64)  # too small for the minute that the feed states
    copied(conn, second, "e2", size=160_000)
    episodes.note_same(conn, third, feed_id, "a" * 64)
    assert episodes.usage(conn, feed_id) == (3, 3, 192_000, 2.0 + 60.0)
    with transaction(conn) as cursor:
        cursor.execute(
            "update episode set first_seen_at = first_seen_at - interval '25 hours', "
            "checked_at = checked_at - interval '25 hours' where feed_id = %s",
            (feed_id,),
        )
        cursor.execute(
            "update episode_copy c set copied_at = copied_at - interval '25 hours' from episode e "
            "where e.id = c.episode_id and e.feed_id = %s",
            (feed_id,),
        )
    assert episodes.usage(conn, feed_id) == (0, 0, 0, 0.0)


def test_an_episode_with_the_file_of_another_is_not_copied(conn: Any, feed_id: int, note: Any) -> None:
    note(episode(1), episode(2))
    first, second = episodes.due(conn, feed_id)
    copied(conn, first, sha256="a" * 64)
    assert episodes.copied_files(conn, feed_id) == {"a" * 64}
    episodes.note_same(conn, second, feed_id, "a" * 64)
    with transaction(conn) as cursor:
        cursor.execute("select state, same_as from episode where feed_id = %s order by id", (feed_id,))
        assert cursor.fetchall() == [("copied", None), ("same", first.id)]
    (health,) = [one for one in feeds.health(conn) if one.id == feed_id]
    assert (health.copied, health.same, health.wanted) == (1, 1, 0)
    assert episodes.due(conn, feed_id) == []


def test_a_failed_check_keeps_the_copy(conn: Any, feed_id: int, note: Any) -> None:
    note(episode(1))
    (due,) = episodes.due(conn, feed_id)
    copied(conn, due)
    assert not episodes.note_failed(
        conn, due.id, failure_class=FailureClass.TERMINAL, code=ErrorCode.CUT, message="r", policy=POLICY, draw=0.0
    )  # fmt: skip
    (health,) = [one for one in feeds.health(conn) if one.id == feed_id]
    assert (health.copied, health.failed) == (1, 0)


def test_an_unfinished_copy_is_stored_until_it_is_finished(conn: Any, feed_id: int, note: Any) -> None:
    note(episode(1))
    (due,) = episodes.due(conn, feed_id)
    episodes.note_partial(conn, due.id, "upload", '"h"')
    (due,) = episodes.due(conn, feed_id)
    assert (due.resume_id, due.resume_if_range) == ("upload", '"h"')
    copied(conn, due)
    note(episode(1, length=2))
    (due,) = episodes.due(conn, feed_id)
    assert due.resume_id is None


def test_every_version_of_a_media_object_has_its_episode(conn: Any, source: str, feed_id: int, note: Any) -> None:
    note(episode(1))
    (due,) = episodes.due(conn, feed_id)
    copied(conn, due, "one")
    copied(conn, due, "two")
    when = datetime(2026, 1, 1, tzinfo=UTC)
    versions = [ObjectVersion(source, due.key, etag, None, 5, when) for etag in ("one", "two", "a stranger's")]
    one, two, other = ledger.claim(conn, source, versions)
    by_etag = {item.etag: episodes.of_object(conn, item.id) for item in (one, two, other)}
    assert by_etag["a stranger's"] is None
    for etag in ("one", "two"):
        found = by_etag[etag]
        assert found is not None
        assert (found.published_at, found.show, found.guid) == (NOW - timedelta(days=1), "The Show", "guid 1")
        assert (found.duration_s, found.link) == (60.0, "https://a.example/1")
        assert [link["url"] for link in found.transcripts] == [LINK.url]


def test_an_erased_episode_stays_erased_without_data(conn: Any, source: str, feed_id: int, note: Any) -> None:
    note(episode(1))
    (due,) = episodes.due(conn, feed_id)
    copied(conn, due)
    with transaction(conn) as cursor:
        cursor.execute("select erase_episode(%s, %s)", (source, due.key))
    assert note(episode(1, url="https://b.example/new.mp3")) == (0, 0)
    assert episodes.due(conn, feed_id) == []
    with transaction(conn) as cursor:
        cursor.execute("select e::text from episode e where id = %s", (due.id,))
        row = scalar(cursor)
        assert not [word for word in ("Episode", "example", "guid 1", due.key) if word in row]
        cursor.execute("select count(*) from episode_copy where episode_id = %s", (due.id,))
        assert cursor.fetchone() == (0,)


def test_hostile_text_is_stored_as_text(conn: Any, feed_id: int, note: Any) -> None:
    note(episode(1, title="a\x00b'); drop table episode; -- %s %(x)s", guid="\ud800"))
    assert episodes.due(conn, feed_id)[0].title.startswith("a\ufffdb');")
