"""Recordings that are to be made again, because a stage, a model or a setting has changed.

A request puts recordings that came to an end back into the queue, each once, and is remembered with what it took. What
they have stays as it is until a run has something newer: see ``standing`` for those that fail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from mediaindex.catalog.base import storable
from mediaindex.catalog.base.connection import Connection, Cursor, transaction
from mediaindex.catalog.base.rows import scalar
from mediaindex.catalog.base.sql_files import query
from mediaindex.contract.states import Lane, StateReason
from mediaindex.errors import ErrorCode, TerminalError


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which recordings; all of it must match, None asks for nothing.

    ``first`` and ``last``: of the recordings' own dates, both included. ``stage``: that ran it; ``engine``: whose
    latest run of ``stage`` used an engine whose identity contains this text; ``run_before``: whose latest run of it was
    before this moment. ``language``: that speak it, in their current transcript.
    """

    sources: Sequence[str]
    first: date | None = None
    last: date | None = None
    stage: str | None = None
    engine: str | None = None
    run_before: datetime | None = None
    language: str | None = None

    def __str__(self) -> str:
        said = {
            "source": ", ".join(self.sources),
            "from": self.first,
            "to": self.last,
            "stage": self.stage,
            "engine": self.engine,
            "run before": self.run_before.isoformat() if self.run_before else None,
            "language": self.language,
        }
        return "; ".join(f"{name} {value}" for name, value in said.items() if value)


def matching(conn: Connection, wanted: Wanted) -> dict[str, int]:
    """How many recordings of which source match, that could be made again now. Moves nothing."""
    counting = f"select c.source, count(*) from ({query('reprocess_candidates')}) c group by 1 order by 1"  # noqa: S608  # our own text
    with transaction(conn) as cursor:
        cursor.execute(counting, _parameters(wanted, None))
        return {str(source): int(count) for source, count in cursor.fetchall()}


def ask(conn: Connection, run_id: str, wanted: Wanted, *, limit: int, lane: Lane) -> dict[str, int]:
    """Put at most ``limit`` matching recordings back into the queue of the lane; how many of which source.

    All of it in one transaction. A ``run_id`` that asked before takes nothing more and is told what it took;
    TerminalError ``other_request`` where it asked for something else. Planning is the caller's.
    """
    asked = _document(wanted, limit, lane)
    with transaction(conn) as cursor:
        cursor.execute(
            "insert into reprocessing (run_id, wanted) values (%s, %s) on conflict (run_id) do nothing returning id",
            (run_id, storable.document(asked)),
        )
        if (request := scalar(cursor)) is not None:
            _take(cursor, request, _parameters(wanted, limit), lane, f"asked for by {run_id}: {wanted}")
        else:
            request = _known(cursor, run_id, asked)
        cursor.execute(query("reprocessed"), {"request": request})
        return dict(cursor.fetchall())


def _take(cursor: Cursor, request: int, parameters: dict[str, Any], lane: Lane, reason: str) -> None:
    cursor.execute(query("reprocess_candidates"), parameters)
    ids = [id_ for id_, _ in cursor.fetchall()]
    given = {"ids": ids, "lane": lane, "reason": storable.message(reason), "request": request}
    cursor.execute(query("reprocess"), given | {"code": StateReason.REPROCESS})


def _known(cursor: Cursor, run_id: str, asked: dict[str, Any]) -> int:
    cursor.execute("select id, wanted from reprocessing where run_id = %s", (run_id,))
    id_, before = cursor.fetchone() or (0, {})
    if before != asked:
        raise TerminalError(
            f"{run_id}: asked for {before} before, and for {asked} now; a request keeps what it asked for: "
            "trigger a new run",
            code=ErrorCode.OTHER_REQUEST,
        )
    return int(id_)


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
    # Every run of a batch begins with normalize, so that its latest run tells when a recording was last worked on.
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
