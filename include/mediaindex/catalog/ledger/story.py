"""Everything that the catalog has about one object."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from mediaindex.catalog.base.connection import Connection, transaction
from mediaindex.catalog.base.rows import rows_as
from mediaindex.catalog.base.sql_files import query
from mediaindex.contract.states import Decision, ItemStatus, Lane, ObjectState, ReviewKind
from mediaindex.errors import FailureClass

from . import ledger
from .ledger import ObjectEvent
from .lines import LedgerLine

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StageRun:
    """One attempt of one stage; times in seconds, peak memory in MB."""

    id: int
    batch_id: int
    stage: str
    status: ItemStatus
    engine: str
    wall_s: float
    cpu_s: float
    gpu_s: float
    peak_mb: float
    audio_s: float
    failure_class: FailureClass | None
    code: str | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class StoryBatch:
    """A batch of the object; ``decision``: of triage."""

    id: int
    lane: Lane
    dag_id: str | None
    dag_run_id: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    decision: Decision | None


@dataclass(frozen=True, slots=True)
class TranscriptVersion:
    """A transcript of the object's audio; ``waiting``: it is in the outbox."""

    id: int
    version: int
    is_current: bool
    created_at: datetime
    language: str
    recogniser: str
    fallback: str | None
    confidence: float | None
    words: int
    published_at: datetime | None
    waiting: bool
    last_error: str | None


@dataclass(frozen=True, slots=True)
class Review:
    """A review of the object; open if ``closed_at`` is None."""

    id: int
    kind: ReviewKind
    reasons: tuple[str, ...]
    opened_at: datetime
    closed_at: datetime | None
    resolution: str | None


@dataclass(frozen=True, slots=True)
class Relative:
    """Another object with the same audio, the same key, or both."""

    id: int
    bucket: str
    key: str
    etag: str
    state: ObjectState
    last_modified: datetime
    same_audio: bool
    same_key: bool


@dataclass(frozen=True, slots=True)
class Story:
    """The whole history of one object."""

    line: LedgerLine
    events: tuple[ObjectEvent, ...]
    batches: tuple[StoryBatch, ...]
    runs: tuple[StageRun, ...]
    transcripts: tuple[TranscriptVersion, ...]
    reviews: tuple[Review, ...]
    relatives: tuple[Relative, ...]


def tell(conn: Connection, line: LedgerLine) -> Story:
    """The story of the object of ``line``."""
    return Story(
        line,
        tuple(ledger.history(conn, line.id)),
        tuple(_rows(conn, StoryBatch, query("story_batches"), line.id)),
        tuple(_rows(conn, StageRun, query("story_runs"), line.id)),
        tuple(_rows(conn, TranscriptVersion, query("story_transcripts"), line.id)),
        tuple(_rows(conn, Review, query("story_reviews"), line.id)),
        tuple(_rows(conn, Relative, query("story_relatives"), line.id)),
    )


def _rows(conn: Connection, kind: type[T], text: str, id_: int) -> list[T]:
    with transaction(conn) as cursor:
        cursor.execute(text, {"id": id_})
        return rows_as(cursor, kind)
