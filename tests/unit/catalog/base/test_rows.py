from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import pytest

from mediaindex.catalog.base.connection import Cursor
from mediaindex.catalog.base.rows import column, record, records, row_as, rows_as, scalar, stream_as
from mediaindex.contract.states import Lane


@dataclass(frozen=True)
class Work:
    id: int
    lane: Lane | None
    names: tuple[str, ...]
    note: str = ""


class Pair(NamedTuple):
    left: int
    right: str = "-"


class Answer:
    """Rows as a cursor of psycopg2 has them after a statement."""

    def __init__(self, columns: str, *rows: tuple[Any, ...]) -> None:
        self.description = [SimpleNamespace(name=name) for name in columns.split()]
        self._rows = list(rows)

    def fetchall(self) -> list[tuple[Any, ...]]:
        rows, self._rows = self._rows, []
        return rows

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows.pop(0) if self._rows else None

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self.fetchall())


def answer(columns: str, *rows: tuple[Any, ...]) -> Cursor:
    return cast("Cursor", Answer(columns, *rows))


def test_columns_are_fields_by_name_in_any_order() -> None:
    found = rows_as(answer("names lane id", (["a", "b"], "backfill", 1), ([], None, 2)), Work)
    assert found == [Work(1, Lane.BACKFILL, ("a", "b")), Work(2, None, ())]
    assert found[0].lane is Lane.BACKFILL


def test_an_array_that_is_null_is_an_empty_tuple() -> None:
    assert row_as(answer("id lane names", (1, None, None)), Work) == Work(1, None, ())


def test_named_tuples_are_filled_like_dataclasses() -> None:
    assert rows_as(answer("right left", ("b", 1)), Pair) == [Pair(1, "b")]
    assert rows_as(answer("left", (1,)), Pair) == [Pair(1, "-")]


@pytest.mark.parametrize(
    ("columns", "details"),
    [
        ("id lane", "not selected: names"),
        ("id lane names colour", "not a field: colour"),
        ("id lane names names", "selected twice: names"),
    ],
)
def test_a_query_for_another_class_is_refused(columns: str, details: str) -> None:
    with pytest.raises(TypeError, match=details):
        rows_as(answer(columns, (1,) * len(columns.split())), Work)


def test_a_mismatch_is_an_error_even_without_rows() -> None:
    with pytest.raises(TypeError, match="does not select a Work"):
        rows_as(answer("id"), Work)


def test_an_unknown_enum_value_is_refused() -> None:
    with pytest.raises(ValueError, match="sideways"):
        rows_as(answer("id lane names", (1, "sideways", [])), Work)


def test_rows_that_were_fetched_already_are_read_by_the_cursors_columns() -> None:
    assert rows_as(answer("left right"), Pair, [(1, "a"), (2, "b")]) == [Pair(1, "a"), Pair(2, "b")]


def test_a_stream_gives_one_row_at_a_time() -> None:
    assert list(stream_as(answer("left", (1,), (2,)), Pair)) == [Pair(1), Pair(2)]


def test_single_values_and_plain_records() -> None:
    assert scalar(answer("n", (7,))) == 7
    assert scalar(answer("n")) is None
    assert column(answer("n", (7,), (8,))) == [7, 8]
    assert record(answer("a b", (1, 2))) == {"a": 1, "b": 2}
    assert record(answer("a b")) is None
    assert records(answer("a", (1,), (2,))) == [{"a": 1}, {"a": 2}]
