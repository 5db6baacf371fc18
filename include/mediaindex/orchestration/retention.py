"""The tasks of ``apply_retention``. If one is killed, the next run continues it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.ledger import sources as known_sources
from mediaindex.config import sources
from mediaindex.config.retention import Retention
from mediaindex.printable import logger

from . import connections
from .batch_job import use_s3_environment

if TYPE_CHECKING:
    from mediaindex.catalog import Connection
    from mediaindex.upkeep.erasing import Stores
    from mediaindex.upkeep.retaining import Policy

log = logger(__name__)


def resume_erasures() -> int:
    """Complete erasures that were interrupted. Returns the number."""
    from mediaindex.upkeep import erasing

    with _stores() as stores:
        return len(erasing.resume(stores))


def remove_media() -> int:
    """Remove objects that are older than their source's ``media_days``. Returns the number."""
    from mediaindex.upkeep import retaining

    with _stores() as stores:
        removed = retaining.remove_media(stores, policies(stores.conn), datetime.now(UTC))
    log.info("removed %d objects older than media_days", removed)
    return removed


def remove_proxies() -> int:
    """Remove normalised audio that is older than its sources' ``proxy_days``. Returns the number of recordings."""
    from mediaindex.upkeep import retaining

    with _stores() as stores:
        removed = retaining.remove_proxies(stores, policies(stores.conn), datetime.now(UTC))
    log.info("removed the normalised audio of %d recordings, older than proxy_days", removed)
    return removed


def erase_expired() -> int:
    """Erase recordings that are older than their sources' ``transcript_days``, each with a receipt."""
    from mediaindex.upkeep import retaining

    with _stores() as stores:
        receipts = retaining.erase_expired(stores, policies(stores.conn), datetime.now(UTC))
    log.info("erased %d recordings older than transcript_days; receipts: %s", len(receipts), receipts or "-")
    return len(receipts)


def policies(conn: Connection) -> list[Policy]:
    """The retention policy of each configured source, and of retired ones. Logs sources that have none."""
    from mediaindex.upkeep.retaining import Policy

    configuration = sources.load(sources.path_from_environment())
    known = {source.name: source.retention for source in configuration.sources}
    for source in known_sources.overview(conn):
        if source.name in known or source.renamed_to:
            continue
        if source.retired_at:
            known[source.name] = Retention.model_validate(source.retention)
        elif not source.is_configured and source.objects:
            log.warning(
                "source %s: %d recordings are kept without limit, because the source is not in the sources file; "
                "run `mediaindex source rename` or `mediaindex source retire`",
                source.name, sum(source.objects.values()),
            )  # fmt: skip
    return [Policy(name, retention) for name, retention in known.items()]


@contextmanager
def _stores() -> Iterator[Stores]:
    from mediaindex.search import connect as connect_search
    from mediaindex.storage.client import s3_client
    from mediaindex.upkeep.erasing import Stores

    use_s3_environment()
    search = connect_search(**connections.elasticsearch())
    with connect(connections.database_url()) as conn:
        yield Stores(conn, search, s3_client(), connections.artifacts_bucket())
