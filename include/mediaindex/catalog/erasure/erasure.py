"""Receipts of erasures: opened before anything is deleted, finished when nothing is left.

Opening a receipt moves the objects to ``gone`` (code ``erasing``) and withdraws their recordings from the search, so
that they are not computed again; until the receipt is finished, no listing can claim them. ``unfinished`` finds a
killed erasure, which may be repeated from the beginning. Rows that are otherwise immutable are deleted by one function
of the database, ``erase_content``, which requires an open receipt.
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
    """One object of a receipt. ``whole_key``: all versions under its key are deleted, not only this one."""

    id: int
    bucket: str
    key: str
    etag: str
    size: int
    whole_key: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an erasure deletes, and its progress. ``emptied``: only Elasticsearch may still have documents."""

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
    """What an erasure includes: objects, all audios that they ever had, and other objects with the same audio."""

    objects: tuple[int, ...]
    audios: tuple[str, ...]
    copies: tuple[Copy, ...]


def scope(conn: Connection, objects: Sequence[int], *, all_copies: bool = False) -> Scope:
    """What the erasure of these objects includes. With ``all_copies``, or if gone, copies belong to ``objects``."""
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
    """Start to erase these objects (``whole_key`` by id) and their audio; the receipt number.

    An open receipt with all of them is resumed. Raises TerminalError ``has_copies`` if other objects have the audio and
    ``all_copies`` is False, ``in_progress`` while a run processes one of them, ``erasure_open`` if an open receipt has
    a part of them.
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
    """The receipt with this number. Raises TerminalError if it does not exist."""
    with transaction(conn) as cursor:
        cursor.execute(
            "select emptied_at is not null as emptied, finished_at is not null as finished, counts "
            "from erasure where id = %s",
            (receipt,),
        )
        if not (head := record(cursor)):
            raise TerminalError(f"receipt {receipt} does not exist", code=ErrorCode.UNKNOWN_RECEIPT)
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
    """Add what was deleted to the receipt."""
    with transaction(conn) as cursor:
        _add_counts(cursor, receipt, removed)


def empty(conn: Connection, receipt: int) -> None:
    """Delete all content from the catalog, after the objects are deleted. May be repeated."""
    with transaction(conn) as cursor:
        cursor.execute("select erase_content(%s)", (receipt,))
        _add_counts(cursor, receipt, scalar(cursor))
        cursor.execute(
            "update erasure set emptied_at = coalesce(emptied_at, clock_timestamp()) where id = %s", (receipt,)
        )


def finish(conn: Connection, receipt: int) -> bool:
    """Close the receipt if its documents in Elasticsearch are deleted too; whether it was closed."""
    with transaction(conn) as cursor:
        cursor.execute(query("finish_erasure"), {"id": receipt})
        return bool(cursor.rowcount)


def _scope(cursor: Cursor, objects: Sequence[int], all_copies: bool) -> Scope:
    included = sorted(set(objects))
    while True:
        cursor.execute(query("erasure_audios"), {"objects": included})
        audios = column(cursor)
        cursor.execute(query("erasure_copies"), {"objects": included, "audios": audios})
        copies = rows_as(cursor, Copy)
        added = [copy.id for copy in copies if all_copies or copy.state == ObjectState.GONE]
        if not added:
            return Scope(tuple(included), tuple(audios), tuple(copies))
        included = sorted({*included, *added})


def _open_already(cursor: Cursor, objects: Sequence[int]) -> int | None:
    cursor.execute(
        "select x.erasure_id as id, count(*) as parts from erasure_object x join erasure e on e.id = x.erasure_id "
        "where e.finished_at is null and x.media_object_id = any (%s) group by 1",
        (list(objects),),
    )
    receipt = record(cursor)
    if receipt is None:
        return None
    if receipt["parts"] == len(objects):
        return int(receipt["id"])
    raise TerminalError(
        f"receipt {receipt['id']} is erasing a part of these objects; finish it first: mediaindex erase --resume",
        code=ErrorCode.ERASURE_OPEN,
    )


def _has_copies(copies: Sequence[Copy]) -> TerminalError:
    named = ", ".join(f"s3://{copy.bucket}/{copy.key} ({copy.id})" for copy in copies[:5])
    return TerminalError(
        f"{len(copies)} other objects have the same audio: {named}{' and more' if len(copies) > 5 else ''}; "
        "to erase the recording, erase them too: add --all-copies",
        code=ErrorCode.HAS_COPIES,
    )


def _refuse_busy(cursor: Cursor, objects: Sequence[int]) -> None:
    cursor.execute("select from media_object where id = any (%s) order by id for update", (list(objects),))
    cursor.execute(query("erasure_busy"), {"objects": list(objects)})
    if busy := record(cursor):
        raise TerminalError(
            f"media object {busy['id']}: run {busy['dag_run_id']} (batch {busy['batch_id']}) is processing it; wait "
            "for the run, or end it in Airflow, and try again",
            code=ErrorCode.IN_PROGRESS,
        )


def _write_parts(cursor: Cursor, id_: int, wanted: Scope, whole_keys: Mapping[int, bool]) -> None:
    cursor.execute("select id, bucket, key, etag, size from media_object where id = any (%s)", (list(wanted.objects),))
    for item in records(cursor):
        place = hashlib.sha256(f"s3://{item['bucket']}/{item['key']}".encode()).hexdigest()
        cursor.execute(
            "insert into erasure_object (erasure_id, media_object_id, whole_key, place_sha256, etag, size) "
            "values (%s, %s, %s, %s, %s, %s)",
            (id_, item["id"], whole_keys.get(item["id"], False), place, item["etag"], item["size"]),
        )
    for audio in wanted.audios:
        cursor.execute("insert into erasure_audio (erasure_id, audio_sha256) values (%s, %s)", (id_, audio))


def _take_away(cursor: Cursor, id_: int, wanted: Scope) -> None:
    """Move the objects to ``gone`` and withdraw their recordings. Primaries last, or a copy would replace them."""
    cursor.execute("select primary_object_id from recording where audio_sha256 = any (%s)", (list(wanted.audios),))
    primaries = set(column(cursor))
    for object_id in sorted(wanted.objects, key=lambda object_id: (object_id in primaries, object_id)):
        move(cursor, object_id, ObjectState.GONE, code=StateReason.ERASING, reason=f"being erased, receipt {id_}")
    for audio in wanted.audios:
        cursor.execute("select from recording where audio_sha256 = %s for update", (audio,))
        withdraw(cursor, audio)


def _add_counts(cursor: Cursor, receipt: int, removed: Mapping[str, Any]) -> None:
    cursor.execute("select counts from erasure where id = %s for update", (receipt,))
    counts: dict[str, int] = scalar(cursor)
    total = {name: counts.get(name, 0) + removed.get(name, 0) for name in sorted({*counts, *removed})}
    cursor.execute("update erasure set counts = %s where id = %s", (storable.document(total), receipt))
