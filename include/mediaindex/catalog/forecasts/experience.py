"""Measurements for forecasts: lengths of files, costs of stages, waiting work, and known objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mediaindex.catalog.base.connection import Connection, transaction
from mediaindex.catalog.base.rows import record, rows_as
from mediaindex.catalog.base.sql_files import query
from mediaindex.catalog.ledger.discovery import identities
from mediaindex.storage.objects import ObjectVersion

FILES = 5_000  # latest recordings, for seconds per byte
BATCHES = 500  # latest batches, for costs
DAYS = 90.0  # older batches may have run on other machines or with other models


@dataclass(frozen=True, slots=True)
class Lengths:
    """Recordings of one file type (suffix such as ``.mp3``): their number, total bytes and total seconds.

    ``low`` and ``high``: seconds per byte, between which 80 % of the recordings lie.
    """

    suffix: str
    files: int
    bytes: float
    seconds: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class StageCost:
    """The cost of one stage: seconds of wall clock, CPU and GPU."""

    stage: str
    wall_s: float
    cpu_s: float
    gpu_s: float


@dataclass(frozen=True, slots=True)
class Work:
    """The cost of new recordings in all stages, including failed attempts. ``copies``: recordings of known audio.

    ``low`` and ``high``: seconds of work per second of audio, between which 80 % of the batches lie; None without
    batches.
    """

    recordings: int
    batches: int
    audio_s: float
    copies: int
    low: float | None
    high: float | None
    stages: tuple[StageCost, ...]


@dataclass(frozen=True, slots=True)
class Ahead:
    """Waiting and running objects of one file type: ``seconds`` of those of known length, ``bytes`` of the others."""

    suffix: str
    files: int
    bytes: float
    seconds: float


def lengths(conn: Connection, source: str | None = None) -> list[Lengths]:
    """Lengths of the latest recordings of the source (None: of all sources), by file type."""
    with transaction(conn) as cursor:
        cursor.execute(query("length_history"), {"source": source, "limit": FILES})
        return rows_as(cursor, Lengths)


def work(conn: Connection, source: str | None = None) -> Work:
    """Costs of the latest finished batches of the source (None: of all sources)."""
    wanted = {"source": source, "limit": BATCHES, "days": DAYS}
    with transaction(conn) as cursor:
        cursor.execute(query("work_arrived"), wanted)
        arrived = record(cursor) or {}
        cursor.execute(query("work_done"), wanted)
        stages = tuple(rows_as(cursor, StageCost))
    return Work(**arrived, stages=stages)


def ahead(conn: Connection) -> list[Ahead]:
    """Seen and claimed objects of all sources that are not finished."""
    with transaction(conn) as cursor:
        cursor.execute(query("work_ahead"))
        return rows_as(cursor, Ahead)


def states(conn: Connection, page: Sequence[ObjectVersion]) -> dict[int, tuple[str, float | None]]:
    """State and length (seconds, None: unknown) of the objects that are in the ledger, by position in the page."""
    with transaction(conn) as cursor:
        cursor.execute(query("object_states"), identities(page))
        return {number: (state, seconds) for number, state, seconds in cursor.fetchall()}
