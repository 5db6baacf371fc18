"""The catalog's side of a comparison with Elasticsearch and S3, in order, in any size."""

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
    """What Elasticsearch should hold of a recording; no ``transcript_id``: nothing. ``due``: the outbox is not done."""

    audio_sha256: str
    transcript_id: int | None
    version: int | None
    turns: int | None
    due: bool
    attempts: int | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class Kept:
    """An object that should be in its bucket, or (``erased``) should not."""

    id: int
    bucket: str
    key: str
    etag: str
    state: str
    erased: bool


def expected_documents(conn: Connection, audios: Sequence[str] | None = None) -> Iterator[Expected]:
    """All recordings, or these, in order of their audio; page by page, so that it sees what changes meanwhile."""
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
    """Each bucket with the first and the last key that the ledger has there."""
    with transaction(conn) as cursor:
        cursor.execute(query("kept_buckets"))
        return list(cursor.fetchall())


def kept_objects(conn: Connection, bucket: str) -> Iterator[Kept]:
    """The bucket's objects in the order in which S3 lists keys."""
    with _streaming(conn, query("kept_objects"), {"bucket": bucket}) as cursor:
        yield from stream_as(cursor, Kept)


def unfounded_objects(conn: Connection) -> Iterator[Kept]:
    """Objects that are called indexed and have no current transcript."""
    with _streaming(conn, query("unfounded_objects"), {}) as cursor:
        yield from stream_as(cursor, Kept)


def known_audios(conn: Connection) -> Iterator[tuple[str, bool]]:
    """Every recording's audio in order, and whether it was erased, so that nothing of it may be left."""
    with _streaming(conn, query("known_audios"), {}) as cursor:
        yield from cursor


@contextmanager
def _streaming(conn: Connection, text: str, wanted: dict[str, Any]) -> Iterator[Cursor]:
    """The server's own cursor over the rows: held beyond the transaction, which others on the connection end."""
    with catalog_errors():
        with conn.cursor(name=f"mediaindex_{uuid.uuid4().hex}", withhold=True) as cursor:
            cursor.itersize = PAGE
            cursor.execute(text, wanted)
            conn.commit()
            yield cursor
        conn.commit()
