"""Erase recordings everywhere: documents, objects, pointers, artifacts and rows, under a receipt that stays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mediaindex.catalog.erasure import erasure
from mediaindex.errors import ErrorCode, TransientError
from mediaindex.printable import logger
from mediaindex.search.names import Indexes, configured
from mediaindex.search.outbox import publish_pending
from mediaindex.storage import deletions

if TYPE_CHECKING:
    from mediaindex.catalog import Connection

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Stores:
    """Open connections to catalog, Elasticsearch (``search.connect``) and S3 (``s3_client``)."""

    conn: Connection
    search: Any
    s3: Any
    artifacts_bucket: str
    artifacts_prefix: str = "artifacts"
    indexes: Indexes = field(default_factory=configured)


def complete(stores: Stores, receipt: int) -> erasure.Receipt:
    """Delete everything that the receipt names and close it; may be killed and repeated at any point.

    Raises TransientError if a server is unavailable: the receipt stays open, and another call resumes it. If only
    Elasticsearch is unavailable, everything else is deleted.
    """
    opened = erasure.load(stores.conn, receipt)
    if opened.finished:
        return opened
    unavailable = _withdraw(stores, opened.audios)  # first, so that searches no longer find the recording
    if not opened.emptied:
        _delete_objects(stores, opened)
        _delete_artifacts(stores, opened)
        erasure.empty(stores.conn, receipt)
    if unavailable is not None:
        raise TransientError(
            f"receipt {receipt}: everything is deleted except the documents in Elasticsearch, which is unavailable "
            f"({unavailable.message}); the outbox deletes them when it can, and closes the receipt",
            code=unavailable.code,
        )
    erasure.finish(stores.conn, receipt)
    return erasure.load(stores.conn, receipt)


def resume(stores: Stores) -> list[int]:
    """Resume every unfinished erasure; receipt numbers of those that are finished now.

    All are tried, then the first TransientError is raised.
    """
    done: list[int] = []
    first_error: TransientError | None = None
    for receipt in erasure.unfinished(stores.conn):
        try:
            if complete(stores, receipt).finished:
                done.append(receipt)
        except TransientError as error:
            log.warning("%s", error)
            first_error = first_error or error
    if first_error is not None:
        raise first_error
    return done


def close_withdrawn(conn: object) -> list[int]:
    """Close the receipts that only waited for Elasticsearch; their numbers."""
    return [receipt for receipt in erasure.unfinished(conn) if erasure.finish(conn, receipt)]  # type: ignore[arg-type]


def _withdraw(stores: Stores, audios: tuple[str, ...]) -> TransientError | None:
    """Withdraw the documents; the error if Elasticsearch is unavailable."""
    try:
        publish_pending(stores.conn, stores.search, audios=audios, indexes=stores.indexes)
    except TransientError as error:
        if error.code != ErrorCode.SEARCH_UNAVAILABLE:
            raise
        return error
    return None


def _delete_objects(stores: Stores, receipt: erasure.Receipt) -> None:
    for item in receipt.objects:
        etag = None if item.whole_key else item.etag
        deleted = deletions.delete_object(stores.s3, item.bucket, item.key, etag)
        erasure.add_counts(stores.conn, receipt.id, {"objects": deleted})


def _delete_artifacts(stores: Stores, receipt: erasure.Receipt) -> None:
    bucket, prefix = stores.artifacts_bucket, stores.artifacts_prefix
    pointers = deletions.delete_pointers(stores.s3, bucket, receipt.audios, prefix)
    artifacts = sum(deletions.delete_artifacts(stores.s3, bucket, audio, prefix) for audio in receipt.audios)
    erasure.add_counts(stores.conn, receipt.id, {"pointers": pointers, "artifacts": artifacts})
