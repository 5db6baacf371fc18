"""Forecasts of backfills, kept, and what became of what they counted."""

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
    """Of the objects under ``prefixes`` that were new: how many, seconds of audio, of work, and until all is done.

    ``by_date``: the prefixes say the date; if not, only objects last modified from ``first_at`` to ``last_at`` count.
    ``prices``: as ``config.prices.Prices`` says them, None without. ``made_from``: plain values.
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
    """A forecast as it was saved, and by whom."""

    id: int
    actor: str
    expected: Expected


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one kind of file: how many of a forecast's objects are in the ledger; how many of them have come to an end,
    with their bytes, seconds of audio and costs; when the first was claimed and the last ended."""

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
    """Keep it; its number."""
    row = asdict(expected) | {
        "prefixes": list(expected.prefixes),
        "prices": None if expected.prices is None else Json(expected.prices),
        "made_from": Json(expected.made_from),
    }
    with transaction(conn) as cursor:
        cursor.execute(query("insert_forecast"), row)
        return int(scalar(cursor))


def kept(conn: Connection, source: str | None = None, number: int | None = None, limit: int = 20) -> list[Kept]:
    """Forecasts, the newest first."""
    with transaction(conn) as cursor:
        cursor.execute(query("forecasts"), {"source": source, "id": number, "limit": limit})
        return [_kept(**found) for found in records(cursor)]


def outcome(conn: Connection, expected: Expected) -> list[Outcome]:
    """What became of the forecast's objects so far, by kind of file; without those that no listing has found yet."""
    wanted = asdict(expected) | {"prefixes": list(expected.prefixes)}
    with transaction(conn) as cursor:
        cursor.execute(query("forecast_outcome"), wanted)
        return rows_as(cursor, Outcome)


def _kept(id: int, actor: str, prefixes: Sequence[str], **figures: Any) -> Kept:
    return Kept(id, actor, Expected(prefixes=tuple(prefixes), **figures))
