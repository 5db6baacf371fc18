from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.podcasts import feeds
from mediaindex.errors import ErrorCode, TransientError
from tests.builders.killed import named, wait_for_end

pytestmark = pytest.mark.servers
A, B = "https://a.example/feed", "https://b.example/feed"


def ids(conn: Any, source: str, *urls: str) -> list[int]:
    feeds.follow(conn, source, urls)
    return feeds.due(conn, [source])


def read(conn: Any, id_: int, **more: Any) -> None:
    options: dict[str, Any] = {"wait_s": 3600, "etag": '"e"', "last_modified": None} | more
    feeds.note_read(conn, id_, **options)


def test_new_feeds_are_due_immediately_and_added_once(conn: Any, source: str) -> None:
    both = ids(conn, source, A, B)
    assert len(both) == 2
    assert ids(conn, source, A, B) == both


def test_a_feed_is_due_again_after_its_wait(conn: Any, source: str) -> None:
    (id_,) = ids(conn, source, A)
    read(conn, id_)
    assert feeds.due(conn, [source]) == []
    feeds.come_back(conn, id_)
    assert feeds.due(conn, [source]) == [id_]


def test_a_failed_reading_is_stored_and_counted(conn: Any, source: str) -> None:
    (id_,) = ids(conn, source, A)
    for _ in range(2):
        feeds.note_failed(conn, id_, wait_s=600, code=ErrorCode.HTTP_503, message="it is away\x00")
    (health,) = feeds.health(conn, [source])
    assert (health.attempts, health.last_error_code, health.read_at) == (2, "http_503", None)
    assert health.next_try_at > datetime.now(UTC)
    read(conn, id_)
    (health,) = feeds.health(conn, [source])
    assert (health.attempts, health.last_error_code) == (0, "http_503")
    assert health.read_at is not None


def test_a_removed_feed_is_retired_and_may_return(conn: Any, source: str) -> None:
    a, b = ids(conn, source, A, B)
    assert ids(conn, source, B) == [b]
    with feeds.held(conn, a) as held:
        assert held is None
    assert sorted(ids(conn, source, A, B)) == [a, b]


def test_a_moved_feed_is_the_same_feed(conn: Any, source: str) -> None:
    (a,) = ids(conn, source, A)
    read(conn, a, moved_to=B)
    assert ids(conn, source, B) == [a]
    with feeds.held(conn, a) as held:
        assert held is not None
        assert (held.url, held.etag) == (B, None)


def test_a_feed_is_read_by_one_process_at_a_time(conn: Any, database_url: str, source: str) -> None:
    (a,) = ids(conn, source, A)
    with connect(database_url) as other:
        with feeds.held(conn, a) as mine, feeds.held(other, a) as theirs:
            assert mine is not None
            assert theirs is None
        with feeds.held(other, a) as theirs:
            assert theirs is not None


def test_a_killed_process_releases_its_feed(conn: Any, database_url: str, source: str) -> None:
    (a,) = ids(conn, source, A)
    name, named_url = named(database_url)
    with pytest.raises(TransientError), connect(named_url) as dying, feeds.held(dying, a):
        dying.close()
    wait_for_end(conn, name)
    with feeds.held(conn, a) as held:
        assert held is not None
