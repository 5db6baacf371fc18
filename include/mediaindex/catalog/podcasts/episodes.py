"""Podcast episodes: their data from feeds, their copies, and the episodes of media objects."""

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
    """An episode and its bucket and key; a known episode keeps its key."""

    episode: Episode
    bucket: str
    key: str


@dataclass(frozen=True, slots=True)
class DueEpisode:
    """An episode to copy (``announced``: its feed changed) or to check again.

    ``etag``, ``size`` (bytes) and ``sha256`` belong to the existing copy, ``http_*`` are the validators of its server,
    ``resume_*`` belong to an unfinished copy.
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
    """The episode of a media object. ``transcripts``: url, type, language and rel of each."""

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
    """Store the content of a feed; the numbers of new episodes and of known episodes to copy again.

    One transaction: the ETag of the feed is stored only after it, so that no episode is skipped.
    """
    rows = [_row(feed_id, entry) for entry in listed]
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
    """Episodes to copy or to check now, except those published before ``since``."""
    wanted = {"feed_id": feed_id, "since": since, "recheck_s": recheck_days * 86_400, "limit": limit}
    with transaction(conn) as cursor:
        cursor.execute(query("due_episodes"), wanted)
        return rows_as(cursor, DueEpisode)


def note_partial(conn: Connection, episode_id: int, resume_id: str | None, if_range: str | None) -> None:
    """Store (or clear, if None) what another process needs to resume an unfinished copy."""
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
    """Record a finished copy; whether it is a new version."""
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
    """Record that the file on the server has not changed."""
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
    """Record a failed copy; whether it is given up now (after the ``policy``'s attempts for this class).

    ``at_least_s``: seconds that the server asked to wait; ``draw``: a random number in [0, 1).
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
    """The episode of a media object; None if the object is not a copy of an episode."""
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
    episode = listed.episode
    links = storable.document([asdict(link) for link in episode.transcripts])
    return (
        feed_id, storable.text(episode.guid), episode.guid_sha256, storable.text(episode.title), episode.published_at,
        episode.duration_s, episode.link, links, episode.url, episode.length, episode.media_type, listed.bucket,
        listed.key,
    )  # fmt: skip
