"""Podcast episodes: their data from feeds, their copies, and the episodes of media objects."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from psycopg2.extras import execute_values

from mediaindex.catalog.base import storable
from mediaindex.catalog.base.connection import Connection, Cursor, transaction
from mediaindex.catalog.base.rows import column, row_as, rows_as, scalar
from mediaindex.catalog.base.sql_files import query
from mediaindex.catalog.batches.retry_policy import RetryPolicy
from mediaindex.contract.states import EpisodeState
from mediaindex.errors import ErrorCode, FailureClass
from mediaindex.feeds.addresses import addresses
from mediaindex.feeds.show import Episode, Show

from . import identity

PAGE = 500
MOST_NEW = 10_000


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


class Noted(NamedTuple):
    """Numbers of new episodes, known ones to copy again, new ones held back, and entries that repeat a file."""

    new: int
    changed: int
    held_back: int
    repeated: int


class Usage(NamedTuple):
    """What was taken from a feed within 24 hours: episodes that were noted, and copies."""

    noted: int
    episodes: int
    bytes: int
    seconds: float


def note(
    conn: Connection,
    feed_id: int,
    show: Show,
    listed: Iterable[Listed],
    *,
    most_new: int = MOST_NEW,
    since: date | None = None,
) -> Noted:
    """Store the content of a feed, with at most ``most_new`` new episodes: the newest, those before ``since`` last.

    One transaction: the ETag of the feed is stored only after it, so that no episode is skipped.
    """
    entries = {entry.episode.guid_sha256: entry for entry in listed}
    with transaction(conn) as cursor:
        cursor.execute(
            "update feed set title = %s, link = %s, language = %s, podcast_guid = %s, moved_to = %s where id = %s",
            (show.title or None, show.link, show.language, show.podcast_guid, show.moved_to, feed_id),
        )
        told, repeated = identity.recognise(cursor, feed_id, [entry.episode for entry in entries.values()])
        cursor.execute("select guid_sha256 from episode where feed_id = %s", (feed_id,))
        known = set(column(cursor))
        fresh = sorted((one for one in told if one.guid_sha256 not in known), key=lambda one: _age(one, since))
        taken = known | {one.guid_sha256 for one in fresh[:most_new]}
        place = addresses(one.url for one in told)
        rows = [_row(feed_id, entries[one.guid_sha256], place[one.url]) for one in told if one.guid_sha256 in taken]
        changed = execute_values(cursor, query("list_episodes"), rows, page_size=PAGE, fetch=True) if rows else []
    new = sum(is_new for _, is_new in changed)
    return Noted(new, sum(wanted for wanted, is_new in changed if not is_new), len(fresh[most_new:]), repeated)


def usage(conn: Connection, feed_id: int) -> Usage:
    """What was taken from the feed within 24 hours."""
    with transaction(conn) as cursor:
        cursor.execute(query("feed_usage"), {"feed_id": feed_id})
        (used,) = rows_as(cursor, Usage)
        return used


def waiting(conn: Connection, feed_id: int, *, since: date | None = None) -> int:
    """The number of episodes that are to be copied, now or later."""
    with transaction(conn) as cursor:
        cursor.execute(
            "select count(*) from episode where feed_id = %(feed_id)s and state = 'wanted' "
            "and (%(since)s::date is null or published_at is null or published_at >= %(since)s::date)",
            {"feed_id": feed_id, "since": since},
        )
        return int(scalar(cursor))


def has_known(conn: Connection, feed_id: int, show: Show) -> bool:
    """Whether the catalog has one of the show's episodes."""
    with transaction(conn) as cursor:
        cursor.execute(
            "select from episode where feed_id = %s and guid_sha256 = any (%s) limit 1",
            (feed_id, [episode.guid_sha256 for episode in show.episodes]),
        )
        return bool(cursor.rowcount)


def copied_files(conn: Connection, feed_id: int) -> frozenset[str]:
    """SHA-256 of the copies of the feed's episodes."""
    with transaction(conn) as cursor:
        cursor.execute(
            "select sha256 from episode where feed_id = %s and sha256 is not null and etag is not null", (feed_id,)
        )
        return frozenset(column(cursor))


def note_same(conn: Connection, episode: DueEpisode, feed_id: int, sha256: str) -> None:
    """Record that another episode of the feed has the same file, which is not copied twice."""
    with transaction(conn) as cursor:
        cursor.execute(
            "update episode set state = 'same', sha256 = null, checked_at = now(), updated_at = now(), attempts = 0, "
            "not_before = null, reason_class = null, reason_code = null, reason = null, resume_id = null, "
            "resume_if_range = null, same_as = (select min(o.id) from episode o where o.feed_id = %(feed)s "
            "and o.sha256 = %(sha)s and o.etag is not null and o.id <> %(id)s) where id = %(id)s and state <> 'erased'",
            {"id": episode.id, "feed": feed_id, "sha": sha256},
        )


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


def _age(episode: Episode, since: date | None) -> tuple[bool, float]:
    """The order in which new episodes are taken: the newest first, those that are not to be copied last."""
    published = episode.published_at
    is_old = bool(since and published and published.date() < since)
    return is_old, -published.timestamp() if published else -math.inf


def _row(feed_id: int, listed: Listed, address: str) -> tuple[Any, ...]:
    episode = listed.episode
    links = storable.document([asdict(link) for link in episode.transcripts])
    return (
        feed_id, storable.text(episode.guid), episode.guid_sha256, storable.text(episode.title), episode.published_at,
        episode.duration_s, episode.link, links, episode.url, storable.text(address), episode.length,
        episode.media_type, listed.bucket, listed.key,
    )  # fmt: skip
