"""The Airflow installations that use the catalog, and which of them runs a batch.

Only an Airflow knows whether a run of its own has ended. A batch of another one is left alone, unless that one has not
used the catalog for ``SILENT_S``: then none of its runs is alive, because each may take a day.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mediaindex.catalog.base.connection import Connection, transaction
from mediaindex.catalog.base.sql_files import query

SILENT_S = 48 * 3600.0
_LOCK = 0x61697266  # "airf": one advisory lock, so that only one task gives an Airflow its id
_NOTED_S = 60.0  # last_seen_at may be older by this, so that parallel tasks do not wait for each other


def seen(conn: Connection, airflow_id: str) -> None:
    """Record that this Airflow uses the catalog now."""
    with transaction(conn) as cursor:
        cursor.execute(
            "insert into airflow (id) values (%s) on conflict (id) do update set last_seen_at = now() "
            "where airflow.last_seen_at < now() - make_interval(secs => %s)",
            (airflow_id, _NOTED_S),
        )


@contextmanager
def registration(conn: Connection) -> Iterator[None]:
    """While the block runs, no other task that uses this catalog is in such a block."""
    with transaction(conn) as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
        yield


def adopt(conn: Connection, airflow_id: str, source: str | None = None) -> None:
    """Make the batches without a run that no other Airflow is going to start those of this one."""
    with transaction(conn) as cursor:
        cursor.execute(query("adopt_batches"), {"airflow_id": airflow_id, "source": source, "silent_s": SILENT_S})
