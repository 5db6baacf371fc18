"""One line a file: what became of it and what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .connection import transaction
from .sql_files import query

if TYPE_CHECKING:
    from psycopg2.extensions import connection


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A file's line; lengths and costs in seconds, summed over all stages and attempts. None: not known (yet)."""

    media_object_id: int
    source: str
    key: str
    state: str
    duration: float | None
    language: str | None
    speakers: int | None
    words: int | None
    confidence: float | None
    recogniser: str | None
    reason_code: str | None
    reason: str | None
    wall_s: float
    cpu_s: float
    gpu_s: float
    peak_mb: float


def rows(
    conn: connection, *, source: str | None = None, batch_id: int | None = None, limit: int = 10_000
) -> list[ReportRow]:
    """The lines of a source, a batch or everything, by source and key."""
    with transaction(conn) as cursor:
        cursor.execute(query("report"), {"source": source, "batch_id": batch_id, "limit": limit})
        return [ReportRow(*row) for row in cursor.fetchall()]
