"""The changes that `tests/mutation.py` tries."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.builders.mutants import mutants_of

ROOT = Path(__file__).parents[3]


def changed(name: str, source: str) -> set[str]:
    """Every changed source."""
    text = source.encode()
    return {(text[:start] + new.encode() + text[end:]).decode() for start, end, new in mutants_of(name, source)}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = a < b", {"x = (a <= b)"}),
        ("x = a and not b", {"x = (a or not b)", "x = (a)", "x = (not b)", "x = a and (b)"}),
        ("x = a + 2", {"x = (a - 2)", "x = a + (3)"}),
        ("if a:\n    del b", {"if (True):\n    del b", "if (False):\n    del b", "if a:\n    pass"}),
        ("def f(a=True):\n    '''Text.'''\n    return a", {
            "def f(a=(False)):\n    '''Text.'''\n    return a", "def f(a=True):\n    '''Text.'''\n    return None"}),
        ("raise Error('ü is wrong', code=1)", {"pass"}),
        ("f('ü', 'a b')", {"pass", "f(('ü_x'), 'a b')"}),
        ("x = [y for y in z if y]", {"x = [y for y in z if (True)]"}),
        ("x: int = d['key']\nlog.info('done', 1)\nf'{1}'", set()),
        ("run('select 1 from a where b')", {
            "pass", "run(('select 2 from a where b'))", "run(('select 1 from a where true '))"}),
    ],
    ids=range(10),
)  # fmt: skip
def test_python_is_changed_in_one_place_at_a_time(source: str, expected: set[str]) -> None:
    assert changed("a.py", source) == expected


def test_clauses_of_sql_are_removed_one_at_a_time() -> None:
    source = (
        "select a from b -- where\nwhere c between d and e and (f = g or h > i)\norder by j\nfor update skip locked"
    )
    assert changed("a.sql", source) == {
        source.replace("c between d and e ", "true "),
        source.replace("and (f = g or h > i)\n", ""),
        source.replace("or h > i", ""),
        source.replace(" > ", " >= "),
        source.replace("order by j\n", ""),
        source.replace("\nfor update skip locked", ""),
        source.replace(" skip locked", ""),
    }


@pytest.mark.parametrize("room", ["search"])
def test_changed_modules_are_valid_python(room: str) -> None:
    for path in (ROOT / "include/mediaindex" / room).rglob("*.py"):
        for source in changed(path.name, path.read_text("utf-8")):
            ast.parse(source)
