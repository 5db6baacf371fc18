"""What ``publish_outbox`` does: Elasticsearch follows the catalog, whatever became of the runs that changed it."""

from __future__ import annotations

import logging

from mediaindex.catalog.base.connection import connect

from . import connections

log = logging.getLogger(__name__)


def publish_due() -> dict[str, int]:
    """Publish and withdraw all that is due; how many recordings, and how many were refused.

    Raises TransientError while Elasticsearch is away: nothing is lost, the next run goes on.
    """
    from mediaindex.search import PublishCounts, prepare, publish_pending
    from mediaindex.search import connect as connect_search

    client = connect_search(connections.elasticsearch_url())
    if outdated := prepare(client).outdated:
        log.warning(
            "%s: made by an older template; new documents go in as far as they fit. Rebuild: mediaindex reindex",
            ", ".join(outdated),
        )
    done = PublishCounts()
    with connect(connections.database_url()) as conn:
        while (page := publish_pending(conn, client)) != PublishCounts():
            done += page
    if done.failed:
        log.warning(
            "Elasticsearch refused %d recordings; they stay due and are tried again later and later. "
            "Why: mediaindex verify",
            done.failed,
        )
    return {"published": done.published, "withdrawn": done.withdrawn, "refused": done.failed}


def close_erasures() -> int:
    """Close the receipts of erasures that only waited for Elasticsearch; how many."""
    from mediaindex.upkeep.erasing import close_withdrawn

    with connect(connections.database_url()) as conn:
        closed = close_withdrawn(conn)
    for receipt in closed:
        log.info("receipt %d: the documents are gone too; the erasure is complete", receipt)
    return len(closed)
