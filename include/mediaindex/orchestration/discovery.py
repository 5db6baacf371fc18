"""The tasks of ``discover_recordings`` between its wait and the runs that it starts."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.batches import batches
from mediaindex.catalog.ledger import discovery, hearing
from mediaindex.catalog.ledger.discovery import Progress
from mediaindex.config import prefixes
from mediaindex.config.sources import Source, artifacts
from mediaindex.contract.states import Lane, SeenBy
from mediaindex.errors import ConfigError, ErrorCode, TerminalError
from mediaindex.printable import logger
from mediaindex.storage.objects import ObjectVersion

from . import connections, folders
from .arrivals import Arrivals
from .batch_job import use_s3_environment
from .identity import airflow_id
from .starting import plan, runs_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from mediaindex.catalog import Connection

log = logger(__name__)


Between = tuple[datetime, datetime]


def is_something_new(
    conn: Connection, client: S3Client, source: Source, prefix: str, between: Between | None = None
) -> bool:
    """Whether a run would find work: a new object, one whose wait has ended, or a full listing that is due."""
    from mediaindex.storage.media import pages

    known = discovery.progress(conn, source.name, prefix)
    if between is None and (
        discovery.is_waiting(conn, source.name) or (source.listing.order == "keys" and _whole_is_due(source, known))
    ):
        return True
    arrivals = Arrivals(conn, client, source, SeenBy.LISTING, between=between)
    listing = pages(client, source.bucket, prefix, _start(source, known, whole=between is not None))
    return any(discovery.unknown(conn, arrivals.wanted(page)) for page in listing)


def claim_new(
    source: Source,
    prefix: str,
    lane: Lane,
    *,
    whole: bool = False,
    follow: bool = False,
    between: Between | None = None,
) -> int:
    """List the prefix, claim new objects and plan them into batches. Returns the number of claimed objects.

    ``follow``: also list earlier folders of the source that are due. ``between``: see Arrivals.
    """
    from mediaindex.storage.client import s3_client

    _refuse_artifacts(source, prefix)
    use_s3_environment()
    with connect(connections.database_url()) as conn:
        lane_of_objects = lane if lane != source.lane else None
        arrivals = Arrivals(conn, s3_client(), source, SeenBy.LISTING, lane_of_objects, between)
        arrivals.look_again()
        take_listing(arrivals, prefix, whole=whole)
        if follow:
            _take_folders(arrivals, prefix)
        await_settling(arrivals)
        planned = plan(conn, source, lane)
    numbers = (arrivals.claimed, arrivals.paused, arrivals.restores, planned)
    log.info("s3://%s/%s: %d objects claimed, %d waiting (%d restores requested), %d batches planned",
             source.bucket, prefix, *numbers)  # fmt: skip
    return arrivals.claimed


def is_folder_due(conn: Connection, source: Source, prefix: str) -> bool:
    """Whether an earlier folder is due, at the end of a wait that found nothing new under ``prefix``.

    If not, the wait counts as the listing of its own folder.
    """
    now = datetime.now(UTC)
    if not folders.is_dated(source):
        return False
    if any(folder.prefix != prefix for folder in folders.due(conn, source, now)):
        return True
    if _start(source, discovery.progress(conn, source.name, prefix), whole=False) is None:
        discovery.advance(conn, source.name, prefix, Progress(whole_at=now))
        folders.note_listed(conn, source, [], now)
    return False


def _take_folders(arrivals: Arrivals, prefix: str) -> None:
    """List the folders of earlier intervals that are due."""
    source, now = arrivals.source, arrivals.clock()
    due = folders.due(arrivals.conn, source, now)
    for folder in due:
        if folder.prefix == prefix:
            continue
        before = arrivals.claimed
        take_listing(arrivals, folder.prefix, whole=True)
        since = f"listed {folder.listed:%Y-%m-%d %H:%M}" if folder.listed else "never listed: no run of its interval"
        log.info("s3://%s/%s (%s): %d objects claimed", source.bucket, folder.prefix, since, arrivals.claimed - before)
    folders.note_listed(arrivals.conn, source, due, now)


def take_listing(arrivals: Arrivals, prefix: str, *, whole: bool = False) -> int:
    """List the prefix; per page, record and claim new objects, then advance the watermark.

    Returns the number of listed objects.
    """
    from mediaindex.storage.media import pages

    source, conn = arrivals.source, arrivals.conn
    known = discovery.progress(conn, source.name, prefix)
    partial = arrivals.between is not None  # a backfill of some days says nothing about the others
    start, watermark, listed = _start(source, known, whole=whole or partial), known.watermark, 0
    begun = arrivals.clock()  # what is uploaded during the listing may be missed
    settled = begun - timedelta(minutes=source.listing.overlap_minutes)
    moving = source.listing.order == "keys" and not partial
    for page in pages(arrivals.client, source.bucket, prefix, start):
        arrivals.take(page)
        listed += len(page)
        old = _last_old(page, settled) if moving else None
        # After a young object, the order of keys is not yet the order of time.
        moving = moving and old is not None and old == page[-1].key
        if old is not None and (watermark is None or old > watermark):  # code points sort as S3's bytes do
            watermark = old
            discovery.advance(conn, source.name, prefix, Progress(watermark))
    if not partial:
        discovery.advance(conn, source.name, prefix, Progress(whole_at=begun if start is None else None))
    return listed


def await_settling(arrivals: Arrivals) -> None:
    """Check objects that were just written again in this run, instead of in the next one."""
    if arrivals.settling:
        time.sleep(arrivals.source.settle_seconds)
        arrivals.look_again()


def batches_to_start(source: str) -> list[dict[str, Any]]:
    """Arguments of a run for each batch without one: newly planned, or left by a crash."""
    with connect(connections.database_url()) as conn:
        return runs_of(batches.unstarted(conn, source, airflow_id=airflow_id(conn)))


def check_events(source: str) -> None:
    """Raises TerminalError ``events_silent`` if uploads are not announced any more and only listings find them."""
    with connect(connections.database_url()) as conn:
        silent = hearing.silence(conn, source)
    if silent:
        last = silent.last_event_at.isoformat(timespec="seconds") if silent.last_event_at else "never"
        raise TerminalError(
            f"source {source}: {silent.missed} objects uploaded since {silent.since.isoformat(timespec='seconds')} "
            f"were found by listings and not announced by events (last event: {last}). They are indexed, but later: "
            "check the bucket's event notification, the queue and its policy, the triggerer, and that receive_events "
            "is not paused",
            code=ErrorCode.EVENTS_SILENT,
        )
    log.info("source %s: events arrive, or nothing was uploaded", source)


def _refuse_artifacts(source: Source, prefix: str) -> None:
    """Raises ConfigError if the prefix of a run, rendered or given by hand, covers the artifacts."""
    place = artifacts()
    if source.bucket == place[0] and (
        message := prefixes.artifact_fault(prefix, source.include, source.exclude, place)
    ):
        raise ConfigError(f"source {source.name}: the prefix {prefix!r} {message}")


def _start(source: Source, known: Progress, *, whole: bool) -> str | None:
    """The key after which a listing begins; None for a full listing."""
    if whole or source.listing.order == "any" or _whole_is_due(source, known):
        return None
    return known.watermark


def _whole_is_due(source: Source, known: Progress) -> bool:
    every = timedelta(hours=source.listing.full_every_hours)
    return known.whole_at is None or datetime.now(UTC) - known.whole_at >= every


def _last_old(page: list[ObjectVersion], settled: datetime) -> str | None:
    """The last key of the page before the first object that is younger than ``settled``."""
    old = list(takewhile(lambda version: version.last_modified <= settled, page))
    return old[-1].key if old else None
