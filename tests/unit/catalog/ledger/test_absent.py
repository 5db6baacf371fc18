"""What is said of a source that is not configured."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mediaindex.catalog.ledger.sources import Absent

CALLS = Absent("calls", "media", "calls/", None)


def test_the_reason_says_what_to_do() -> None:
    assert "`mediaindex source rename calls NEW`" in CALLS.reason
    retired = Absent("calls", "media", "calls/", datetime(2026, 1, 1, tzinfo=UTC))
    assert retired.reason.startswith("its source calls was retired; ")


@pytest.mark.parametrize(
    ("source", "bucket", "key", "covered"),
    [
        (CALLS, "media", "calls/a.wav", True),
        (CALLS, "media", "shows/a.wav", False),
        (CALLS, "other", "calls/a.wav", False),
        (Absent("calls", "media", "", None), "media", "a.wav", True),
        (Absent("calls", "media", None, None), "media", "a.wav", False),
        (Absent("calls", None, None, None), "media", "a.wav", False),
    ],
)
def test_an_object_was_its_own_where_it_was_configured_last(
    source: Absent, bucket: str, key: str, covered: bool
) -> None:
    assert source.covers(bucket, key) is covered
