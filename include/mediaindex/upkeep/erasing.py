"""Erase recordings everywhere: documents, objects, pointers, artifacts, rows. The receipt is there first and last."""

from __future__ import annotations

import logging

from mediaindex.catalog.erasure import erasure
from mediaindex.errors import ErrorCode, TransientError
from mediaindex.search.outbox import publish_pending
from mediaindex.storage import deletions

from .stores import Stores

log = logging.getLogger(__name__)


def complete(stores: Stores, receipt: int) -> erasure.Receipt:
    """Remove all that the receipt names and close it; may be killed and repeated at any point.

    Raises TransientError where a server is away: the receipt stays open, and the same call goes on. Elasticsearch being
    away holds up nothing else.
    """
    wanted = erasure.load(stores.conn, receipt)
    if wanted.finished:
        return wanted
    away = _withdraw(stores, wanted.audios)  # at once: what is searched for is what hurts
    if not wanted.emptied:
        _delete_objects(stores, wanted)
        _delete_artifacts(stores, wanted)
        erasure.empty(stores.conn, receipt)
    if away is not None:
        raise TransientError(
            f"receipt {receipt}: everything is removed but the documents in Elasticsearch, which is away "
            f"({away.message}); the outbox takes them away as soon as it can, and closes the receipt",
            code=away.code,
        )
    erasure.finish(stores.conn, receipt)
    return erasure.load(stores.conn, receipt)


def resume(stores: Stores) -> list[int]:
    """Complete every erasure that was killed or held up; numbers of those that are finished now.

    One that cannot go on stops no other; raises the first TransientError after all were tried.
    """
    done, problem = [], None
    for receipt in erasure.unfinished(stores.conn):
        try:
            if complete(stores, receipt).finished:
                done.append(receipt)
        except TransientError as error:
            log.warning("%s", error)
            problem = problem or error
    if problem is not None:
        raise problem
    return done


def close_withdrawn(conn: object) -> list[int]:
    """Close the receipts that only waited for Elasticsearch; their numbers."""
    return [one for one in erasure.unfinished(conn) if erasure.finish(conn, one)]  # type: ignore[arg-type]


def _withdraw(stores: Stores, audios: tuple[str, ...]) -> TransientError | None:
    """Take the documents away; the error where Elasticsearch is away or another publisher has the recording."""
    try:
        publish_pending(stores.conn, stores.search, audios=audios, indexes=stores.indexes)
    except TransientError as error:
        if error.code != ErrorCode.SEARCH_UNAVAILABLE:
            raise
        return error
    return None


def _delete_objects(stores: Stores, wanted: erasure.Receipt) -> None:
    for one in wanted.objects:
        etag = None if one.whole_key else one.etag
        deleted = deletions.delete_object(stores.s3, one.bucket, one.key, etag)
        erasure.add_counts(stores.conn, wanted.id, {"objects": deleted})


def _delete_artifacts(stores: Stores, wanted: erasure.Receipt) -> None:
    place = (stores.artifacts_bucket, stores.artifacts_prefix)
    pointers = deletions.delete_pointers(stores.s3, place[0], wanted.audios, place[1])
    artifacts = sum(deletions.delete_artifacts(stores.s3, place[0], audio, place[1]) for audio in wanted.audios)
    erasure.add_counts(stores.conn, wanted.id, {"pointers": pointers, "artifacts": artifacts})
