"""Podcast episodes: what their feed says, which are to be copied, and which media object is which episode."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from psycopg2.extras import execute_values

from mediaindex.catalog.base import storable
from mediaindex.catalog.base.connection import Connection, Cursor, transaction
from mediaindex.catalog.base.rows import row_as, rows_as
from mediaindex.catalog.base.sql_files import query
from mediaindex.catalog.batches.retry_policy import RetryPolicy
from mediaindex.contract.states import EpisodeState
from mediaindex.errors import ErrorCode, FailureClass
from mediaindex.feeds.show import Episode, Show

PAGE = 500


@dataclass(frozen=True, slots=True)
class Listed:
    """An episode and the place that is kept for it; a known episode keeps the place it has."""

    episode: Episode
    bucket: str
    key: str


@dataclass(frozen=True, slots=True)
class DueEpisode:
    """An episode to be copied (``announced``: its feed says something new) or to be asked for again.

    ``etag``, ``size`` (bytes) and ``sha256`` are the copy's that there is, ``http_…`` its server's words about it,
    ``resume_…`` an unfinished one's.
    """

    id: int
    guid_sha256: str
    title: str
    published_at: datetime | None
    url: str
    bucket: str
    key: str
    announced: bool
    etag: str | None
    size: int | None
    sha256: str | None
    http_etag: str | None
    http_last_modified: str | None
    resume_id: str | None
    resume_if_range: str | None


@dataclass(frozen=True, slots=True)
class ObjectEpisode:
    """The episode that a media object is a copy of. ``transcripts``: url, type, language and rel of each."""

    media_object_id: int
    episode_id: int
    feed_id: int
    show: str | None
    feed_url: str
    guid: str
    title: str
    published_at: datetime | None
    duration_s: float | None
    link: str | None
    transcripts: list[dict[str, Any]]
    language: str | None


def note(conn: Connection, feed_id: int, show: Show, listed: Iterable[Listed]) -> tuple[int, int]:
    """Write down what the feed says; how many episodes are new, and how many known ones are wanted again.

    All or nothing: a feed's ETag is kept only after this, so that nothing in it is ever passed over.
    """
    rows = [_row(feed_id, one) for one in listed]
    with transaction(conn) as cursor:
        cursor.execute(
            "update feed set title = %s, link = %s, language = %s, podcast_guid = %s, moved_to = %s where id = %s",
            (show.title or None, show.link, show.language, show.podcast_guid, show.moved_to, feed_id),
        )
        changed = execute_values(cursor, query("list_episodes"), rows, page_size=PAGE, fetch=True) if rows else []
    new = sum(is_new for _, is_new in changed)
    return new, sum(wanted for wanted, is_new in changed if not is_new)


def due(
    conn: Connection, feed_id: int, *, since: date | None = None, recheck_days: float = 0.0, limit: int = 100
) -> list[DueEpisode]:
    """What to copy or ask for now; published before ``since``: never."""
    wanted = {"feed_id": feed_id, "since": since, "recheck_s": recheck_days * 86_400, "limit": limit}
    with transaction(conn) as cursor:
        cursor.execute(query("due_episodes"), wanted)
        return rows_as(cursor, DueEpisode)


def note_partial(conn: Connection, episode_id: int, resume_id: str | None, if_range: str | None) -> None:
    """Keep (or forget) what another process needs to go on with an unfinished copy."""
    with transaction(conn) as cursor:
        cursor.execute(
            "update episode set resume_id = %s, resume_if_range = %s where id = %s", (resume_id, if_range, episode_id)
        )


def note_copied(
    conn: Connection,
    episode: DueEpisode,
    *,
    etag: str,
    size: int,
    sha256: str | None,
    http_etag: str | None,
    http_last_modified: str | None,
) -> bool:
    """A copy lies in the bucket; whether it is a version that was not there before."""
    with transaction(conn) as cursor:
        _settle(cursor, episode.id, http_etag, http_last_modified)
        cursor.execute(
            "update episode set etag = %s, size = %s, sha256 = %s where id = %s", (etag, size, sha256, episode.id)
        )
        cursor.execute(
            "insert into episode_copy as known (episode_id, bucket, key, etag, size, sha256, url) "
            "values (%s, %s, %s, %s, %s, %s, %s) on conflict on constraint episode_copy_once "
            "do update set copied_at = now(), sha256 = coalesce(excluded.sha256, known.sha256), url = excluded.url",
            (episode.id, episode.bucket, episode.key, etag, size, sha256, storable.text(episode.url)),
        )
    return etag != episode.etag


def note_unchanged(
    conn: Connection, episode: DueEpisode, *, http_etag: str | None, http_last_modified: str | None
) -> None:
    """Its server was asked, and the copy that there is is still the file."""
    with transaction(conn) as cursor:
        _settle(cursor, episode.id, http_etag, http_last_modified)


def note_failed(
    conn: Connection,
    episode_id: int,
    *,
    failure_class: FailureClass,
    code: ErrorCode,
    message: str,
    policy: RetryPolicy,
    draw: float,
    at_least_s: float = 0.0,
) -> bool:
    """It could not be copied; whether it is given up now (after the ``policy``'s tries of that class).

    ``at_least_s``: seconds that its server asked us to wait; ``draw`` in [0, 1) is chance.
    """
    with transaction(conn) as cursor:
        cursor.execute("select attempts, state from episode where id = %s for update", (episode_id,))
        attempts, state = cursor.fetchone() or (0, EpisodeState.ERASED)
        last = attempts + 1 >= policy.attempts(failure_class)
        facts = {
            "id": episode_id,
            "failure_class": failure_class,
            "code": code,
            "message": storable.message(message),
            "wait_s": max(at_least_s, policy.wait_s(attempts + 1, draw)),
            "last": last,
        }
        cursor.execute(query("fail_episode"), facts)
    return bool(last and state == EpisodeState.WANTED)


def of_object(conn: Connection, media_object_id: int) -> ObjectEpisode | None:
    """The episode that the ledger's object is a copy of; None where it is none."""
    with transaction(conn) as cursor:
        cursor.execute(
            "select media_object_id, episode_id, feed_id, show, feed_url, guid, title, published_at, duration_s, link, "
            "transcripts, language from object_episode where media_object_id = %s",
            (media_object_id,),
        )
        return row_as(cursor, ObjectEpisode)


def _settle(cursor: Cursor, episode_id: int, http_etag: str | None, http_last_modified: str | None) -> None:
    cursor.execute(
        "update episode set state = 'copied', attempts = 0, not_before = null, checked_at = now(), updated_at = now(), "
        "reason_class = null, reason_code = null, reason = null, http_etag = %s, http_last_modified = %s, "
        "resume_id = null, resume_if_range = null where id = %s and state <> 'erased'",
        (http_etag, http_last_modified, episode_id),
    )


def _row(feed_id: int, listed: Listed) -> tuple[Any, ...]:
    one = listed.episode
    links = storable.document([asdict(link) for link in one.transcripts])
    return (
        feed_id, storable.text(one.guid), one.guid_sha256, storable.text(one.title), one.published_at, one.duration_s,
        one.link, links, one.url, one.length, one.media_type, listed.bucket, listed.key,
    )  # fmt: skip
