"""What ``discover_recordings`` does between its wait and the runs that it starts."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.batches import batches
from mediaindex.catalog.ledger import discovery as progress
from mediaindex.catalog.ledger import hearing
from mediaindex.catalog.ledger.discovery import Progress
from mediaindex.config.sources import Source
from mediaindex.contract.states import Lane, SeenBy
from mediaindex.errors import ErrorCode, TerminalError
from mediaindex.storage.objects import ObjectVersion

from . import connections
from .arrivals import Arrivals
from .batch_job import use_s3_environment
from .starting import plan, runs_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from mediaindex.catalog import Connection

log = logging.getLogger(__name__)


def is_something_new(conn: Connection, client: S3Client, source: Source, prefix: str) -> bool:
    """Whether a run would find anything to do: a new object, one whose waiting is over, or a whole listing due."""
    from mediaindex.storage.media import pages

    known = progress.progress(conn, source.name, prefix)
    if progress.is_waiting(conn, source.name) or (source.listing.order == "keys" and _whole_is_due(source, known)):
        return True
    looking = Arrivals(conn, client, source, SeenBy.LISTING)
    found = pages(client, source.bucket, prefix, _start(source, known, whole=False))
    return any(progress.unknown(conn, looking.wanted(page)) for page in found)


def claim_new(source: Source, prefix: str, lane: Lane, *, whole: bool = False) -> int:
    """List the prefix, write what is new into the ledger, plan it into batches; how many objects were claimed."""
    from mediaindex.storage.client import s3_client

    use_s3_environment()
    with connect(connections.database_url()) as conn:
        found = Arrivals(conn, s3_client(), source, SeenBy.LISTING, lane if lane != source.lane else None)
        found.look_again()
        take_listing(found, prefix, whole=whole)
        await_settling(found)
        planned = plan(conn, source, lane)
    told = (found.claimed, found.paused, found.restores, planned)
    log.info("s3://%s/%s: %d claimed, %d have to wait (%d restores asked for), %d batches planned",
             source.bucket, prefix, *told)  # fmt: skip
    return found.claimed


def take_listing(found: Arrivals, prefix: str, *, whole: bool = False) -> int:
    """Page by page: what is new goes into the ledger, then the watermark moves. How many objects the listing named."""
    from mediaindex.storage.media import pages

    source, conn = found.source, found.conn
    known = progress.progress(conn, source.name, prefix)
    start, mark, listed = _start(source, known, whole=whole), known.watermark, 0
    settled = found.clock() - timedelta(minutes=source.listing.overlap_minutes)
    moving = source.listing.order == "keys"
    for page in pages(found.client, source.bucket, prefix, start):
        found.take(page)
        listed += len(page)
        old = _last_old(page, settled) if moving else None
        # Beyond a young object the order of keys is not yet that of time.
        moving = moving and old is not None and old == page[-1].key
        if old is not None and (mark is None or old > mark):  # code points order as S3's bytes do
            mark = old
            progress.advance(conn, source.name, prefix, Progress(mark))
    progress.advance(conn, source.name, prefix, Progress(whole_at=found.clock() if start is None else None))
    return listed


def await_settling(found: Arrivals) -> None:
    """Objects of this very moment get a second look at once, not with the next run."""
    if found.settling:
        time.sleep(found.source.settle_seconds)
        found.look_again()


def batches_to_start(source: str) -> list[dict[str, Any]]:
    """Arguments of a run for each batch that has none: those just planned, and those that a crash left behind."""
    with connect(connections.database_url()) as conn:
        return runs_of(batches.unstarted(conn, source))


def check_events(source: str) -> None:
    """TerminalError ``events_silent`` where uploads are no longer announced and only listings find them."""
    with connect(connections.database_url()) as conn:
        silent = hearing.silence(conn, source)
    if silent:
        last = silent.last_event_at.isoformat(timespec="seconds") if silent.last_event_at else "never"
        raise TerminalError(
            f"source {source}: {silent.missed} objects uploaded since {silent.since.isoformat(timespec='seconds')} "
            f"were found by listings and announced by no event (last event: {last}). Nothing is lost, but it comes "
            "later: check the bucket's event notification, the queue and its policy, the triggerer, and that "
            "receive_events is not paused",
            code=ErrorCode.EVENTS_SILENT,
        )
    log.info("source %s: events come, or nothing was uploaded", source)


def _start(source: Source, known: Progress, *, whole: bool) -> str | None:
    """After which key a listing begins; None: it is a whole one."""
    if whole or source.listing.order == "any" or _whole_is_due(source, known):
        return None
    return known.watermark


def _whole_is_due(source: Source, known: Progress) -> bool:
    every = timedelta(hours=source.listing.full_every_hours)
    return known.whole_at is None or datetime.now(UTC) - known.whole_at >= every


def _last_old(page: list[ObjectVersion], settled: datetime) -> str | None:
    """The last key of the page before the first object that is younger than ``settled``."""
    old = list(takewhile(lambda one: one.last_modified <= settled, page))
    return old[-1].key if old else None
