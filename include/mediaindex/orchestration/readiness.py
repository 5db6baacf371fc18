"""Whether an object may be claimed now: complete, readable, not archived. Pure functions, used by ``arrivals``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from mediaindex.catalog.ledger.discovery import Pause
from mediaindex.config.sources import Source
from mediaindex.contract.states import StateReason
from mediaindex.errors import ErrorCode, MediaindexError
from mediaindex.storage.looks import OF_SERVER
from mediaindex.storage.objects import ObjectVersion

# Some programs allocate a file before they write it: no container format begins with zeros. After an hour it is not
# being written any more, and normalize reports what it is.
WRITTEN_WITHIN = timedelta(hours=1)
UNWRITTEN_S = 60.0
# Restoring takes from minutes (Expedited) over 3-12 hours (Standard, Bulk) to two days (DEEP_ARCHIVE).
RESTORING_S = 1_800.0
LEFT_IN_ARCHIVE_S = 21_600.0
REFUSED_S = 3_600.0
FAILED_S = 600.0


@dataclass(frozen=True, slots=True)
class Seen:
    """An earlier look at the same ETag, ``waited_s`` seconds ago; ``size`` in bytes."""

    waited_s: float
    size: int


def archived(version: ObjectVersion, source: Source) -> Pause | None:
    """Why an archived object has to wait; None if its bytes can be read."""
    if version.archived == "restoring":
        reason = "is being restored from its archive; indexed once it is restored"
        return Pause(StateReason.RESTORING, reason, RESTORING_S)
    if version.archived == "yes" and source.archive.restore:
        return Pause(StateReason.ARCHIVED, "is in an archive storage class; a restore will be requested", RESTORING_S)
    if version.archived == "yes":
        reason = "is in an archive storage class; restore it in S3, or set archive.restore in its source"
        return Pause(StateReason.ARCHIVED, reason, LEFT_IN_ARCHIVE_S)
    return None


def settling(version: ObjectVersion, source: Source, earlier: Seen | None, now: datetime) -> Pause | None:
    """Why an object may still be growing; None if it is old enough, or had the same size ``settle_seconds`` ago."""
    settle = timedelta(seconds=source.settle_seconds)
    if now - version.last_modified >= settle:
        return None
    # The server's clock may be ahead of this machine's: then only a second look can decide.
    if earlier and earlier.size == version.size and earlier.waited_s >= source.settle_seconds:
        return None
    return Pause(StateReason.SETTLING, "was just written; it is checked again", source.settle_seconds)


def is_worth_opening(version: ObjectVersion, source: Source, now: datetime) -> bool:
    """Whether the first bytes can show that the object is incomplete. Raw audio may begin with silence."""
    return bool(version.size) and source.raw_format is None and now - version.last_modified < WRITTEN_WITHIN


def unwritten(first: bytes) -> Pause | None:
    """Why an object with these first bytes is incomplete; None unless all of them are zero."""
    if first and not any(first):
        return Pause(StateReason.UNWRITTEN, "begins with zeros: allocated but not written yet", UNWRITTEN_S)
    return None


def unreadable(error: MediaindexError, source: Source) -> Pause:
    """Why an object that S3 does not return has to wait."""
    if error.code in (ErrorCode.GONE, ErrorCode.CHANGED):
        return Pause(StateReason.SETTLING, "changed while it was checked", source.settle_seconds)
    return Pause(StateReason.REFUSED, str(error), FAILED_S if error.code in OF_SERVER else REFUSED_S)
