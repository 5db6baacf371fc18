"""The outbox: what Elasticsearch should hold, until it does.

A row enters in the transaction that changes what a recording should show: ``publish`` with a transcript that becomes
current (or gets another object), ``withdraw`` where none is current any more. Rows of one recording are written under
its lock, so their ids follow its changes and serve as the documents' external version.
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
    """What waits to be published, or (``kind`` withdraw, without a transcript) to be taken out of the search.

    ``last_error``: of the latest attempt, if any.
    """

    id: int
    transcript_id: int | None
    audio_sha256: str
    attempts: int
    last_error: str | None
    kind: PublicationKind = PublicationKind.PUBLISH


@dataclass(frozen=True, slots=True)
class Settled:
    """What is right for a recording now: this current transcript, or none; ``version`` where there is none."""

    audio_sha256: str
    transcript_id: int | None
    version: int


@dataclass(frozen=True, slots=True)
class PublishableTurn:
    """One turn as people read it; seconds on the source's clock. ``word_starts``: when each token of its text begins.

    ``spoken``: the recognised words, where the text has fewer (numbers in digits, no fillers); then ``spoken_starts``
    says when each of them begins.
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
    """A transcript with all that its search documents say.

    ``version`` grows with every change of what the recording should show, even back to an older transcript: it is the
    documents' external version. ``title`` and ``published_at`` are the episode's where a feed told them, else the
    file's own title and the object's date; ``metadata`` is what the key tells. The object is the recording's primary.
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
    """What is due, the newest of each recording only, those that failed before last.

    Of one batch, or these recordings, if given, whether or not the wait after a failure is over. Two publishers may be
    given the same: ``publishing_locks`` and ``is_due`` tell them apart.
    """
    wanted = {"limit": limit, "batch_id": batch_id, "audios": None if audios is None else list(audios)}
    with transaction(conn) as cursor:
        cursor.execute(query("pending_publications"), wanted)
        return rows_as(cursor, Publication)


def mark_published(conn: Connection, publication_id: int) -> None:
    """Elasticsearch holds it; older ones of the same recording are done with it. May be repeated."""
    with transaction(conn) as cursor:
        cursor.execute(query("mark_published"), {"id": publication_id})


def is_due(conn: Connection, publication_id: int) -> bool:
    """Whether nobody has published it meanwhile and nothing newer is there."""
    with transaction(conn) as cursor:
        cursor.execute(query("still_due"), {"id": publication_id})
        return bool(cursor.rowcount)


def mark_failed(conn: Connection, publication_id: int, error: str, wait_s: float = 0.0) -> None:
    """Count an attempt and keep why it failed; it stays due, ``wait_s`` seconds from now."""
    with transaction(conn) as cursor:
        cursor.execute(
            "update publication set attempts = attempts + 1, last_error = %s, "
            "not_before = now() + make_interval(secs => %s) where id = %s",
            (storable.message(error), wait_s, publication_id),
        )


def withdraw(cursor: Cursor, audio_sha256: str) -> None:
    """Inside the transaction after which the recording has no current transcript, under its lock. May be repeated."""
    cursor.execute(query("withdraw"), {"audio_sha256": audio_sha256})


def requeue(conn: Connection, audios: Sequence[str]) -> int:
    """Write what is right for these recordings into the outbox once more; how many. Unknown ones are passed over."""
    with transaction(conn) as cursor:
        cursor.execute(query("due_again"), {"audios": list(audios)})
        return int(cursor.rowcount)


def settled_since(conn: Connection, since: datetime) -> list[Settled]:
    """Recordings that were published or withdrawn at this moment or later, each as it should be now."""
    with transaction(conn) as cursor:
        cursor.execute(query("settled_since"), {"since": since})
        return rows_as(cursor, Settled)


def current(conn: Connection, after: str = "", limit: int = 100) -> list[Settled]:
    """Recordings with a current transcript, in order of their audio, after ``after``."""
    with transaction(conn) as cursor:
        cursor.execute(
            "select audio_sha256, id as transcript_id, 0 as version from transcript "
            "where is_current and audio_sha256 > %s order by audio_sha256 limit %s",
            (after, limit),
        )
        return rows_as(cursor, Settled)


def count_current(conn: Connection) -> int:
    """How many recordings have a current transcript."""
    with transaction(conn) as cursor:
        cursor.execute("select count(*) from transcript where is_current")
        return int(scalar(cursor))


def load_for_publication(conn: Connection, transcript_id: int) -> PublishableTranscript:
    """Everything that the transcript's documents need. Raises TerminalError where there is none of that id."""
    with transaction(conn) as cursor:
        cursor.execute(query("publishable_transcript"), {"transcript_id": transcript_id})
        head = record(cursor)
        if head is None:
            raise TerminalError(f"transcript {transcript_id}: not in the catalog", code=ErrorCode.UNKNOWN_TRANSCRIPT)
        # A transcript loaded since the tables were last analysed counts as one row: joined by nested loops, an hour of
        # speech takes minutes and a day never ends.
        cursor.execute("set local enable_nestloop = off")
        cursor.execute(query("publishable_turns"), {"transcript_id": transcript_id})
        turns = tuple(rows_as(cursor, PublishableTurn))
    return PublishableTranscript(**head, turns=turns)
