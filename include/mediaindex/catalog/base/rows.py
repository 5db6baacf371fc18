"""Rows as objects: each column of a query sets the field of the same name.

A column without a field, a required field without a column, or a repeated name raises TypeError, because query and
class do not fit. Arrays become tuples and strings become enum members if the type of the field requires it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Any, TypeVar, Union, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from .connection import Cursor

T = TypeVar("T")
Row = tuple[Any, ...]
Change = Callable[[Any], Any]


def rows_as(cursor: Cursor, kind: type[T], fetched: Iterable[Row] | None = None) -> list[T]:
    """All remaining rows, or the rows that were ``fetched`` already; ``kind``: a dataclass or a NamedTuple."""
    rows = cursor.fetchall() if fetched is None else fetched
    return [*_read(cursor, kind, rows)]


def row_as(cursor: Cursor, kind: type[T]) -> T | None:
    """The next row, None if there is no row."""
    row = cursor.fetchone()
    return None if row is None else next(_read(cursor, kind, [row]))


def stream_as(cursor: Cursor, kind: type[T]) -> Iterator[T]:
    """The rows of a server-side cursor one by one."""
    for row in cursor:
        yield from _read(cursor, kind, [row])


def record(cursor: Cursor) -> dict[str, Any] | None:
    """The next row by column name, None if there is no row."""
    row = cursor.fetchone()
    return None if row is None else dict(zip(_columns(cursor), row, strict=True))


def records(cursor: Cursor) -> list[dict[str, Any]]:
    """All remaining rows, each by column name."""
    columns = _columns(cursor)
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def scalar(cursor: Cursor) -> Any:
    """The only value of the next row, None if there is no row."""
    row = cursor.fetchone()
    if row is None:
        return None
    (value,) = row
    return value


def column(cursor: Cursor) -> list[Any]:
    """The only value of each row."""
    return [value for (value,) in cursor.fetchall()]


def _read(cursor: Cursor, kind: type[T], rows: Iterable[Row]) -> Iterator[T]:
    if cursor.description is None:  # no statement was executed, for lack of values
        return
    make, changes = _plan(kind, _columns(cursor))  # type: ignore[arg-type]  # a class is hashable
    for row in rows:
        values = list(row)
        for place, change in changes:
            values[place] = change(values[place])
        yield make(values)


def _columns(cursor: Cursor) -> tuple[str, ...]:
    return tuple(described.name for described in cursor.description or ())


@cache
def _plan(kind: type[Any], columns: tuple[str, ...]) -> tuple[Callable[[list[Any]], Any], list[tuple[int, Change]]]:
    """The constructor for a row, and the conversions of its values by position. Raises TypeError if they do not fit."""
    known, required = _fields(kind)
    wrong = {
        "not a field": [name for name in columns if name not in known],
        "not selected": sorted(required.difference(columns)),
        "selected twice": sorted({name for name in columns if columns.count(name) > 1}),
    }
    if any(wrong.values()):
        details = "; ".join(f"{what}: {', '.join(names)}" for what, names in wrong.items() if names)
        raise TypeError(f"the query does not select a {kind.__name__}: {details}")
    hints = get_type_hints(kind)
    changes = ((place, _change(hints[name])) for place, name in enumerate(columns))
    in_order = known[: len(columns)] == columns  # the usual case, which needs no dict per row
    make = (
        (lambda values: kind(*values)) if in_order else (lambda values: kind(**dict(zip(columns, values, strict=True))))
    )
    return make, [(place, change) for place, change in changes if change is not None]


def _fields(kind: type[Any]) -> tuple[tuple[str, ...], set[str]]:
    """All fields in order, and those without a default."""
    if is_dataclass(kind):
        known = tuple(field.name for field in fields(kind))
        optional = {field.name for field in fields(kind) if field.default is not MISSING}
    else:
        known, optional = tuple(kind._fields), set(kind._field_defaults)
    return known, set(known) - optional


def _change(hint: Any) -> Change | None:
    """The conversion of PostgreSQL's value to the type of the field, None if it needs none."""
    if get_origin(hint) in (Union, UnionType):
        changes = [_change(part) for part in get_args(hint) if part is not type(None)]
        change = next((change for change in changes if change is not None), None)
        return None if change is None else lambda value: None if value is None else change(value)
    if get_origin(hint) is tuple:
        return lambda value: tuple(value or ())
    return _member_of(hint) if isinstance(hint, type) and issubclass(hint, StrEnum) else None


def _member_of(names: type[StrEnum]) -> Change:
    known = {name.value: name for name in names}
    return lambda value: known.get(value) or names(value)  # the lookup by enum is slow, but raises a clear error
