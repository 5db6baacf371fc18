"""Whether an object may be claimed now: whole, readable, not empty. Pure decisions; ``arrivals`` acts on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from mediaindex.catalog.ledger.discovery import Pause
from mediaindex.config.sources import Source
from mediaindex.contract.states import StateReason
from mediaindex.errors import ErrorCode, TerminalError
from mediaindex.storage.objects import ObjectVersion

# Some programs lay a file out before they write it: no container begins with zeros. After an hour nobody is writing
# any more, and normalize says what it is.
WRITTEN_WITHIN = timedelta(hours=1)
UNWRITTEN_S = 60.0
# Restoring takes from minutes (Expedited) over 3-12 hours (Standard, Bulk) to two days (DEEP_ARCHIVE).
RESTORING_S = 1_800.0
LEFT_IN_ARCHIVE_S = 21_600.0
REFUSED_S = 3_600.0


@dataclass(frozen=True, slots=True)
class Seen:
    """An earlier look at the same ETag, so long ago."""

    waited_s: float
    size: int


def archived(one: ObjectVersion, source: Source) -> Pause | None:
    """Why an object in an archive has to wait; None where its bytes can be read."""
    if one.archived == "restoring":
        return Pause(StateReason.RESTORING, "is being restored from its archive; it goes on by itself", RESTORING_S)
    if one.archived == "yes" and source.archive.restore:
        return Pause(StateReason.ARCHIVED, "lies in an archive storage class; it will be asked back", RESTORING_S)
    if one.archived == "yes":
        reason = "lies in an archive storage class; restore it in S3, or allow archive.restore in its source"
        return Pause(StateReason.ARCHIVED, reason, LEFT_IN_ARCHIVE_S)
    return None


def settling(one: ObjectVersion, source: Source, earlier: Seen | None, now: datetime) -> Pause | None:
    """Why an object may still be growing; None once it is old enough, or was the same a while ago."""
    settle = timedelta(seconds=source.settle_seconds)
    if now - one.last_modified >= settle:
        return None
    # The clock of the server may be ahead of ours: then only a second look tells.
    if earlier and earlier.size == one.size and earlier.waited_s >= source.settle_seconds:
        return None
    return Pause(StateReason.SETTLING, "was written a moment ago; it is looked at once more", source.settle_seconds)


def is_worth_opening(one: ObjectVersion, source: Source, now: datetime) -> bool:
    """Whether the first bytes can tell that somebody still writes it. Raw audio may well begin with silence."""
    return bool(one.size) and source.raw_format is None and now - one.last_modified < WRITTEN_WITHIN


def unwritten(first: bytes) -> Pause | None:
    """Why an object with these first bytes is not whole; None where they are no zeros."""
    if first and not any(first):
        return Pause(StateReason.UNWRITTEN, "begins with zeros: laid out, and not written yet", UNWRITTEN_S)
    return None


def unreadable(error: TerminalError, source: Source) -> Pause:
    """What S3 does not let us look at. Where it has just changed, the next look is at what lies there then."""
    if error.code in (ErrorCode.GONE, ErrorCode.CHANGED):
        return Pause(StateReason.SETTLING, "changed while it was looked at", source.settle_seconds)
    return Pause(StateReason.REFUSED, str(error), REFUSED_S)
