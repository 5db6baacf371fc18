"""Sources in the catalog: which of them are configured, and what becomes of the recordings of the others.

Recordings name their source. A source that leaves the sources file is absent: its recordings that wait for work are set
aside with the reason ``no_source`` until it is configured again, renamed or retired.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mediaindex.catalog.base import storable
from mediaindex.catalog.base.connection import Connection, Cursor, transaction
from mediaindex.catalog.base.rows import column, rows_as, scalar
from mediaindex.catalog.base.sql_files import query
from mediaindex.catalog.batches.airflows import SILENT_S
from mediaindex.contract.states import ObjectState, StateReason
from mediaindex.errors import ErrorCode, FailureClass, TerminalError

from .ledger import move
from .standing import keep, standing

MOST = 1_000  # recordings set aside in one transaction


@dataclass(frozen=True, slots=True)
class Absent:
    """A source that no Airflow configures; ``bucket`` and ``prefix``: where it was configured last, if known."""

    name: str
    bucket: str | None
    prefix: str | None
    retired_at: datetime | None

    def covers(self, bucket: str, key: str) -> bool:
        """Whether an object was one of the source's when it was configured last."""
        return self.bucket == bucket and self.prefix is not None and key.startswith(self.prefix)

    @property
    def reason(self) -> str:
        """Why its recordings are not indexed, and what to do."""
        if self.retired_at:
            return f"its source {self.name} was retired; to index it, put the source into the sources file again"
        return (
            f"its source {self.name} is not in the sources file; put it there again, or run "
            f"`mediaindex source rename {self.name} NEW` or `mediaindex source retire {self.name}`"
        )


@dataclass(frozen=True, slots=True)
class KnownSource:
    """A source of the catalog; ``objects``: their numbers by state, ``feeds``: the number that it follows."""

    name: str
    bucket: str | None
    prefix: str | None
    retired_at: datetime | None
    retention: dict[str, int | None]
    renamed_to: str | None
    is_configured: bool
    objects: dict[str, int]
    feeds: int


def note_configured(conn: Connection, airflow_id: str, places: Mapping[str, tuple[str, str]]) -> None:
    """Record the sources file of this Airflow: bucket and prefix by name."""
    with transaction(conn) as cursor:
        cursor.execute(
            "delete from source_use where airflow_id = %s and source <> all (%s)", (airflow_id, list(places))
        )
        for name, (bucket, prefix) in sorted(places.items()):
            cursor.execute(
                "insert into source (name, bucket, prefix) values (%s, %s, %s) on conflict (name) do update "
                "set bucket = excluded.bucket, prefix = excluded.prefix, retired_at = null, renamed_to = null",
                (name, bucket, prefix),
            )
            cursor.execute(
                "insert into source_use (source, airflow_id, bucket, prefix) values (%s, %s, %s, %s) "
                "on conflict (source, airflow_id) do update set bucket = excluded.bucket, prefix = excluded.prefix",
                (name, airflow_id, bucket, prefix),
            )


def absent(conn: Connection) -> list[Absent]:
    """The sources that no Airflow configures; none before the first sweep."""
    with transaction(conn) as cursor:
        cursor.execute(query("absent_sources"), {"silent_s": SILENT_S})
        return rows_as(cursor, Absent)


def overview(conn: Connection, name: str | None = None) -> list[KnownSource]:
    """All sources of the catalog, or the one of this name."""
    with transaction(conn) as cursor:
        cursor.execute(query("source_overview"), {"name": name, "silent_s": SILENT_S})
        return rows_as(cursor, KnownSource)


def set_aside(conn: Connection, source: Absent) -> list[int]:
    """Set the source's recordings aside that wait for a batch; their ids. Those that are only seen keep waiting."""
    with transaction(conn) as cursor:
        cursor.execute(
            "update media_object set reason_code = %s, reason = %s where source = %s and state = 'seen' "
            "and reason_code is distinct from %s",
            (StateReason.NO_SOURCE, source.reason, source.name, StateReason.NO_SOURCE),
        )
        cursor.execute(
            "select id from media_object where source = %s and state = 'claimed' and batch_id is null "
            "order by id limit %s for update",
            (source.name, MOST),
        )
        ids = column(cursor)
        for id_ in ids:
            _set_aside(cursor, id_, source.reason)
    return ids


def restore(conn: Connection, names: Sequence[str]) -> int:
    """Queue the recordings again that were set aside while their source was not configured. Returns the number."""
    with transaction(conn) as cursor:
        cursor.execute(query("restore_sourceless"), {"sources": list(names), "code": StateReason.NO_SOURCE})
        return cursor.rowcount


def rename(conn: Connection, old: str, new: str) -> int:
    """Give everything of one source to another; the number of recordings.

    One transaction. Raises TerminalError ``unknown_source`` if the catalog does not have ``old``.
    """
    names = {"old": old, "new": new}
    with transaction(conn) as cursor:
        cursor.execute("set local statement_timeout = 0")
        _must_exist(cursor, old)
        cursor.execute("insert into source (name) values (%s) on conflict do nothing", (new,))
        cursor.execute(query("rename_source"), names)
        moved = int(scalar(cursor))
        cursor.execute(query("rename_source_feeds"), names)
        cursor.execute(
            "insert into listing select %(new)s, prefix, watermark, whole_at, listed_at from listing "
            "where source = %(old)s on conflict do nothing",
            names,
        )
        cursor.execute("delete from listing where source = %(old)s", names)
        cursor.execute("delete from hearing where source = %(old)s", names)
        cursor.execute("delete from source_use where source = %(old)s", names)
        cursor.execute("update source set renamed_to = %(new)s where name = %(old)s or renamed_to = %(old)s", names)
    return moved


def retire(conn: Connection, name: str, retention: Mapping[str, int]) -> None:
    """Say that the source will not come back, and how long its recordings are kept.

    Raises TerminalError ``unknown_source`` if the catalog does not have it.
    """
    with transaction(conn) as cursor:
        _must_exist(cursor, name)
        cursor.execute(
            "update source set retired_at = now(), retention = %s where name = %s",
            (storable.document(dict(retention)), name),
        )
        cursor.execute("update feed set retired_at = now() where source = %s and retired_at is null", (name,))
        cursor.execute("delete from source_use where source = %s", (name,))


def absence(conn: Connection, name: str) -> Absent | None:
    """The source if no Airflow configures it."""
    return next((source for source in absent(conn) if source.name == name), None)


def _set_aside(cursor: Cursor, id_: int, reason: str) -> None:
    has = standing(cursor, id_)
    if has.is_something:  # it was to be indexed again
        keep(cursor, id_, has, reason, None)
    else:
        move(
            cursor, id_, ObjectState.QUARANTINED, code=StateReason.NO_SOURCE, reason=reason,
            reason_class=FailureClass.TERMINAL,
        )  # fmt: skip


def _must_exist(cursor: Cursor, name: str) -> None:
    cursor.execute("select from source where name = %s for update", (name,))
    if cursor.rowcount == 0:
        raise TerminalError(
            f"source {name}: not in the catalog; `mediaindex source list` shows its sources",
            code=ErrorCode.UNKNOWN_SOURCE,
        )
