"""Reprocess recordings after a change of a stage, a model or a setting.

A request requeues finished recordings, each once, and is stored with the recordings that it took. Their transcripts
stay until a run has loaded newer ones; see ``standing`` for recordings that fail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from mediaindex.catalog.base import storable
from mediaindex.catalog.base.connection import Connection, Cursor, transaction
from mediaindex.catalog.base.sql_files import query
from mediaindex.contract.states import Lane, StateReason
from mediaindex.errors import ErrorCode, TerminalError


@dataclass(frozen=True, slots=True)
class Wanted:
    """Conditions that must all match; None matches everything.

    ``first`` and ``last``: dates of the recordings, both inclusive. ``stage``: recordings that ran it; ``engine``:
    the identity of an engine in their latest run of ``stage`` contains this text; ``run_before``: their latest run of
    ``stage`` was before this time. ``language``: the language of their current transcript.
    """

    sources: Sequence[str]
    first: date | None = None
    last: date | None = None
    stage: str | None = None
    engine: str | None = None
    run_before: datetime | None = None
    language: str | None = None

    def __str__(self) -> str:
        conditions = {
            "source": ", ".join(self.sources),
            "from": self.first,
            "to": self.last,
            "stage": self.stage,
            "engine": self.engine,
            "run before": self.run_before.isoformat() if self.run_before else None,
            "language": self.language,
        }
        return "; ".join(f"{name} {value}" for name, value in conditions.items() if value)


def matching(conn: Connection, wanted: Wanted) -> dict[str, int]:
    """Numbers of matching recordings by source that can be reprocessed now. Changes nothing."""
    counting = f"select c.source, count(*) from ({query('reprocess_candidates')}) c group by 1 order by 1"  # noqa: S608  # a constant text
    with transaction(conn) as cursor:
        cursor.execute(counting, _parameters(wanted, None))
        return {str(source): int(count) for source, count in cursor.fetchall()}


def ask(
    conn: Connection, run_id: str, wanted: Wanted, *, limit: int, lane: Lane, airflow_id: str | None = None
) -> dict[str, int]:
    """Requeue at most ``limit`` matching recordings in the lane; numbers by source.

    One transaction. A second call with the same ``run_id`` of the same Airflow takes nothing more and returns the same
    numbers. Raises TerminalError ``other_request`` if its conditions differ. The caller plans the batches.
    """
    conditions = _document(wanted, limit, lane)
    request = {"run_id": run_id, "airflow_id": airflow_id, "wanted": storable.document(conditions)}
    with transaction(conn) as cursor:
        cursor.execute(query("request_reprocessing"), request)
        id_, is_new, before = cursor.fetchone() or (0, False, {})
        if is_new:
            _take(cursor, id_, _parameters(wanted, limit), lane, f"requested by {run_id}: {wanted}")
        elif before != conditions:
            raise _other_request(run_id, before, conditions)
        cursor.execute(query("reprocessed"), {"request": id_})
        return dict(cursor.fetchall())


def _take(cursor: Cursor, request: int, parameters: dict[str, Any], lane: Lane, reason: str) -> None:
    cursor.execute(query("reprocess_candidates"), parameters)
    ids = [id_ for id_, _ in cursor.fetchall()]
    values = {"ids": ids, "lane": lane, "reason": storable.message(reason), "request": request}
    cursor.execute(query("reprocess"), values | {"code": StateReason.REPROCESS})


def _other_request(run_id: str, before: dict[str, Any], conditions: dict[str, Any]) -> TerminalError:
    return TerminalError(
        f"{run_id}: requested {before} before and requests {conditions} now; a run keeps its conditions: "
        "trigger a new run",
        code=ErrorCode.OTHER_REQUEST,
    )


def _document(wanted: Wanted, limit: int, lane: Lane) -> dict[str, Any]:
    return {
        "sources": list(wanted.sources),
        "from": wanted.first and wanted.first.isoformat(),
        "to": wanted.last and wanted.last.isoformat(),
        "stage": wanted.stage,
        "engine": wanted.engine,
        "run_before": wanted.run_before and wanted.run_before.isoformat(),
        "language": wanted.language,
        "limit": limit,
        "lane": lane,
    }


def _parameters(wanted: Wanted, limit: int | None) -> dict[str, Any]:
    # Every run of a batch starts with normalize, so that its latest run is the time of the latest processing.
    stage = wanted.stage or ("normalize" if wanted.run_before else None)
    return {
        "sources": list(wanted.sources),
        "first": wanted.first,
        "last": wanted.last,
        "stage": stage,
        "engine": wanted.engine,
        "run_before": wanted.run_before,
        "language": wanted.language,
        "limit": limit,
    }
