"""Receipts of erasures: opened before anything is removed, finished when nothing is left.

Opening makes the objects ``gone`` (code ``erasing``) and takes their recordings out of the search, so that nobody
computes them again; until the receipt is finished no listing can claim them back either. A killed erasure is found by
``unfinished`` and may be repeated from the beginning. Rows that otherwise are never changed or deleted are removed by
one function of the database, ``erase_content``, which works for an open receipt alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mediaindex.catalog.base import storable
from mediaindex.catalog.base.connection import transaction
from mediaindex.catalog.base.sql_files import query
from mediaindex.catalog.ledger.departures import withdraw
from mediaindex.catalog.ledger.ledger import move
from mediaindex.contract.states import ErasureCause, ObjectState, StateReason
from mediaindex.errors import ErrorCode, TerminalError

if TYPE_CHECKING:
    from psycopg2.extensions import connection, cursor

ERASED_CODES = (StateReason.ERASED, StateReason.EXPIRED)


@dataclass(frozen=True, slots=True)
class ErasedObject:
    """One object of a receipt. ``whole_key``: all that lies under its key goes, not only this version."""

    id: int
    bucket: str
    key: str
    etag: str
    size: int
    whole_key: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is to be removed, and how far it is: ``emptied`` when only Elasticsearch may hold something."""

    id: int
    objects: tuple[ErasedObject, ...]
    audios: tuple[str, ...]
    emptied: bool
    finished: bool
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Copy:
    """Another object with the same audio."""

    id: int
    bucket: str
    key: str
    state: str


@dataclass(frozen=True, slots=True)
class Scope:
    """All that hangs together: objects, the audios they were heard as, and live copies that were not asked for."""

    objects: tuple[int, ...]
    audios: tuple[str, ...]
    copies: tuple[Copy, ...]


def scope(conn: connection, objects: Sequence[int], *, all_copies: bool = False) -> Scope:
    """What erasing these objects means; copies belong to ``objects`` with ``all_copies``, or where they are gone."""
    with transaction(conn) as cursor:
        return _scope(cursor, objects, all_copies)


def open_receipt(
    conn: connection,
    objects: Mapping[int, bool],
    *,
    reason: str,
    actor: str,
    cause: ErasureCause = ErasureCause.REQUEST,
    all_copies: bool = False,
    hide_keys: bool = False,
) -> int:
    """Begin to erase these objects (by id; whether their whole key goes) and their audio; the receipt's number.

    An open receipt over all of them is taken up again. Raises TerminalError ``has_copies`` where other objects have
    the audio and ``all_copies`` is not given, ``in_progress`` while a run works on one, ``erasure_open`` where an open
    receipt has a part of them.
    """
    with transaction(conn) as cursor:
        wanted = _scope(cursor, list(objects), all_copies)
        if known := _open_already(cursor, wanted.objects):
            return known
        if wanted.copies:
            raise _has_copies(wanted.copies)
        _refuse_busy(cursor, wanted.objects)
        cursor.execute(
            "insert into erasure (cause, reason, actor, hide_keys) values (%s, %s, %s, %s) returning id",
            (cause, storable.message(reason), storable.text(actor, 200), hide_keys),
        )
        ((id_,),) = cursor.fetchall()
        _write_parts(cursor, id_, wanted, objects)
        _take_away(cursor, id_, wanted)
    return int(id_)


def load(conn: connection, receipt: int) -> Receipt:
    """The receipt of that number; TerminalError where there is none."""
    with transaction(conn) as cursor:
        cursor.execute(
            "select emptied_at is not null, finished_at is not null, counts from erasure where id = %s", (receipt,)
        )
        if not (head := cursor.fetchone()):
            raise TerminalError(f"receipt {receipt}: there is none of that number", code=ErrorCode.UNKNOWN_RECEIPT)
        cursor.execute(query("erasure_parts"), {"id": receipt})
        objects = tuple(ErasedObject(*row) for row in cursor.fetchall())
        cursor.execute("select audio_sha256 from erasure_audio where erasure_id = %s order by audio_sha256", (receipt,))
        return Receipt(receipt, objects, tuple(audio for (audio,) in cursor.fetchall()), *head)


def unfinished(conn: connection) -> list[int]:
    """Numbers of open receipts, oldest first."""
    with transaction(conn) as cursor:
        cursor.execute("select id from erasure where finished_at is null order by id")
        return [id_ for (id_,) in cursor.fetchall()]


def add_counts(conn: connection, receipt: int, removed: Mapping[str, int]) -> None:
    """Note on the receipt what was removed."""
    with transaction(conn) as cursor:
        _add_counts(cursor, receipt, removed)


