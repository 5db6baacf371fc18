"""What other programs print, read once for doctor and the containers."""

from __future__ import annotations

import sys

import pytest

from mediaindex.errors import ConfigError
from mediaindex.upkeep import commands


def program(text: str, code: int = 0) -> list[str]:
    body = f"import sys; print({text!r}); print('a\\nlast words', file=sys.stderr); sys.exit({code})"
    return [sys.executable, "-c", body]


@pytest.mark.parametrize(
    ("printed", "rows"),
    [
        ('[{"pool": "speech", "slots": "2"}]', [{"pool": "speech", "slots": "2"}]),
        ('[2026-11-21T12:00:00] {cli.py:1} INFO - x\n[{"pool": "speech"}]\n[a line] after', [{"pool": "speech"}]),
        ("[\n  {}\n]", [{}]),
        ("[]", []),
        ("No data found", []),
    ],
)
def test_rows_are_found_among_lines_of_the_log(printed: str, rows: list[dict[str, str]]) -> None:
    assert commands.rows(program(printed)) == rows


def test_a_failure_is_told_by_its_last_line_unless_it_is_expected() -> None:
    with pytest.raises(ConfigError, match="failed with exit code 1: last words"):
        commands.rows(program("[]", 1))
    assert commands.rows(program("[{}]", 1), accept=(0, 1)) == [{}]


def test_a_missing_program_is_named() -> None:
    with pytest.raises(ConfigError, match="/nowhere cannot be run"):
        commands.output(["/nowhere"])
