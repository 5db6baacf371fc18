"""Delete what is older than the retention of its source. The next run resumes after a kill."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from mediaindex.catalog.erasure import candidates, erasure
from mediaindex.config.retention import Retention
from mediaindex.contract.states import ErasureCause
from mediaindex.errors import TerminalError
from mediaindex.storage import deletions

from .erasing import Stores, complete

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger(__name__)
ACTOR = "apply_retention"


@dataclass(frozen=True, slots=True)
class Policy:
    """The retention of one source."""

    source: str
    retention: Retention


def remove_media(stores: Stores, policies: Iterable[Policy], now: datetime) -> int:
    """Delete objects that are older than ``media_days``; how many. The object is deleted before it is recorded."""
    removed = 0
    for policy in policies:
        before = policy.retention.media_before(now)
        for media in candidates.expired_media(stores.conn, policy.source, before) if before else ():
            deletions.delete_object(stores.s3, media.bucket, media.key, media.etag)
            candidates.note_media_removed(stores.conn, media.id)
            removed += 1
    return removed


def remove_proxies(stores: Stores, policies: Iterable[Policy], now: datetime) -> int:
    """Delete normalised audio that is older than ``proxy_days``; of how many recordings."""
    befores = {policy.source: before for policy in policies if (before := policy.retention.proxies_before(now))}
    removed = 0
    for audio, _ in candidates.expired_recordings(stores.conn, befores, proxies=True):
        deletions.delete_proxies(stores.s3, stores.artifacts_bucket, audio, stores.artifacts_prefix)
        candidates.note_proxies_removed(stores.conn, audio)
        removed += 1
    return removed


def erase_expired(stores: Stores, policies: Iterable[Policy], now: datetime) -> list[int]:
    """Erase recordings that are older than ``transcript_days``; the receipt numbers.

    A recording that a run is processing is left to the next day.
    """
    days = {policy.source: policy.retention.transcript_days for policy in policies}
    befores = {policy.source: before for policy in policies if (before := policy.retention.transcripts_before(now))}
    receipts = []
    for audio, objects in candidates.expired_recordings(stores.conn, befores, proxies=False):
        try:
            receipt = _open(stores, objects, befores, days)
        except TerminalError as error:
            log.warning("recording %s is not erased today: %s", audio, error)
            continue
        complete(stores, receipt)
        receipts.append(receipt)
    return receipts


def _open(
    stores: Stores, objects: tuple[int, ...], befores: Mapping[str, datetime], days: Mapping[str, int | None]
) -> int:
    limits = ", ".join(f"{source} {days[source]}" for source in sorted(befores))
    return erasure.open_receipt(
        stores.conn,
        dict.fromkeys(objects, False),
        reason=f"older than transcript_days ({limits})",
        actor=ACTOR,
        cause=ErasureCause.RETENTION,
        all_copies=True,
    )
