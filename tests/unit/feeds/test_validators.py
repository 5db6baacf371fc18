from __future__ import annotations

import pytest

from mediaindex.feeds.fetch import Validators, if_range

OLD, SENT = "Fri, 02 Jan 2026 03:04:05 GMT", "Sat, 03 Jan 2026 03:04:05 GMT"


def test_only_a_strong_validator_joins_two_pieces() -> None:
    assert if_range({"etag": '"a"', "last-modified": OLD, "date": SENT}) == '"a"'
    assert if_range({"etag": 'W/"a"', "last-modified": OLD, "date": SENT}) is None
    assert if_range({"last-modified": OLD, "date": SENT}) == OLD
    assert if_range({"last-modified": SENT, "date": SENT}) is None
    assert if_range({"last-modified": OLD}) is None
    assert if_range({"last-modified": "soon", "date": SENT}) is None
    assert if_range({}) is None


@pytest.mark.parametrize("value", ["x" * 501, "a\r\nX-Evil: 1", "ü", ""])
def test_invalid_validators_count_as_missing(value: str) -> None:
    assert Validators.of({"etag": value, "last-modified": value}) == Validators()


def test_answers_are_compared_by_the_best_validator_of_both() -> None:
    assert Validators('"a"', OLD).same_file(Validators('W/"a"', SENT)) is True
    assert Validators('"a"', OLD).same_file(Validators('"b"', OLD)) is False
    assert Validators(None, OLD).same_file(Validators('"b"', OLD)) is True
    assert Validators(None, OLD).same_file(Validators(None, None)) is None


def test_a_date_is_a_validator_a_minute_after_it() -> None:
    for seconds, is_one in (("04", False), ("05", True), ("06", True)):
        sent = f"Fri, 02 Jan 2026 03:05:{seconds} GMT"
        assert if_range({"last-modified": OLD, "date": sent}) == (OLD if is_one else None)
    assert if_range({"etag": "ü", "last-modified": OLD, "date": SENT}) is None


def test_the_longest_validators_are_kept() -> None:
    assert Validators.of({"etag": "x" * 500}).etag == "x" * 500
