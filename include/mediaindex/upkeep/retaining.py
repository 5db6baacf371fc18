"""Delete what is older than the retention of its source. The next run resumes after a kill."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from mediaindex.catalog.erasure import candidates, erasure
from mediaindex.catalog.erasure.erasure import ErasedObject
from mediaindex.catalog.ledger import ledger
from mediaindex.catalog.ledger.ledger import MediaObject
from mediaindex.config.retention import Retention
from mediaindex.contract.states import ErasureCause
from mediaindex.errors import TerminalError
from mediaindex.printable import logger
from mediaindex.storage import deletions

from .erasing import Stores, complete

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logger(__name__)
ACTOR = "apply_retention"


@dataclass(frozen=True, slots=True)
class Policy:
    """The retention of one source."""

    source: str
    retention: Retention


def remove_media(stores: Stores, policies: Iterable[Policy], now: datetime) -> int:
    """Delete objects that are older than ``media_days``; how many. The object is deleted before it is recorded.

    One object that cannot be deleted does not keep the others: its error is raised at the end.
    """
    removed, errors = 0, _Errors()
    befores = {policy.source: before for policy in policies if (before := policy.retention.media_before(now))}
    for source, before in befores.items():
        for media in candidates.expired_media(stores.conn, source, before):
            with errors.collected(f"s3://{media.bucket}/{media.key}"):
                if _is_younger(stores, media, before):
                    continue
                deletions.delete_object(stores.s3, media.bucket, media.key, media.etag, before)
                candidates.note_media_removed(stores.conn, media.id)
                removed += 1
    errors.raise_first()
    return removed


def remove_proxies(stores: Stores, policies: Iterable[Policy], now: datetime) -> int:
    """Delete normalised audio that is older than ``proxy_days``; of how many recordings."""
    befores = {policy.source: before for policy in policies if (before := policy.retention.proxies_before(now))}
    removed, errors = 0, _Errors()
    for audio, objects in candidates.expired_recordings(stores.conn, befores, proxies=True):
        with errors.collected(f"recording {audio}"):
            if _any_younger(stores, objects, befores):
                continue
            deletions.delete_proxies(stores.s3, stores.artifacts_bucket, audio, stores.artifacts_prefix)
            candidates.note_proxies_removed(stores.conn, audio)
            removed += 1
    errors.raise_first()
    return removed


def erase_expired(stores: Stores, policies: Iterable[Policy], now: datetime) -> list[int]:
    """Erase recordings that are older than ``transcript_days``; the receipt numbers.

    A recording that a run is processing is left to the next day.
    """
    days = {policy.source: policy.retention.transcript_days for policy in policies}
    befores = {policy.source: before for policy in policies if (before := policy.retention.transcripts_before(now))}
    receipts, errors = [], _Errors()
    for audio, objects in candidates.expired_recordings(stores.conn, befores, proxies=False):
        with errors.collected(f"recording {audio}"):
            if _any_younger(stores, objects, befores):
                continue
            try:
                receipt = _open(stores, objects, befores, days)
            except TerminalError as error:
                log.warning("recording %s is not erased today: %s", audio, error)
                continue
            complete(stores, receipt)
            receipts.append(receipt)
    errors.raise_first()
    return receipts


def _any_younger(stores: Stores, objects: tuple[int, ...], befores: Mapping[str, datetime]) -> bool:
    found = ledger.find(stores.conn, ids=objects, limit=len(objects))
    return any(_is_younger(stores, media, befores[media.source]) for media in found)


def _is_younger(stores: Stores, media: ErasedObject | MediaObject, before: datetime) -> bool:
    """Whether the object was written again, with the same content, after ``before``; then the ledger takes its date.

    The ledger may not have seen it: a folder that is not listed any more, a lost announcement.
    """
    written = deletions.written_at(stores.s3, media.bucket, media.key, media.etag)
    if written is None or written < before:
        return False
    candidates.note_written(stores.conn, media.id, written)
    log.info("s3://%s/%s was written again on %s; it is kept", media.bucket, media.key, written.date())
    return True


@dataclass(slots=True)
class _Errors:
    """Errors that concern single recordings."""

    first: TerminalError | None = None

    @contextmanager
    def collected(self, what: str) -> Iterator[None]:
        """Log a TerminalError instead of raising it."""
        try:
            yield
        except TerminalError as error:
            log.warning("%s is not removed today: %s", what, error)
            self.first = self.first or error

    def raise_first(self) -> None:
        """Raise the first error, if there is one."""
        if self.first:
            raise self.first


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
