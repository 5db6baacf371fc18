"""Rows by name: each column of a query is the field of that name of the class that holds its rows.

A column without a field, a field without a column, or a name that stands twice is a TypeError: the query and the class
do not belong together. Arrays become tuples and names become members of their enum where the field says so.
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
    """All rows that are left, or those that were ``fetched`` already; ``kind``: a dataclass or a NamedTuple."""
    found = cursor.fetchall() if fetched is None else fetched
    return [*_read(cursor, kind, found)]


def row_as(cursor: Cursor, kind: type[T]) -> T | None:
    """The next row, None if there is none."""
    found = cursor.fetchone()
    return None if found is None else next(_read(cursor, kind, [found]))


def stream_as(cursor: Cursor, kind: type[T]) -> Iterator[T]:
    """The rows one by one, as a cursor of the server's gives them."""
    for found in cursor:
        yield from _read(cursor, kind, [found])


def record(cursor: Cursor) -> dict[str, Any] | None:
    """The next row by the names of its columns, None if there is none."""
    found = cursor.fetchone()
    return None if found is None else dict(zip(_columns(cursor), found, strict=True))


def records(cursor: Cursor) -> list[dict[str, Any]]:
    """All rows that are left, each by the names of its columns."""
    columns = _columns(cursor)
    return [dict(zip(columns, found, strict=True)) for found in cursor.fetchall()]


def scalar(cursor: Cursor) -> Any:
    """The only value of the next row, None if there is none."""
    found = cursor.fetchone()
    if found is None:
        return None
    (value,) = found
    return value


def column(cursor: Cursor) -> list[Any]:
    """The only value of each row."""
    return [value for (value,) in cursor.fetchall()]


def _read(cursor: Cursor, kind: type[T], found: Iterable[Row]) -> Iterator[T]:
    if cursor.description is None:  # nothing was asked for: a statement over no values
        return
    make, changes = _plan(kind, _columns(cursor))  # type: ignore[arg-type]  # a class is hashable
    for row in found:
        values = list(row)
        for place, change in changes:
            values[place] = change(values[place])
        yield make(values)


def _columns(cursor: Cursor) -> tuple[str, ...]:
    return tuple(one.name for one in cursor.description or ())


@cache
def _plan(kind: type[Any], columns: tuple[str, ...]) -> tuple[Callable[[list[Any]], Any], list[tuple[int, Change]]]:
    """How a row becomes an object, and which of its values are changed before; TypeError if they do not fit."""
    known, required = _fields(kind)
    wrong = {
        "not a field": [name for name in columns if name not in known],
        "not selected": sorted(required.difference(columns)),
        "selected twice": sorted({name for name in columns if columns.count(name) > 1}),
    }
    if any(wrong.values()):
        told = "; ".join(f"{what}: {', '.join(names)}" for what, names in wrong.items() if names)
        raise TypeError(f"the query does not select a {kind.__name__}: {told}")
    hints = get_type_hints(kind)
    changes = ((place, _change(hints[name])) for place, name in enumerate(columns))
    in_order = known[: len(columns)] == columns  # as nearly always: then without a dict for each row
    make = (
        (lambda values: kind(*values)) if in_order else (lambda values: kind(**dict(zip(columns, values, strict=True))))
    )
    return make, [(place, change) for place, change in changes if change is not None]


def _fields(kind: type[Any]) -> tuple[tuple[str, ...], set[str]]:
    """All fields in order, and those without a default."""
    if is_dataclass(kind):
        known = tuple(one.name for one in fields(kind))
        optional = {one.name for one in fields(kind) if one.default is not MISSING}
    else:
        known, optional = tuple(kind._fields), set(kind._field_defaults)
    return known, set(known) - optional


def _change(hint: Any) -> Change | None:
    """What makes a value of the field's type from what PostgreSQL gives, if that is another."""
    if get_origin(hint) in (Union, UnionType):
        parts = [_change(one) for one in get_args(hint) if one is not type(None)]
        change = next((one for one in parts if one is not None), None)
        return None if change is None else lambda value: None if value is None else change(value)
    if get_origin(hint) is tuple:
        return lambda value: tuple(value or ())
    return _member_of(hint) if isinstance(hint, type) and issubclass(hint, StrEnum) else None


def _member_of(names: type[StrEnum]) -> Change:
    known = {name.value: name for name in names}
    return lambda value: known.get(value) or names(value)  # the look-up of an enum is slow, and says what is wrong
