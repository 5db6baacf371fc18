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
from typing import Any

from mediaindex.catalog.base import storable
from mediaindex.catalog.base.connection import Connection, Cursor, transaction
from mediaindex.catalog.base.rows import column, record, records, rows_as, scalar
from mediaindex.catalog.base.sql_files import query
from mediaindex.catalog.ledger.departures import withdraw
from mediaindex.catalog.ledger.ledger import move
from mediaindex.contract.states import ErasureCause, ObjectState, StateReason
from mediaindex.errors import ErrorCode, TerminalError


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


def scope(conn: Connection, objects: Sequence[int], *, all_copies: bool = False) -> Scope:
    """What erasing these objects means; copies belong to ``objects`` with ``all_copies``, or where they are gone."""
    with transaction(conn) as cursor:
        return _scope(cursor, objects, all_copies)


def open_receipt(
    conn: Connection,
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
        id_ = int(scalar(cursor))
        _write_parts(cursor, id_, wanted, objects)
        _take_away(cursor, id_, wanted)
    return id_


def load(conn: Connection, receipt: int) -> Receipt:
    """The receipt of that number; TerminalError where there is none."""
    with transaction(conn) as cursor:
        cursor.execute(
            "select emptied_at is not null as emptied, finished_at is not null as finished, counts "
            "from erasure where id = %s",
            (receipt,),
        )
        if not (head := record(cursor)):
            raise TerminalError(f"receipt {receipt}: there is none of that number", code=ErrorCode.UNKNOWN_RECEIPT)
        cursor.execute(query("erasure_parts"), {"id": receipt})
        objects = tuple(rows_as(cursor, ErasedObject))
        cursor.execute("select audio_sha256 from erasure_audio where erasure_id = %s order by audio_sha256", (receipt,))
        return Receipt(id=receipt, objects=objects, audios=tuple(column(cursor)), **head)


def unfinished(conn: Connection) -> list[int]:
    """Numbers of open receipts, oldest first."""
    with transaction(conn) as cursor:
        cursor.execute("select id from erasure where finished_at is null order by id")
        return column(cursor)


def add_counts(conn: Connection, receipt: int, removed: Mapping[str, int]) -> None:
    """Note on the receipt what was removed."""
    with transaction(conn) as cursor:
        _add_counts(cursor, receipt, removed)


def empty(conn: Connection, receipt: int) -> None:
    """Remove all content from the catalog, once the buckets hold nothing more. May be repeated."""
    with transaction(conn) as cursor:
        cursor.execute("select erase_content(%s)", (receipt,))
        _add_counts(cursor, receipt, scalar(cursor))
        cursor.execute(
            "update erasure set emptied_at = coalesce(emptied_at, clock_timestamp()) where id = %s", (receipt,)
        )


def finish(conn: Connection, receipt: int) -> bool:
    """Close the receipt if Elasticsearch is done with it too; whether it was closed."""
    with transaction(conn) as cursor:
        cursor.execute(query("finish_erasure"), {"id": receipt})
        return bool(cursor.rowcount)


def _scope(cursor: Cursor, objects: Sequence[int], all_copies: bool) -> Scope:
    found = sorted(set(objects))
    while True:
        cursor.execute(query("erasure_audios"), {"objects": found})
        audios = column(cursor)
        cursor.execute(query("erasure_copies"), {"objects": found, "audios": audios})
        copies = rows_as(cursor, Copy)
        ours = [one.id for one in copies if all_copies or one.state == ObjectState.GONE]
        if not ours:
            return Scope(tuple(found), tuple(audios), tuple(copies))
        found = sorted({*found, *ours})


def _open_already(cursor: Cursor, objects: Sequence[int]) -> int | None:
    cursor.execute(
        "select x.erasure_id as id, count(*) as parts from erasure_object x join erasure e on e.id = x.erasure_id "
        "where e.finished_at is null and x.media_object_id = any (%s) group by 1",
        (list(objects),),
    )
    found = record(cursor)
    if found is None:
        return None
    if found["parts"] == len(objects):
        return int(found["id"])
    raise TerminalError(
        f"receipt {found['id']} is erasing a part of this; finish it first: mediaindex erase --resume",
        code=ErrorCode.ERASURE_OPEN,
    )


def _has_copies(copies: Sequence[Copy]) -> TerminalError:
    named = ", ".join(f"s3://{one.bucket}/{one.key} ({one.id})" for one in copies[:5])
    return TerminalError(
        f"{len(copies)} other objects have the same audio: {named}{', …' if len(copies) > 5 else ''}; "
        "erasing the recording means erasing them too: say --all-copies",
        code=ErrorCode.HAS_COPIES,
    )


def _refuse_busy(cursor: Cursor, objects: Sequence[int]) -> None:
    cursor.execute("select from media_object where id = any (%s) order by id for update", (list(objects),))
    cursor.execute(query("erasure_busy"), {"objects": list(objects)})
    if busy := record(cursor):
        raise TerminalError(
            f"media object {busy['id']}: run {busy['dag_run_id']} (batch {busy['batch_id']}) is at work on it; wait "
            "for it, or end it in Airflow, and ask again",
            code=ErrorCode.IN_PROGRESS,
        )


def _write_parts(cursor: Cursor, id_: int, wanted: Scope, asked: Mapping[int, bool]) -> None:
    cursor.execute("select id, bucket, key, etag, size from media_object where id = any (%s)", (list(wanted.objects),))
    for one in records(cursor):
        place = hashlib.sha256(f"s3://{one['bucket']}/{one['key']}".encode()).hexdigest()
        cursor.execute(
            "insert into erasure_object (erasure_id, media_object_id, whole_key, place_sha256, etag, size) "
            "values (%s, %s, %s, %s, %s, %s)",
            (id_, one["id"], asked.get(one["id"], False), place, one["etag"], one["size"]),
        )
    for audio in wanted.audios:
        cursor.execute("insert into erasure_audio (erasure_id, audio_sha256) values (%s, %s)", (id_, audio))


def _take_away(cursor: Cursor, id_: int, wanted: Scope) -> None:
    """Out of the ledger's work and out of the search. Primaries last, or a copy would inherit for a moment."""
    cursor.execute("select primary_object_id from recording where audio_sha256 = any (%s)", (list(wanted.audios),))
    primaries = set(column(cursor))
    for one in sorted(wanted.objects, key=lambda one: (one in primaries, one)):
        move(cursor, one, ObjectState.GONE, code=StateReason.ERASING, reason=f"being erased, receipt {id_}")
    for audio in wanted.audios:
        cursor.execute("select from recording where audio_sha256 = %s for update", (audio,))
        withdraw(cursor, audio)


def _add_counts(cursor: Cursor, receipt: int, removed: Mapping[str, Any]) -> None:
    cursor.execute("select counts from erasure where id = %s for update", (receipt,))
    counts: dict[str, int] = scalar(cursor)
    total = {name: counts.get(name, 0) + removed.get(name, 0) for name in sorted({*counts, *removed})}
    cursor.execute("update erasure set counts = %s where id = %s", (storable.document(total), receipt))
