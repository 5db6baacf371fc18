"""What ``apply_retention`` does: each step may be killed and is taken up by the next run."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mediaindex.catalog.base.connection import connect
from mediaindex.config import sources

from . import connections
from .batch_job import use_s3_environment

if TYPE_CHECKING:
    from mediaindex.upkeep.retaining import Policy
    from mediaindex.upkeep.stores import Stores

log = logging.getLogger(__name__)


def resume_erasures() -> int:
    """Complete erasures that were killed or held up; how many are finished now."""
    from mediaindex.upkeep import erasing

    with _stores() as stores:
        return len(erasing.resume(stores))


def remove_media() -> int:
    """Objects that are older than their source keeps them; how many were removed."""
    from mediaindex.upkeep import retaining

    with _stores() as stores:
        removed = retaining.remove_media(stores, policies(), datetime.now(UTC))
    log.info("%d objects were older than their media_days and are removed", removed)
    return removed


def remove_proxies() -> int:
    """Normalised audio that is older than its sources keep it; of how many recordings it was removed."""
    from mediaindex.upkeep import retaining

    with _stores() as stores:
        removed = retaining.remove_proxies(stores, policies(), datetime.now(UTC))
    log.info("the normalised audio of %d recordings was older than its proxy_days and is removed", removed)
    return removed


def erase_expired() -> int:
    """Recordings that are older than their sources keep transcripts; how many were erased, each with a receipt."""
    from mediaindex.upkeep import retaining

    with _stores() as stores:
        receipts = retaining.erase_expired(stores, policies(), datetime.now(UTC))
    log.info("%d recordings were older than their transcript_days; receipts %s", len(receipts), receipts or "-")
    return len(receipts)


def policies() -> list[Policy]:
    """What each source of the configuration says."""
    from mediaindex.upkeep.retaining import Policy

    configuration = sources.load(sources.path_from_environment())
    return [Policy(one.name, one.retention) for one in configuration.sources]


@contextmanager
def _stores() -> Iterator[Stores]:
    from mediaindex.search import connect as connect_search
    from mediaindex.storage.client import s3_client
    from mediaindex.upkeep.stores import Stores

    use_s3_environment()
    search = connect_search(connections.elasticsearch_url())
    with connect(connections.database_url()) as conn:
        yield Stores(conn, search, s3_client(), connections.artifacts_bucket())
