"""Remove what is older than its source keeps it. Whatever is killed half-way is found again by the next run."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from mediaindex.catalog.erasure import candidates as erasure_candidates
from mediaindex.catalog.erasure import erasure
from mediaindex.config.retention import Retention
from mediaindex.contract.states import ErasureCause
from mediaindex.errors import TerminalError
from mediaindex.storage import deletions

from .erasing import complete
from .stores import Stores

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger(__name__)
ACTOR = "apply_retention"


@dataclass(frozen=True, slots=True)
class Policy:
    """What one source says."""

    source: str
    retention: Retention


def remove_media(stores: Stores, policies: Iterable[Policy], now: datetime) -> int:
    """Delete objects that are older than ``media_days``; how many. First the bucket, then the note."""
    removed = 0
    for one in policies:
        before = one.retention.media_before(now)
        for media in erasure_candidates.expired_media(stores.conn, one.source, before) if before else ():
            deletions.delete_object(stores.s3, media.bucket, media.key, media.etag)
            erasure_candidates.note_media_removed(stores.conn, media.id)
            removed += 1
    return removed


def remove_proxies(stores: Stores, policies: Iterable[Policy], now: datetime) -> int:
    """Delete normalised audio that is older than ``proxy_days``; of how many recordings."""
    befores = {one.source: before for one in policies if (before := one.retention.proxies_before(now))}
    removed = 0
    for audio, _ in erasure_candidates.expired_recordings(stores.conn, befores, proxies=True):
        deletions.delete_proxies(stores.s3, stores.artifacts_bucket, audio, stores.artifacts_prefix)
        erasure_candidates.note_proxies_removed(stores.conn, audio)
        removed += 1
    return removed


def erase_expired(stores: Stores, policies: Iterable[Policy], now: datetime) -> list[int]:
    """Erase recordings that are older than ``transcript_days``, each with a receipt; their numbers.

    Those that cannot be opened now (a run works on one) are left to the next day.
    """
    days = {one.source: one.retention.transcript_days for one in policies}
    befores = {one.source: before for one in policies if (before := one.retention.transcripts_before(now))}
    receipts = []
    for audio, objects in erasure_candidates.expired_recordings(stores.conn, befores, proxies=False):
        try:
            receipt = _open(stores, objects, befores, days)
        except TerminalError as error:
            log.warning("recording %s: not erased today: %s", audio, error)
            continue
        complete(stores, receipt)
        receipts.append(receipt)
    return receipts


def _open(
    stores: Stores, objects: tuple[int, ...], befores: Mapping[str, datetime], days: Mapping[str, int | None]
) -> int:
    said = ", ".join(f"{source} {days[source]}" for source in sorted(befores))
    return erasure.open_receipt(
        stores.conn,
        dict.fromkeys(objects, False),
        reason=f"older than transcript_days ({said})",
        actor=ACTOR,
        cause=ErasureCause.RETENTION,
        all_copies=True,
    )
