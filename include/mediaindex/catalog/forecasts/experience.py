"""What the catalog knows that helps to foresee work: lengths of files, costs of stages, what waits, what is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mediaindex.catalog.base.connection import Connection, transaction
from mediaindex.catalog.base.rows import record, rows_as
from mediaindex.catalog.base.sql_files import query
from mediaindex.catalog.ledger.discovery import identities
from mediaindex.storage.objects import ObjectVersion

FILES = 5_000  # the latest recordings say how long a byte is
BATCHES = 500  # the latest batches say what work costs
DAYS = 90.0  # older ones ran on other machines, or with other models


@dataclass(frozen=True, slots=True)
class Lengths:
    """Recordings of one kind of file (``.mp3``): all their bytes and seconds; four in five between low and high.

    ``low`` and ``high`` are seconds a byte.
    """

    suffix: str
    files: int
    bytes: float
    seconds: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class StageCost:
    """Seconds of wall clock, CPU and GPU."""

    stage: str
    wall_s: float
    cpu_s: float
    gpu_s: float


@dataclass(frozen=True, slots=True)
class Work:
    """What new recordings cost, all stages, failed tries too. ``copies``: recordings whose audio was known already.

    ``low`` and ``high``: seconds of work a second of audio, between which four batches in five lie; None without any.
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
    """Objects of one kind of file that wait or are at work: ``seconds`` of known length, ``bytes`` of the others."""

    suffix: str
    files: int
    bytes: float
    seconds: float


def lengths(conn: Connection, source: str | None = None) -> list[Lengths]:
    """How long the latest recordings of the source (None: of all) are, by kind of file."""
    with transaction(conn) as cursor:
        cursor.execute(query("length_history"), {"source": source, "limit": FILES})
        return rows_as(cursor, Lengths)


def work(conn: Connection, source: str | None = None) -> Work:
    """What the latest finished batches of the source (None: of all) cost."""
    wanted = {"source": source, "limit": BATCHES, "days": DAYS}
    with transaction(conn) as cursor:
        cursor.execute(query("work_arrived"), wanted)
        arrived = record(cursor) or {}
        cursor.execute(query("work_done"), wanted)
        stages = tuple(rows_as(cursor, StageCost))
    return Work(**arrived, stages=stages)


def ahead(conn: Connection) -> list[Ahead]:
    """What is seen or claimed and has no end yet, of all sources."""
    with transaction(conn) as cursor:
        cursor.execute(query("work_ahead"))
        return rows_as(cursor, Ahead)


def states(conn: Connection, page: Sequence[ObjectVersion]) -> dict[int, tuple[str, float | None]]:
    """By place in the page: state and length (seconds, None: not known) of objects that the ledger has."""
    with transaction(conn) as cursor:
        cursor.execute(query("object_states"), identities(page))
        return {number: (state, seconds) for number, state, seconds in cursor.fetchall()}
