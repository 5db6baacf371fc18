"""Saved forecasts of backfills, and the actual values for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from psycopg2.extras import Json

from mediaindex.catalog.base.connection import Connection, transaction
from mediaindex.catalog.base.rows import records, rows_as, scalar
from mediaindex.catalog.base.sql_files import query


@dataclass(frozen=True, slots=True)
class Expected:
    """The expected values for the new objects under ``prefixes``: files, seconds of audio, of work, and until the end.

    ``by_date``: the prefixes contain the date; if not, only objects last modified from ``first_at`` to ``last_at``
    count. ``prices``: the fields of ``config.sources.Prices``, or None. ``made_from``: the basis, as JSON values.
    """

    source: str
    bucket: str
    prefixes: tuple[str, ...]
    first_at: datetime
    last_at: datetime
    by_date: bool
    made_at: datetime
    files: int
    audio_s: float
    wall_s: float
    cpu_s: float
    gpu_s: float
    finish_s: float
    prices: Mapping[str, Any] | None
    made_from: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """A saved forecast and its author."""

    id: int
    actor: str
    expected: Expected


@dataclass(frozen=True, slots=True)
class Outcome:
    """A forecast's objects of one file type: ``found`` in the ledger and ``done``; bytes, seconds of audio and costs of
    the done ones; when the first one was claimed and the last one finished."""

    suffix: str
    found: int
    done: int
    bytes: float
    audio_s: float
    wall_s: float
    cpu_s: float
    gpu_s: float
    started_at: datetime | None
    ended_at: datetime | None


def save(conn: Connection, expected: Expected) -> int:
    """Save a forecast; its number."""
    row = asdict(expected) | {
        "prefixes": list(expected.prefixes),
        "prices": None if expected.prices is None else Json(expected.prices),
        "made_from": Json(expected.made_from),
    }
    with transaction(conn) as cursor:
        cursor.execute(query("insert_forecast"), row)
        return int(scalar(cursor))


def kept(conn: Connection, source: str | None = None, number: int | None = None, limit: int = 20) -> list[Kept]:
    """Saved forecasts, the newest first."""
    with transaction(conn) as cursor:
        cursor.execute(query("forecasts"), {"source": source, "id": number, "limit": limit})
        return [_kept(**row) for row in records(cursor)]


def outcome(conn: Connection, expected: Expected) -> list[Outcome]:
    """The actual values of the forecast's objects so far, by file type; only objects in the ledger count."""
    wanted = asdict(expected) | {"prefixes": list(expected.prefixes)}
    with transaction(conn) as cursor:
        cursor.execute(query("forecast_outcome"), wanted)
        return rows_as(cursor, Outcome)


def _kept(id: int, actor: str, prefixes: Sequence[str], **figures: Any) -> Kept:
    return Kept(id, actor, Expected(prefixes=tuple(prefixes), **figures))
