"""The feeds of podcast sources: last reading, last error and next reading of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from mediaindex.catalog.base import storable
from mediaindex.catalog.base.connection import Connection, Cursor, transaction
from mediaindex.catalog.base.rows import column, row_as, rows_as, scalar
from mediaindex.errors import ErrorCode
from mediaindex.feeds.show import LeftOut

_LOCKS = 0x706F64  # "pod": a class of advisory locks, with the feed id as the second number


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed; ``etag`` and ``last_modified`` as its server sent them. ``is_whole``: all of it was noted before."""

    id: int
    source: str
    url: str
    title: str | None
    etag: str | None
    last_modified: str | None
    attempts: int
    is_due: bool
    is_whole: bool


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """The health of a feed, for reports; counts are of episodes.

    ``same``: with the file of another episode. ``left_out``: entries and pages that are no episodes, by reason.
    ``held_back``: episodes that wait because of a daily limit.
    """

    id: int
    source: str
    title: str | None
    url: str
    moved_to: str | None
    read_at: datetime | None
    next_try_at: datetime
    attempts: int
    last_error_code: str | None
    last_error: str | None
    episodes: int
    copied: int
    wanted: int
    failed: int
    same: int
    left_out: dict[str, int]
    held_back: int


def follow(conn: Connection, source: str, urls: Sequence[str]) -> None:
    """Set the feeds of the source: new ones are due immediately, other feeds of the source are retired.

    A URL that a retired feed has moved to becomes that feed: it keeps its episodes and their keys.
    """
    with transaction(conn) as cursor:
        cursor.execute("insert into source (name) values (%s) on conflict do nothing", (source,))
        cursor.execute(
            "update feed set retired_at = now() where source = %s and retired_at is null and url <> all (%s)",
            (source, list(urls)),
        )
        for url in urls:
            _adopt(cursor, source, url)
            cursor.execute(
                "insert into feed (source, url) values (%s, %s) on conflict on constraint feed_once "
                "do update set retired_at = null, next_try_at = now() where feed.retired_at is not null",
                (source, url),
            )


def due(conn: Connection, sources: Sequence[str]) -> list[int]:
    """Ids of the feeds to read, or with episodes to copy, longest waiting first."""
    with transaction(conn) as cursor:
        cursor.execute(
            "select id from feed where retired_at is null and source = any (%s) and next_try_at <= now() "
            "order by next_try_at, id",
            (list(sources),),
        )
        return column(cursor)


@contextmanager
def held(conn: Connection, feed_id: int) -> Iterator[Feed | None]:
    """The feed, locked until the block ends; None if another process has the lock, or the feed is retired."""
    with transaction(conn) as cursor:
        cursor.execute("select pg_try_advisory_lock(%s, %s)", (_LOCKS, feed_id % 2**31))
        locked = bool(scalar(cursor))
    if not locked:
        yield None
        return
    try:
        yield _get(conn, feed_id)
    finally:
        if not conn.closed:
            with transaction(conn) as cursor:
                cursor.execute("select pg_advisory_unlock(%s, %s)", (_LOCKS, feed_id % 2**31))


def note_read(
    conn: Connection,
    feed_id: int,
    *,
    wait_s: float,
    etag: str | None,
    last_modified: str | None,
    moved_to: str | None = None,
) -> None:
    """Record a successful reading; ``wait_s``: seconds until the next one. ``episodes.note`` stores the content."""
    with transaction(conn) as cursor:
        cursor.execute(
            "update feed set read_at = now(), attempts = 0, next_try_at = now() + make_interval(secs => %s), "
            "etag = %s, last_modified = %s, moved_to = coalesce(%s, moved_to) where id = %s",
            (wait_s, etag, last_modified, moved_to, feed_id),
        )


def note_failed(conn: Connection, feed_id: int, *, wait_s: float, code: ErrorCode, message: str) -> None:
    """Record a failed reading; ``wait_s``: seconds until the next one."""
    with transaction(conn) as cursor:
        cursor.execute(
            "update feed set attempts = attempts + 1, next_try_at = now() + make_interval(secs => %s), "
            "last_error_at = now(), last_error_code = %s, last_error = %s where id = %s",
            (wait_s, code, storable.message(message), feed_id),
        )


def note_left_out(conn: Connection, feed_id: int, left_out: Mapping[LeftOut, int]) -> None:
    """Record the numbers of entries and pages that are no episodes, by reason."""
    with transaction(conn) as cursor:
        cursor.execute("update feed set left_out = %s where id = %s", (storable.document(dict(left_out)), feed_id))


def note_held_back(conn: Connection, feed_id: int, count: int) -> None:
    """Record how many episodes wait because of a daily limit."""
    with transaction(conn) as cursor:
        cursor.execute("update feed set held_back = %s where id = %s and held_back <> %s", (count, feed_id, count))


def come_back(conn: Connection, feed_id: int) -> None:
    """Make the feed due immediately, because more of its episodes are to be copied."""
    with transaction(conn) as cursor:
        cursor.execute("update feed set next_try_at = least(next_try_at, now()) where id = %s", (feed_id,))


def health(conn: Connection, sources: Sequence[str] | None = None) -> list[FeedHealth]:
    """All active feeds, worst first."""
    with transaction(conn) as cursor:
        cursor.execute(
            "select id, source, title, url, moved_to, read_at, next_try_at, attempts, last_error_code, last_error, "
            "episodes, copied, wanted, failed, same, left_out, held_back from feed_health "
            "where retired_at is null and (%(sources)s::text[] is null or source = any (%(sources)s::text[])) "
            "order by attempts desc, failed desc, id",
            {"sources": None if sources is None else list(sources)},
        )
        return rows_as(cursor, FeedHealth)


def _get(conn: Connection, feed_id: int) -> Feed | None:
    with transaction(conn) as cursor:
        cursor.execute(
            "select id, source, url, title, etag, last_modified, attempts, next_try_at <= now() as is_due, "
            "read_at is not null and held_back = 0 and not left_out ?| array['next_pages', 'unreadable_pages'] "
            "as is_whole from feed "
            "where id = %s and retired_at is null",
            (feed_id,),
        )
        return row_as(cursor, Feed)


def _adopt(cursor: Cursor, source: str, url: str) -> None:
    cursor.execute(
        "update feed set url = %(url)s, moved_to = null, etag = null, last_modified = null, retired_at = null, "
        "next_try_at = now() where id = (select min(id) from feed where source = %(source)s and moved_to = %(url)s "
        "and retired_at is not null) and not exists (select from feed where source = %(source)s and url = %(url)s)",
        {"source": source, "url": url},
    )
