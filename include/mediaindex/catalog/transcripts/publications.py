"""The outbox of changes for Elasticsearch.

A row is added in the transaction that changes the published state of a recording: ``publish`` if a transcript becomes
current (or gets another object), ``withdraw`` if none is current any more. Rows of one recording are written under its
lock, so that their ids have the order of its changes and serve as the external version of the documents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mediaindex.catalog.base import storable
from mediaindex.catalog.base.connection import Connection, Cursor, transaction
from mediaindex.catalog.base.rows import record, rows_as, scalar
from mediaindex.catalog.base.sql_files import query
from mediaindex.contract.states import PublicationKind
from mediaindex.errors import ErrorCode, TerminalError


@dataclass(frozen=True, slots=True)
class Publication:
    """A due publication, or withdrawal (``kind``), which has no transcript.

    ``last_error``: of the latest attempt, if any.
    """

    id: int
    transcript_id: int | None
    audio_sha256: str
    attempts: int
    last_error: str | None
    kind: PublicationKind = PublicationKind.PUBLISH


@dataclass(frozen=True, slots=True)
class DesiredState:
    """What Elasticsearch should have of a recording: its current transcript; if None, a withdrawal of ``version``."""

    audio_sha256: str
    transcript_id: int | None
    version: int


@dataclass(frozen=True, slots=True)
class PublishableTurn:
    """One turn; times in seconds on the source's clock. ``word_starts``: the start of each token of ``text``.

    ``spoken``: the recognised words if ``text`` has fewer (numbers in digits, no fillers); ``spoken_starts``: their
    starts.
    """

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
    spoken: str | None = None
    spoken_starts: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class PublishableTranscript:
    """A transcript with everything that its search documents need.

    ``version`` grows with every change of the published state, even back to an older transcript: it is the external
    version of the documents. ``title`` and ``published_at`` come from the episode if a feed has them, else from the
    file and the object; ``metadata`` comes from the key. The object is the recording's primary.
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
    metadata: Mapping[str, str]
    turns: tuple[PublishableTurn, ...]


def pending(
    conn: Connection, limit: int = 100, *, batch_id: int | None = None, audios: Sequence[str] | None = None
) -> list[Publication]:
    """Due publications, only the newest of each recording, failed ones last.

    With ``batch_id`` or ``audios`` only those, also during the wait after a failure. Two publishers may get the same
    rows: ``publishing_locks`` and ``is_due`` keep them apart.
    """
    wanted = {"limit": limit, "batch_id": batch_id, "audios": None if audios is None else list(audios)}
    with transaction(conn) as cursor:
        cursor.execute(query("pending_publications"), wanted)
        return rows_as(cursor, Publication)


def mark_published(conn: Connection, publication_id: int) -> None:
    """Record that Elasticsearch has it; this also settles older ones of the same recording. May be repeated."""
    with transaction(conn) as cursor:
        cursor.execute(query("mark_published"), {"id": publication_id})


def is_due(conn: Connection, publication_id: int) -> bool:
    """Whether it is not published yet and no newer one exists."""
    with transaction(conn) as cursor:
        cursor.execute(query("still_due"), {"id": publication_id})
        return bool(cursor.rowcount)


def mark_failed(conn: Connection, publication_id: int, error: str, wait_s: float = 0.0) -> None:
    """Count a failed attempt and store its error; it is due again in ``wait_s`` seconds."""
    with transaction(conn) as cursor:
        cursor.execute(
            "update publication set attempts = attempts + 1, last_error = %s, "
            "not_before = now() + make_interval(secs => %s) where id = %s",
            (storable.message(error), wait_s, publication_id),
        )


def withdraw(cursor: Cursor, audio_sha256: str) -> None:
    """Add a withdrawal, in the transaction that leaves the recording without a current transcript. May be repeated.

    The caller holds the lock of the recording.
    """
    cursor.execute(query("withdraw"), {"audio_sha256": audio_sha256})


def requeue(conn: Connection, audios: Sequence[str]) -> int:
    """Add the desired state of these recordings to the outbox again; how many. Unknown ones are skipped."""
    with transaction(conn) as cursor:
        cursor.execute(query("due_again"), {"audios": list(audios)})
        return int(cursor.rowcount)


def settled_since(conn: Connection, since: datetime) -> list[DesiredState]:
    """The desired state of recordings that were published or withdrawn at this time or later."""
    with transaction(conn) as cursor:
        cursor.execute(query("settled_since"), {"since": since})
        return rows_as(cursor, DesiredState)


def current(conn: Connection, after: str = "", limit: int = 100) -> list[DesiredState]:
    """Recordings with a current transcript, in order of their audio, after ``after``."""
    with transaction(conn) as cursor:
        cursor.execute(
            "select audio_sha256, id as transcript_id, 0 as version from transcript "
            "where is_current and audio_sha256 > %s order by audio_sha256 limit %s",
            (after, limit),
        )
        return rows_as(cursor, DesiredState)


def count_current(conn: Connection) -> int:
    """The number of recordings with a current transcript."""
    with transaction(conn) as cursor:
        cursor.execute("select count(*) from transcript where is_current")
        return int(scalar(cursor))


def load_for_publication(conn: Connection, transcript_id: int) -> PublishableTranscript:
    """Everything that the documents of a transcript need. Raises TerminalError if the id is unknown."""
    with transaction(conn) as cursor:
        cursor.execute(query("publishable_transcript"), {"transcript_id": transcript_id})
        head = record(cursor)
        if head is None:
            raise TerminalError(f"transcript {transcript_id}: not in the catalog", code=ErrorCode.UNKNOWN_TRANSCRIPT)
        # PostgreSQL estimates one row for a transcript loaded after the latest ANALYZE: with nested loops, an hour of
        # speech takes minutes and a day does not finish.
        cursor.execute("set local enable_nestloop = off")
        cursor.execute(query("publishable_turns"), {"transcript_id": transcript_id})
        turns = tuple(rows_as(cursor, PublishableTurn))
    return PublishableTranscript(**head, turns=turns)
