"""Select what retention deletes, page by page, and record that it was deleted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from mediaindex.catalog.base.connection import Connection, transaction
from mediaindex.catalog.base.rows import rows_as
from mediaindex.catalog.base.sql_files import query

from .erasure import ErasedObject

PAGE = 500


def expired_media(conn: Connection, source: str, before: datetime) -> Iterator[ErasedObject]:
    """Objects of the source that are older than ``before``, not deleted yet and not in work."""
    after = 0
    while True:
        with transaction(conn) as cursor:
            wanted = {"source": source, "before": before, "after": after, "limit": PAGE}
            cursor.execute(query("expired_media"), wanted)
            page = rows_as(cursor, ErasedObject)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].id


def expired_recordings(
    conn: Connection, befores: Mapping[str, datetime], *, proxies: bool
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """(audio, object ids) of recordings whose objects are all older than the limit of their source in ``befores``.

    Objects of other sources never expire. With ``proxies`` only recordings whose normalised audio is not deleted yet;
    else those that are not erased yet.
    """
    after = ""
    wanted = {"sources": list(befores), "befores": list(befores.values()), "proxies": proxies, "limit": PAGE}
    while befores:
        with transaction(conn) as cursor:
            cursor.execute(query("expired_recordings"), wanted | {"after": after})
            page = [(audio, tuple(ids)) for audio, ids in cursor.fetchall()]
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1][0]


def note_written(conn: Connection, media_object_id: int, at: datetime) -> None:
    """Record that the object has a later date than the ledger knew: it was written again with the same content."""
    with transaction(conn) as cursor:
        cursor.execute(
            "update media_object set last_modified = %s, version_id = null, media_removed_at = null where id = %s",
            (at, media_object_id),
        )


def note_media_removed(conn: Connection, media_object_id: int) -> None:
    """Record that the object was deleted from its bucket; its results stay."""
    with transaction(conn) as cursor:
        cursor.execute("update media_object set media_removed_at = now() where id = %s", (media_object_id,))


def note_proxies_removed(conn: Connection, audio_sha256: str) -> None:
    """Record that the recording's normalised audio was deleted."""
    with transaction(conn) as cursor:
        cursor.execute("update recording set proxies_removed_at = now() where audio_sha256 = %s", (audio_sha256,))
