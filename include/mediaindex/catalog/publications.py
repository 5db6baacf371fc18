"""The outbox: what Elasticsearch should hold, until it does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from mediaindex.errors import TerminalError

from . import storable
from .connection import transaction
from .sql_files import query

if TYPE_CHECKING:
    from psycopg2.extensions import connection


@dataclass(frozen=True, slots=True)
class Publication:
    """A transcript that waits to be published; ``last_error`` of the latest attempt, if any."""

    id: int
    transcript_id: int
    audio_sha256: str
    attempts: int
    last_error: str | None


@dataclass(frozen=True, slots=True)
class PublishableTurn:
    """One turn as people read it; seconds on the source's clock. ``word_starts``: when each of its words begins."""

    index: int
    start: float
    end: float
    speaker: str
    language: str
    text: str
    confidence: float
    entities: tuple[str, ...]
    topics: tuple[str, ...]
    word_starts: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class PublishableTranscript:
    """A transcript with all that its search documents say.

    ``version`` grows with every change of what the recording should show, even back to an older transcript: it is the
    documents' external version. ``published_at`` is the object's own date. The object is the recording's primary.
    """

    audio_sha256: str
    transcript_id: int
    version: int
    source: str
    bucket: str
    key: str
    title: str | None
    language: str
    recogniser: str
    duration: float
    start: float
    end: float
    published_at: datetime
    confidence: float | None
    needs_review: bool
    turns: tuple[PublishableTurn, ...]


def pending(conn: connection, limit: int = 100, *, batch_id: int | None = None) -> list[Publication]:
    """What is to be published, the newest of each recording only, those that failed before last; of one batch if given.

    Publishing is idempotent, so two publishers may take the same.
    """
    with transaction(conn) as cursor:
        cursor.execute(query("pending_publications"), {"limit": limit, "batch_id": batch_id})
        return [Publication(*row) for row in cursor.fetchall()]


def mark_published(conn: connection, publication_id: int) -> None:
    """Elasticsearch holds it; older ones of the same recording are done with it. May be repeated."""
    with transaction(conn) as cursor:
        cursor.execute(query("mark_published"), {"id": publication_id})


def mark_failed(conn: connection, publication_id: int, error: str) -> None:
    """Count an attempt and keep why it failed; it stays pending."""
    with transaction(conn) as cursor:
        cursor.execute(
            "update publication set attempts = attempts + 1, last_error = %s where id = %s",
            (storable.message(error), publication_id),
        )


def load_for_publication(conn: connection, transcript_id: int) -> PublishableTranscript:
    """Everything that the transcript's documents need. Raises TerminalError where there is none of that id."""
    with transaction(conn) as cursor:
        cursor.execute(query("publishable_transcript"), {"transcript_id": transcript_id})
        head = cursor.fetchone()
        if head is None:
            raise TerminalError(f"transcript {transcript_id}: not in the catalog", code="unknown_transcript")
        cursor.execute(query("publishable_turns"), {"transcript_id": transcript_id})
        turns = tuple(PublishableTurn(*row[:-3], *map(tuple, row[-3:])) for row in cursor.fetchall())
    return PublishableTranscript(*(*head, turns))
