from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from mediaindex.config.retention import Retention

NOW = datetime(2026, 3, 31, tzinfo=UTC)


def test_what_is_not_limited_is_kept() -> None:
    kept = Retention()
    assert (kept.media_before(NOW), kept.proxies_before(NOW), kept.transcripts_before(NOW)) == (None, None, None)


def test_days_are_counted_back_from_now() -> None:
    assert Retention(media_days=30).media_before(NOW) == datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("days", [{"transcript_days": 30}, {"transcript_days": 30, "media_days": 31}])
def test_a_transcript_does_not_go_before_its_recording(days: dict[str, int]) -> None:
    with pytest.raises(ValidationError, match="transcript_days needs media_days"):
        Retention(**days)


def test_no_days_is_no_number_of_days() -> None:
    with pytest.raises(ValidationError):
        Retention(media_days=0)
