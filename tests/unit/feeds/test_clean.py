from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.feeds import clean


@given(st.text(max_size=3_000), st.integers(2, 600))
def test_a_line_is_one_line_of_bounded_length_in_valid_utf8(text: str, limit: int) -> None:
    line = clean.line(text, limit)
    assert len(line) <= limit
    assert not any(character in line for character in "\x00\n\r\t\x1b\u202e\u2066\ufeff")
    line.encode()


def test_misleading_characters_are_removed_and_joiners_kept() -> None:
    assert clean.line("ab\u202ecod.exe \x1b[31m red\x00 \ud800") == "abcod.exe [31m red"
    assert clean.line("\u0645\u06cc\u200c\u062e") == "\u0645\u06cc\u200c\u062e"  # Persian
    assert clean.line("👩\u200d🚀") == "👩\u200d🚀"


@pytest.mark.parametrize(
    ("text", "value"),
    [("1:02:03", 3723.0), ("62:03", 3723.0), ("3723", 3723.0), ("3723.5", 3723.5), ("0", None), ("-5", None),
     ("1e999", None), ("nan", None), ("99999999999", None), ("", None), (None, None), ("1:2:3:4", None), ("٣٠", None)],
)  # fmt: skip
def test_durations(text: str | None, value: float | None) -> None:
    assert clean.seconds(text) == value


@pytest.mark.parametrize(
    ("text", "value"), [("123", 123), ("0", None), ("-1", None), ("9" * 25, None), ("1,234", None), (None, None)]
)
def test_sizes(text: str | None, value: int | None) -> None:
    assert clean.size(text) == value


@pytest.mark.parametrize("text", ["javascript:alert(1)", "data:text/html,x", "http://a b", "http://" + "x" * 5_000, 7])
def test_only_web_links_are_links(text: object) -> None:
    assert clean.link(text) is None
    assert clean.link("https://a.example/x") == "https://a.example/x"


def test_implausible_dates_are_none() -> None:
    assert clean.moment(time.struct_time((2026, 1, 2, 3, 4, 5, 0, 0, 0))).isoformat() == "2026-01-02T03:04:05+00:00"  # type: ignore[union-attr]
    assert clean.moment(time.struct_time((9999, 12, 31, 0, 0, 0, 0, 0, 0))) is None
    assert clean.moment(time.struct_time((2, 1, 1, 0, 0, 0, 0, 0, 0))) is None
    assert clean.moment("yesterday") is None
