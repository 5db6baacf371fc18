"""The tasks of ``collect_podcasts``: find feeds that are due, read them, and copy their new episodes.

Errors of web servers (``WebError``) are recorded with their feed or episode, and do not affect others. Errors of the
installation's own servers fail the task; Airflow retries it, and finished work is not repeated.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.podcasts import episodes, feeds, identity
from mediaindex.catalog.podcasts.episodes import DueEpisode, Listed
from mediaindex.config import sources
from mediaindex.config.sources import Source
from mediaindex.errors import ConfigError, DoubtfulError, ErrorCode, MediaindexError, TransientError
from mediaindex.feeds.connecting import WebLimits
from mediaindex.feeds.copy import Copied, Copier, Known, Partial, Wanted
from mediaindex.feeds.errors import WebError
from mediaindex.feeds.fetch import FeedBody, Validators, fetch_feed
from mediaindex.feeds.keys import episode_key, labels
from mediaindex.feeds.pages import with_next_pages
from mediaindex.feeds.places import Place, shown
from mediaindex.feeds.read import read_feed
from mediaindex.feeds.show import LeftOut
from mediaindex.feeds.web import Web
from mediaindex.printable import logger

from . import connections
from .batch_job import use_s3_environment
from .defaults import BEGIN_WITHIN_S, EPISODE_RETRIES, FEED_RETRIES, GROUPS
from .identity import note_sources

if TYPE_CHECKING:
    from mediaindex.catalog import Connection
    from mediaindex.catalog.podcasts.feeds import Feed

log = logger(__name__)

LIMITS = WebLimits()


def due_groups() -> list[list[int]]:
    """Ids of the feeds that are due, in at most GROUPS groups."""
    configuration = sources.load(sources.path_from_environment())
    configured = {source.name: source for source in configuration.sources if source.feeds}
    with connect(connections.database_url()) as conn:
        note_sources(conn, configuration)
        for name, source in configured.items():
            feeds.follow(conn, name, [Place.parse(url).url for url in source.feeds])
        due = feeds.due(conn, list(configured))
    return [group for start in range(GROUPS) if (group := due[start::GROUPS])]


def collect(feed_ids: list[int], limits: WebLimits = LIMITS) -> dict[str, int]:
    """Visit these feeds one after the other. Returns counts of the results."""
    configuration = sources.load(sources.path_from_environment())
    use_s3_environment()
    until = time.monotonic() + BEGIN_WITHIN_S
    counts: Counter[str] = Counter()
    with connect(connections.database_url()) as conn:
        for id_ in feed_ids:
            with feeds.held(conn, id_) as feed:
                if feed is None:
                    log.info("feed %d: skipped; another task is reading it, or it is not configured any more", id_)
                    continue
                source = configuration.source(feed.source)
                own = replace(limits, redirects=source.podcast.redirects)
                with Web(own, source.podcast.allowed_networks) as web:
                    counts += Visit(conn, web, source, feed, until).run()
    log.info("%s", ", ".join(f"{name}: {count}" for name, count in sorted(counts.items())) or "nothing to do")
    return dict(counts)


def report() -> int:
    """Log each failing feed with its error and the time of its next attempt. Returns their number."""
    with connect(connections.database_url()) as conn:
        unhealthy = [
            feed for feed in feeds.health(conn)
            if feed.attempts or feed.failed or feed.moved_to or feed.left_out or feed.held_back
        ]  # fmt: skip
    for feed in unhealthy:
        if feed.attempts:
            log.warning(
                "feed %d (%s): failed %d times in a row, next attempt %s: %s",
                feed.id, feed.title or shown(feed.url), feed.attempts, f"{feed.next_try_at:%F %R}", feed.last_error,
            )  # fmt: skip
        if feed.failed:
            log.warning("feed %d (%s): %d episodes given up; see episode.reason", feed.id, feed.title, feed.failed)
        if feed.left_out:
            left_out = {LeftOut(reason): count for reason, count in feed.left_out.items()}
            log.info("feed %d (%s): no episodes: %s", feed.id, feed.title, _in_words(left_out))
        if feed.held_back:
            log.warning("feed %d (%s): %d episodes wait, over a daily limit", feed.id, feed.title, feed.held_back)
        if feed.moved_to:
            log.warning("feed %d (%s): moved; write its new address into the sources file", feed.id, feed.title)
    return sum(bool(feed.attempts) for feed in unhealthy)


class Visit:
    """One visit to a feed: read it if it is due, then copy its due episodes."""

    def __init__(self, conn: Connection, web: Web, source: Source, feed: Feed, until: float) -> None:
        self._conn, self._web, self._source, self._feed, self._until = conn, web, source, feed, until
        self._limits = source.podcast
        self._counts: Counter[str] = Counter()
        self._not_listed = 0  # episodes over the daily limit, which the catalog does not have yet

    def run(self) -> Counter[str]:
        """Visit the feed. Returns counts of the results."""
        if self._feed.is_due:
            try:
                self._read()
            except Exception as error:
                self._feed_failed(_of_one(error))
        self._copy_due()
        return self._counts

    def _copy_due(self) -> None:
        limit, held_back = self._limits.episodes_per_run, self._not_listed
        for number, episode in enumerate(self._due(limit + 1)):
            if self._is_over_day():
                held_back += episodes.waiting(self._conn, self._feed.id, since=self._limits.since)
                break
            if number == limit or time.monotonic() > self._until:
                feeds.come_back(self._conn, self._feed.id)
                break
            self._visit(episode)
        feeds.note_held_back(self._conn, self._feed.id, held_back)
        if held_back:
            self._counts["episodes held back"] += held_back
            log.warning(
                "feed %d (%s): %d episodes wait for the next days; see episodes_per_day, bytes_per_day and "
                "hours_per_day of the source", self._feed.id, self._feed.title or shown(self._feed.url), held_back,
            )  # fmt: skip

    def _is_over_day(self) -> bool:
        used, limits = episodes.usage(self._conn, self._feed.id), self._limits
        return (
            used.episodes >= limits.episodes_per_day
            or used.bytes >= limits.bytes_per_day
            or used.seconds >= limits.hours_per_day * 3600
        )

    def _read(self) -> None:
        feed = self._feed
        known = Validators(feed.etag, feed.last_modified)
        body = fetch_feed(self._web, self._address(), known, self._limits.feed_bytes)
        if body is None:
            self._counts["feeds unchanged"] += 1
        else:
            # Not stored if something of the feed is still to be noted: it would then not be sent again.
            known = body.validators if self._list(body) else Validators()
        feeds.note_read(
            self._conn,
            feed.id,
            wait_s=self._limits.every_minutes * 60,
            etag=known.etag,
            last_modified=known.last_modified,
            moved_to=body.moved_to if body else None,
        )

    def _list(self, body: FeedBody) -> bool:
        """Whether everything that the feed names was noted."""
        feed, source, limits = self._feed, self._source, self._limits
        show = with_next_pages(
            self._web, self._address(), read_feed(body), most=limits.pages, max_bytes=limits.feed_bytes,
            is_known=lambda page: feed.is_whole and episodes.has_known(self._conn, feed.id, page),
        )  # fmt: skip
        if earlier := identity.adopt(self._conn, feed.id, source.bucket, show.episodes):
            log.info("%s has the episodes of feed %d, which is not read any more: it is the same", feed.url, earlier)
        seed = f"{source.name}\0{feed.url}"
        listed = [
            Listed(episode, source.bucket, episode_key(source.prefix, seed, show, episode)) for episode in show.episodes
        ]
        left = max(0, limits.episodes_per_day - episodes.usage(self._conn, feed.id).noted)
        noted = episodes.note(self._conn, feed.id, show, listed, most_new=left, since=limits.since)
        self._not_listed = noted.held_back
        left_out = Counter(show.left_out) + Counter({LeftOut.REPEATED: noted.repeated})
        feeds.note_left_out(self._conn, feed.id, left_out)
        self._counts += Counter(
            {
                "feeds read": 1,
                "episodes new": noted.new,
                "episodes changed": noted.changed,
                "left out": left_out.total(),
            }
        )
        log.info(
            "%s (%s): %d episodes, %d new, %d changed; left out: %s",
            shown(feed.url), show.title, len(listed), noted.new, noted.changed, _in_words(left_out),
        )  # fmt: skip
        return not (noted.held_back or {LeftOut.NEXT_PAGES, LeftOut.UNREADABLE_PAGES} & set(left_out))

    def _visit(self, episode: DueEpisode) -> None:
        try:
            copied = self._copy(episode)
        except Exception as error:
            self._episode_failed(episode, _of_one(error))
            return
        validators = {"http_etag": copied.validators.etag, "http_last_modified": copied.validators.last_modified}
        if copied.stored is None and copied.sha256 and copied.sha256 != episode.sha256:
            episodes.note_same(self._conn, episode, self._feed.id, copied.sha256)
            self._counts["episodes with a known file"] += 1
            return
        if copied.stored is None:
            episodes.note_unchanged(self._conn, episode, **validators)
            self._counts["episodes unchanged"] += 1
            return
        stored = copied.stored
        is_new = episodes.note_copied(
            self._conn, episode, etag=stored.etag, size=stored.size, sha256=copied.sha256, **validators
        )
        self._counts["episodes copied" if is_new else "episodes unchanged"] += 1
        log.info("s3://%s/%s: %d bytes from %s", episode.bucket, episode.key, stored.size, shown(episode.url))

    def _copy(self, episode: DueEpisode) -> Copied:
        from mediaindex.storage.client import s3_client
        from mediaindex.storage.upload import Upload

        metadata = labels(self._feed.title or "", episode.title, episode.guid_sha256, episode.published_at)
        sink = Upload(s3_client(), episode.bucket, episode.key, metadata, resume_id=episode.resume_id)
        partial = None
        if episode.resume_id and episode.resume_if_range:
            partial = Partial(episode.resume_id, episode.resume_if_range)
        known = Known(Validators(episode.http_etag, episode.http_last_modified), episode.size, episode.sha256)
        limits = self._limits
        # A changed episode keeps its copy, even if its new file is that of another one.
        others = frozenset[str]() if episode.etag else episodes.copied_files(self._conn, self._feed.id)
        wanted = Wanted(episode.url, known, episode.announced, limits.episode_bytes, limits.media_types, others)

        def note(unfinished: Partial | None) -> None:
            resume_id, if_range = (unfinished.resume_id, unfinished.if_range) if unfinished else (None, None)
            episodes.note_partial(self._conn, episode.id, resume_id, if_range)

        return Copier(self._web, wanted, sink, partial, note).run()

    def _feed_failed(self, error: MediaindexError) -> None:
        wait_s = FEED_RETRIES.wait_s(self._feed.attempts + 1, _chance())
        wait_s = max(wait_s, _asked_s(error))
        feeds.note_failed(self._conn, self._feed.id, wait_s=wait_s, code=error.code, message=error.message)
        self._counts["feeds failed"] += 1
        log.warning("feed %d: %s (%s); next attempt in %.0f min", self._feed.id, error, error.code, wait_s / 60)

    def _episode_failed(self, episode: DueEpisode, error: MediaindexError) -> None:
        given_up = episodes.note_failed(
            self._conn,
            episode.id,
            failure_class=error.failure_class,
            code=error.code,
            message=error.message,
            policy=EPISODE_RETRIES,
            draw=_chance(),
            at_least_s=_asked_s(error),
        )
        self._counts["episodes given up" if given_up else "episodes to try again"] += 1
        outcome = "given up until its feed changes it" if given_up else "retried later"
        log.warning("episode %d of feed %d: %s (%s); %s", episode.id, self._feed.id, error, error.code, outcome)

    def _due(self, limit: int) -> list[DueEpisode]:
        return episodes.due(
            self._conn,
            self._feed.id,
            since=self._limits.since,
            recheck_days=self._limits.recheck_days,
            limit=limit,
        )

    def _address(self) -> str:
        """The feed's URL as configured, with the user and password that the catalog does not store."""
        return next((url for url in self._source.feeds if Place.parse(url).url == self._feed.url), self._feed.url)


def _in_words(left_out: Mapping[LeftOut, int]) -> str:
    return ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in sorted(left_out.items())) or "nothing"


def _of_one(error: Exception) -> MediaindexError:
    """The error, if it concerns only this feed or episode. Raises errors of the installation's own servers."""
    if isinstance(error, WebError):
        return error
    if isinstance(error, ConfigError | TransientError):
        raise error
    if isinstance(error, MediaindexError):  # the catalog or S3 rejects only this feed or episode
        return error
    log.exception("unexpected error")
    return DoubtfulError(f"unexpected error: {type(error).__name__}: {error}", code=ErrorCode.UNFORESEEN)


def _asked_s(error: MediaindexError) -> float:
    return (error.retry_after_s or 0.0) if isinstance(error, WebError) else 0.0


def _chance() -> float:
    return random.random()  # noqa: S311  # spreads load, guards nothing
