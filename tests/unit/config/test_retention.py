from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from mediaindex.config import sources
from mediaindex.config.retention import Retention
from mediaindex.errors import ConfigError

NOW = datetime(2026, 3, 31, tzinfo=UTC)


def test_without_limits_everything_is_kept() -> None:
    kept = Retention()
    assert (kept.media_before(NOW), kept.proxies_before(NOW), kept.transcripts_before(NOW)) == (None, None, None)


def test_days_are_counted_back_from_now() -> None:
    assert Retention(media_days=30).media_before(NOW) == datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("days", [{"transcript_days": 30}, {"transcript_days": 30, "media_days": 31}])
def test_a_transcript_is_not_deleted_before_its_recording(days: dict[str, int]) -> None:
    with pytest.raises(ValidationError, match="write media_days of at most 30"):
        Retention(**days)


def test_zero_days_are_invalid() -> None:
    with pytest.raises(ValidationError):
        Retention(media_days=0)


def test_retention_is_read_from_the_file(tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    file.write_text("sources:\n  - {name: calls, bucket: media, retention: {media_days: 30, transcript_days: 90}}\n")
    assert sources.load(file).source("calls").retention == Retention(media_days=30, transcript_days=90)


def test_an_invalid_retention_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    file.write_text("sources:\n  - {name: calls, bucket: media, retention: {transcript_days: 90}}\n")
    with pytest.raises(
        ConfigError, match=r"retention.transcript_days: media_days is not set.* write media_days of at most 90"
    ):
        sources.load(file)
