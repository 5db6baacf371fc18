"""Lists of the ledger for users: filtered and counted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from urllib.parse import quote, unquote

from mediaindex.catalog.base.connection import Connection, transaction
from mediaindex.catalog.base.rows import rows_as
from mediaindex.catalog.base.sql_files import query
from mediaindex.contract.states import Lane, ObjectState
from mediaindex.errors import ErrorCode, FailureClass, TerminalError

_GLOB = {"*": "%", "?": "_"}
_PLAY_MARK = re.compile(r"#t=[0-9.]+$")  # at the end of links that a search prints
_ID_DIGITS = 19  # more are no bigint
_Place = tuple[str, str]  # bucket and key


@dataclass(frozen=True, slots=True)
class Wanted:
    """Conditions that must all match. ``key_like``: a pattern for PostgreSQL's LIKE, see ``like``.

    ``warned``: stages of its latest batch gave warnings.
    """

    ids: Sequence[int] | None = None
    source: str | None = None
    states: Sequence[ObjectState] | None = None
    code: str | None = None
    failure_class: FailureClass | None = None
    stage: str | None = None
    key_like: str | None = None
    bucket: str | None = None
    key: str | None = None
    since: datetime | None = None
    warned: bool = False


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One object and its latest batch, with the warnings of its stages.

    ``awaits_quota``: it could be planned, but the hours that its source may use on this day are used.
    """

    id: int
    source: str
    bucket: str
    key: str
    etag: str
    size: int
    last_modified: datetime
    state: ObjectState
    reason_code: str | None
    reason_class: FailureClass | None
    reason_stage: str | None
    reason: str | None
    attempts: int
    not_before: datetime | None
    updated_at: datetime
    batch_id: int | None
    lane: Lane | None
    dag_id: str | None
    dag_run_id: str | None
    awaits_quota: bool = False
    warnings: tuple[str, ...] = ()


def lines(conn: Connection, wanted: Wanted, limit: int | None = None) -> list[LedgerLine]:
    """Matching objects, the latest transition first; all of them if ``limit`` is None."""
    with transaction(conn) as cursor:
        cursor.execute(query("ledger_lines"), _parameters(wanted, limit))
        return rows_as(cursor, LedgerLine)


def counts(conn: Connection, wanted: Wanted) -> dict[ObjectState, int]:
    """Numbers of matching objects by state, in the order of the states."""
    counting = f"select l.state, count(*) from ({query('ledger_lines')}) l group by 1"  # noqa: S608  # a constant text
    with transaction(conn) as cursor:
        cursor.execute(counting, _parameters(wanted, None))
        by_state = dict(cursor.fetchall())
    return {state: int(by_state[state]) for state in ObjectState if state in by_state}


def resolve(conn: Connection, name: str) -> list[LedgerLine]:
    """Every version of the object with this id, key or s3:// name, the newest first; of an id only that version.

    An s3:// name is a key as it is, or a link that a search prints: percent-encoded, with the second at its end. Raises
    TerminalError ``unknown_object`` if nothing has the name, and ``ambiguous_name`` if objects under several keys have.
    """
    found = _under(conn, name)
    by_id = lines(conn, Wanted(ids=[int(name)])) if name.isdecimal() and len(name) < _ID_DIGITS else []
    places = dict.fromkeys((line.bucket, line.key) for line in (*by_id, *found))
    if len(places) > 1:
        names = ", ".join(f"{_only_name(place, places)} (id {_newest_id(place, (*by_id, *found))})" for place in places)
        raise TerminalError(f"{name}: ambiguous; write one of these: {names}", code=ErrorCode.AMBIGUOUS_NAME)
    if not places:
        raise TerminalError(
            f"{name}: not in the ledger; try `mediaindex ledger list --key '*{name.rpartition('/')[2]}'`",
            code=ErrorCode.UNKNOWN_OBJECT,
        )
    return by_id or found


def _under(conn: Connection, name: str) -> list[LedgerLine]:
    """The objects with this key or s3:// name, the newest first."""
    wanted = [Wanted(bucket=bucket, key=key) for bucket, key in _readings(name)] or [Wanted(key=name)]
    found = [line for one in wanted for line in lines(conn, one)]
    return sorted(found, key=lambda line: (line.last_modified, line.id), reverse=True)


def _readings(name: str) -> list[_Place]:
    """The objects that an s3:// name may mean."""
    if not name.startswith("s3://"):
        return []
    texts = (name.removeprefix("s3://"), _PLAY_MARK.sub("", name.removeprefix("s3://")))
    pairs = [text.partition("/")[::2] for text in texts]
    return list(dict.fromkeys([*pairs, *((bucket, unquote(key)) for bucket, key in pairs)]))


def _only_name(place: _Place, others: Iterable[_Place]) -> str:
    """The s3:// name that means this object and none of the others."""
    bucket, key = place
    for name in (f"s3://{bucket}/{key}", f"s3://{bucket}/{quote(key)}"):
        if set(_readings(name)) & set(others) == {place}:
            return name
    return f"s3://{bucket}/{quote(key, safe='')}"


def _newest_id(place: _Place, found: Iterable[LedgerLine]) -> int:
    return max(line.id for line in found if (line.bucket, line.key) == place)


def like(glob: str) -> str:
    """A LIKE pattern: ``*`` and ``?`` as in a shell, also across slashes; without either, a prefix."""
    quoted = "".join(f"\\{character}" if character in "\\%_" else _GLOB.get(character, character) for character in glob)
    return quoted if any(wildcard in glob for wildcard in _GLOB) else quoted + "%"


def act_as(conn: Connection, who: str) -> None:
    """Set the actor of the history for this connection."""
    with transaction(conn) as cursor:
        cursor.execute("select set_config('application_name', %s, false)", (who[:60],))


def _parameters(wanted: Wanted, limit: int | None) -> dict[str, object]:
    given = asdict(wanted)
    lists = {name: None if given[name] is None else list(given[name]) for name in ("ids", "states")}
    return {**given, **lists, "limit": limit}


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One object of a report; lengths and costs in seconds, the costs over all stages and attempts. None: unknown."""

    media_object_id: int
    source: str
    key: str
    state: ObjectState
    duration: float | None
    language: str | None
    speakers: int | None
    words: int | None
    confidence: float | None
    recogniser: str | None
    reason_code: str | None
    reason: str | None
    wall_s: float
    cpu_s: float
    gpu_s: float
    peak_mb: float


def rows(
    conn: Connection, *, source: str | None = None, batch_id: int | None = None, limit: int = 10_000
) -> list[ReportRow]:
    """The report of a source, a batch or everything, by source and key."""
    with transaction(conn) as cursor:
        cursor.execute(query("report"), {"source": source, "batch_id": batch_id, "limit": limit})
        return rows_as(cursor, ReportRow)