def empty(conn: connection, receipt: int) -> None:
    """Remove all content from the catalog, once the buckets hold nothing more. May be repeated."""
    with transaction(conn) as cursor:
        cursor.execute("select erase_content(%s)", (receipt,))
        ((removed,),) = cursor.fetchall()
        _add_counts(cursor, receipt, removed)
        cursor.execute(
            "update erasure set emptied_at = coalesce(emptied_at, clock_timestamp()) where id = %s", (receipt,)
        )


def finish(conn: connection, receipt: int) -> bool:
    """Close the receipt if Elasticsearch is done with it too; whether it was closed."""
    with transaction(conn) as cursor:
        cursor.execute(query("finish_erasure"), {"id": receipt})
        return bool(cursor.rowcount)


def _scope(cursor: cursor, objects: Sequence[int], all_copies: bool) -> Scope:
    found = sorted(set(objects))
    while True:
        cursor.execute(query("erasure_audios"), {"objects": found})
        audios = [audio for (audio,) in cursor.fetchall()]
        cursor.execute(query("erasure_copies"), {"objects": found, "audios": audios})
        copies = [Copy(*row) for row in cursor.fetchall()]
        ours = [one.id for one in copies if all_copies or one.state == ObjectState.GONE]
        if not ours:
            return Scope(tuple(found), tuple(audios), tuple(copies))
        found = sorted({*found, *ours})


def _open_already(cursor: cursor, objects: Sequence[int]) -> int | None:
    cursor.execute(
        "select x.erasure_id, count(*) from erasure_object x join erasure e on e.id = x.erasure_id "
        "where e.finished_at is null and x.media_object_id = any (%s) group by 1",
        (list(objects),),
    )
    found = cursor.fetchall()
    if not found:
        return None
    if found[0][1] == len(objects):
        return int(found[0][0])
    raise TerminalError(
        f"receipt {found[0][0]} is erasing a part of this; finish it first: mediaindex erase --resume",
        code=ErrorCode.ERASURE_OPEN,
    )


def _has_copies(copies: Sequence[Copy]) -> TerminalError:
    named = ", ".join(f"s3://{one.bucket}/{one.key} ({one.id})" for one in copies[:5])
    return TerminalError(
        f"{len(copies)} other objects have the same audio: {named}{', …' if len(copies) > 5 else ''}; "
        "erasing the recording means erasing them too: say --all-copies",
        code=ErrorCode.HAS_COPIES,
    )


def _refuse_busy(cursor: cursor, objects: Sequence[int]) -> None:
    cursor.execute("select from media_object where id = any (%s) order by id for update", (list(objects),))
    cursor.execute(query("erasure_busy"), {"objects": list(objects)})
    if busy := cursor.fetchone():
        id_, batch, run = busy
        raise TerminalError(
            f"media object {id_}: run {run} (batch {batch}) is at work on it; wait for it, or end it in Airflow, "
            "and ask again",
            code=ErrorCode.IN_PROGRESS,
        )


def _write_parts(cursor: cursor, id_: int, wanted: Scope, asked: Mapping[int, bool]) -> None:
    cursor.execute("select id, bucket, key, etag, size from media_object where id = any (%s)", (list(wanted.objects),))
    for object_id, bucket, key, etag, size in cursor.fetchall():
        place = hashlib.sha256(f"s3://{bucket}/{key}".encode()).hexdigest()
        cursor.execute(
            "insert into erasure_object (erasure_id, media_object_id, whole_key, place_sha256, etag, size) "
            "values (%s, %s, %s, %s, %s, %s)",
            (id_, object_id, asked.get(object_id, False), place, etag, size),
        )
    for audio in wanted.audios:
        cursor.execute("insert into erasure_audio (erasure_id, audio_sha256) values (%s, %s)", (id_, audio))


def _take_away(cursor: cursor, id_: int, wanted: Scope) -> None:
    """Out of the ledger's work and out of the search. Primaries last, or a copy would inherit for a moment."""
    cursor.execute("select primary_object_id from recording where audio_sha256 = any (%s)", (list(wanted.audios),))
    primaries = {primary for (primary,) in cursor.fetchall()}
    for one in sorted(wanted.objects, key=lambda one: (one in primaries, one)):
        move(cursor, one, ObjectState.GONE, code=StateReason.ERASING, reason=f"being erased, receipt {id_}")
    for audio in wanted.audios:
        cursor.execute("select from recording where audio_sha256 = %s for update", (audio,))
        withdraw(cursor, audio)


def _add_counts(cursor: cursor, receipt: int, removed: Mapping[str, Any]) -> None:
    cursor.execute("select counts from erasure where id = %s for update", (receipt,))
    ((counts,),) = cursor.fetchall()
    total = {name: counts.get(name, 0) + removed.get(name, 0) for name in sorted({*counts, *removed})}
    cursor.execute("update erasure set counts = %s where id = %s", (storable.document(total), receipt))
