"""The catalog's side of a comparison with Elasticsearch and S3, in order, in any size."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mediaindex.catalog.base.connection import catalog_errors, transaction
from mediaindex.catalog.base.sql_files import query

if TYPE_CHECKING:
    from psycopg2.extensions import connection

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


def expected_documents(conn: connection, audios: Sequence[str] | None = None) -> Iterator[Expected]:
    """All recordings, or these, in order of their audio; page by page, so that it sees what changes meanwhile."""
    after = ""
    wanted = {"audios": None if audios is None else list(audios), "limit": PAGE}
    while True:
        with transaction(conn) as cursor:
            cursor.execute(query("expected_documents"), wanted | {"after": after})
            page = [Expected(*row) for row in cursor.fetchall()]
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].audio_sha256


def buckets(conn: connection) -> list[tuple[str, str, str]]:
    """Each bucket with the first and the last key that the ledger has there."""
    with transaction(conn) as cursor:
        cursor.execute(query("kept_buckets"))
        return list(cursor.fetchall())


def kept_objects(conn: connection, bucket: str) -> Iterator[Kept]:
    """The bucket's objects in the order in which S3 lists keys."""
    for row in _stream(conn, query("kept_objects"), {"bucket": bucket}):
        yield Kept(*row)


def unfounded_objects(conn: connection) -> Iterator[Kept]:
    """Objects that are called indexed and have no current transcript."""
    for row in _stream(conn, query("unfounded_objects"), {}):
        yield Kept(*row)


def known_audios(conn: connection) -> Iterator[tuple[str, bool]]:
    """Every recording's audio in order, and whether it was erased, so that nothing of it may be left."""
    yield from _stream(conn, query("known_audios"), {})


def _stream(conn: connection, text: str, wanted: dict[str, Any]) -> Iterator[Any]:
    """Rows as the server's own cursor gives them: held beyond the transaction, which others on the connection end."""
    with catalog_errors():
        with conn.cursor(name=f"mediaindex_{uuid.uuid4().hex}", withhold=True) as cursor:
            cursor.itersize = PAGE
            cursor.execute(text, wanted)
            conn.commit()
            yield from cursor
        conn.commit()
