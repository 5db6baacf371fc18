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


def test_new_feeds_are_due_at_once_and_only_once_there(conn: Any, source: str) -> None:
    both = ids(conn, source, A, B)
    assert len(both) == 2
    assert ids(conn, source, A, B) == both


def test_a_feed_that_answered_is_due_when_its_time_has_come(conn: Any, source: str) -> None:
    (id_,) = ids(conn, source, A)
    read(conn, id_)
    assert feeds.due(conn, [source]) == []
    feeds.come_back(conn, id_)
    assert feeds.due(conn, [source]) == [id_]


def test_a_failure_is_kept_for_people_and_counted_until_it_answers(conn: Any, source: str) -> None:
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


def test_a_feed_that_left_the_configuration_rests_and_may_come_back(conn: Any, source: str) -> None:
    a, b = ids(conn, source, A, B)
    assert ids(conn, source, B) == [b]
    with feeds.held(conn, a) as held:
        assert held is None
    assert sorted(ids(conn, source, A, B)) == [a, b]


def test_a_feed_that_moved_is_the_same_feed_at_its_new_address(conn: Any, source: str) -> None:
    (a,) = ids(conn, source, A)
    read(conn, a, moved_to=B)
    assert ids(conn, source, B) == [a]
    with feeds.held(conn, a) as held:
        assert held is not None
        assert (held.url, held.etag) == (B, None)


def test_one_feed_is_visited_by_one_at_a_time(conn: Any, database_url: str, source: str) -> None:
    (a,) = ids(conn, source, A)
    with connect(database_url) as other:
        with feeds.held(conn, a) as mine, feeds.held(other, a) as theirs:
            assert mine is not None
            assert theirs is None
        with feeds.held(other, a) as theirs:
            assert theirs is not None


def test_who_dies_over_a_feed_leaves_it_free(conn: Any, database_url: str, source: str) -> None:
    (a,) = ids(conn, source, A)
    name, named_url = named(database_url)
    with pytest.raises(TransientError), connect(named_url) as dying, feeds.held(dying, a):
        dying.close()
    wait_for_end(conn, name)
    with feeds.held(conn, a) as held:
        assert held is not None
