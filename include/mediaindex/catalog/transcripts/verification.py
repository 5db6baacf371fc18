"""The catalog's side of a comparison with Elasticsearch and S3, sorted, with bounded memory."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mediaindex.catalog.base.connection import Connection, Cursor, catalog_errors, transaction
from mediaindex.catalog.base.rows import rows_as, stream_as
from mediaindex.catalog.base.sql_files import query

PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Expected:
    """What Elasticsearch should have of a recording: nothing if ``transcript_id`` is None.

    ``due``: in the outbox; ``due_s``: seconds since its newest publication was queued, None if there is none.
    """

    audio_sha256: str
    transcript_id: int | None
    version: int | None
    turns: int | None
    due: bool
    due_s: float | None
    attempts: int | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class LedgerObject:
    """An object that should be in its bucket, or not if ``erased``."""

    id: int
    bucket: str
    key: str
    etag: str
    state: str
    erased: bool


def expected_documents(conn: Connection, audios: Sequence[str] | None = None) -> Iterator[Expected]:
    """All recordings, or those of ``audios``, in order of their audio; page by page, so that it sees later changes."""
    after = ""
    wanted = {"audios": None if audios is None else list(audios), "limit": PAGE}
    while True:
        with transaction(conn) as cursor:
            cursor.execute(query("expected_documents"), wanted | {"after": after})
            page = rows_as(cursor, Expected)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].audio_sha256


def buckets(conn: Connection) -> list[tuple[str, str, str]]:
    """Each bucket with its first and last key in the ledger."""
    with transaction(conn) as cursor:
        cursor.execute(query("kept_buckets"))
        return list(cursor.fetchall())


def kept_objects(conn: Connection, bucket: str) -> Iterator[LedgerObject]:
    """The bucket's objects in the order in which S3 lists keys."""
    with _streaming(conn, query("kept_objects"), {"bucket": bucket}) as cursor:
        yield from stream_as(cursor, LedgerObject)


def unfounded_objects(conn: Connection) -> Iterator[LedgerObject]:
    """Objects that are ``indexed`` but have no current transcript."""
    with _streaming(conn, query("unfounded_objects"), {}) as cursor:
        yield from stream_as(cursor, LedgerObject)


def known_audios(conn: Connection) -> Iterator[tuple[str, bool]]:
    """Every recording's audio in order, and whether it was erased."""
    with _streaming(conn, query("known_audios"), {}) as cursor:
        yield from cursor


@contextmanager
def _streaming(conn: Connection, text: str, wanted: dict[str, Any]) -> Iterator[Cursor]:
    """A server-side cursor that outlives the transaction, because other functions on the connection end it."""
    with catalog_errors():
        with conn.cursor(name=f"mediaindex_{uuid.uuid4().hex}", withhold=True) as cursor:
            cursor.itersize = PAGE
            cursor.execute(text, wanted)
            conn.commit()
            yield cursor
        conn.commit()
