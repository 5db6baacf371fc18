"""The tasks of ``publish_outbox``: bring Elasticsearch up to date with the catalog, independent of other runs."""

from __future__ import annotations

from mediaindex.catalog.base.connection import connect
from mediaindex.printable import logger

from . import connections

log = logger(__name__)


def publish_due() -> dict[str, int]:
    """Publish and withdraw all recordings that are due. Returns the numbers of published, withdrawn and refused ones.

    Raises TransientError if Elasticsearch is unreachable; the next run continues.
    """
    from mediaindex.search import PublishCounts, prepare, publish_pending
    from mediaindex.search import connect as connect_search

    client = connect_search(**connections.elasticsearch())
    if outdated := prepare(client).outdated:
        log.warning(
            "%s: created with an older template; new fields may be missing from it. To rebuild: mediaindex reindex",
            ", ".join(outdated),
        )
    done = PublishCounts()
    with connect(connections.database_url()) as conn:
        while (page := publish_pending(conn, client)) != PublishCounts():
            done += page
    if done.failed:
        log.warning(
            "Elasticsearch rejected %d recordings; they stay in the outbox and are retried at growing intervals. "
            "`mediaindex verify` shows why",
            done.failed,
        )
    return {"published": done.published, "withdrawn": done.withdrawn, "refused": done.failed}


def close_erasures() -> int:
    """Close the receipts of erasures that only waited for Elasticsearch. Returns the number."""
    from mediaindex.upkeep.erasing import close_withdrawn

    with connect(connections.database_url()) as conn:
        closed = close_withdrawn(conn)
    for receipt in closed:
        log.info("receipt %d: documents removed; the erasure is complete", receipt)
    return len(closed)
