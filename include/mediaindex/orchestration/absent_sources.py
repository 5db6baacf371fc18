"""Announcements of uploads that no configured source covers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mediaindex.catalog.ledger import discovery, sources
from mediaindex.contract.states import SeenBy, StateReason
from mediaindex.errors import MediaindexError
from mediaindex.printable import logger, printable
from mediaindex.storage.looks import look

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from mediaindex.catalog import Connection
    from mediaindex.catalog.ledger.sources import Absent
    from mediaindex.storage.announcements import Announcement

log = logger(__name__)

AGAIN_S = 3600.0  # until the object is checked again, if its source is back then


def keep(conn: Connection, client: S3Client, announcements: Sequence[Announcement]) -> None:
    """Record objects of a source that is not in the sources file as seen, so that they are claimed once it is back."""
    absent = [source for source in sources.absent(conn) if not source.retired_at] if announcements else []
    for announcement in announcements:
        owner = next((source for source in absent if source.covers(announcement.bucket, announcement.key)), None)
        if owner:
            _keep(conn, client, announcement, owner)
        else:
            log.info("%s belongs to no source; its announcement is dropped", _name(announcement))


def _keep(conn: Connection, client: S3Client, announcement: Announcement, owner: Absent) -> None:
    try:
        version = look(client, announcement.bucket, announcement.key)
    except MediaindexError as error:
        log.warning("%s; a listing finds the object once the source %s is configured", error, owner.name)
        return
    if version is None:
        discovery.leave(conn, announcement.bucket, announcement.key)
        return
    discovery.note(conn, owner.name, [(version, {})], SeenBy.EVENT)
    discovery.let_wait(conn, [(version, discovery.Pause(StateReason.NO_SOURCE, owner.reason, AGAIN_S))])
    log.warning("%s is recorded as seen: %s", _name(announcement), owner.reason)


def _name(announcement: Announcement) -> str:
    return f"s3://{announcement.bucket}/{printable(announcement.key)}"
