from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mediaindex.config.sources import Source
from mediaindex.errors import ErrorCode, TerminalError
from mediaindex.orchestration import readiness
from mediaindex.storage.objects import ObjectVersion

NOW = datetime(2025, 3, 1, tzinfo=UTC)


def source(**more: Any) -> Source:
    return Source.model_validate({"name": "calls", "bucket": "media", "settle_seconds": 10, **more})


def listed(age_s: float = 0, *, size: int = 100, archived: Any = "no") -> ObjectVersion:
    return ObjectVersion("media", "a.wav", "e", None, size, NOW - timedelta(seconds=age_s), archived)


def code(pause: Any) -> str | None:
    return str(pause.code) if pause else None


def test_an_object_that_was_just_written_has_to_settle() -> None:
    assert code(readiness.settling(listed(9), source(), None, NOW)) == "settling"
    assert readiness.settling(listed(10), source(), None, NOW) is None


@pytest.mark.parametrize(("waited_s", "size", "is_whole"), [(10, 100, True), (9, 100, False), (10, 99, False)])
def test_two_equal_looks_are_enough_if_clocks_differ(waited_s: float, size: int, is_whole: bool) -> None:
    ahead = listed(-3_600)
    assert (readiness.settling(ahead, source(), readiness.Seen(waited_s, size), NOW) is None) is is_whole


@pytest.mark.parametrize(
    ("archived", "restore", "expected"),
    [("no", True, None), ("yes", True, "archived"), ("yes", False, "archived"), ("restoring", True, "restoring")],
)
def test_an_archived_object_waits(archived: str, restore: bool, expected: str | None) -> None:
    pause = readiness.archived(listed(archived=archived), source(archive={"restore": restore}))
    assert code(pause) == expected
    assert "restore it in S3" in pause.reason if pause and not restore else True


def test_an_allocated_file_that_is_not_written_waits() -> None:
    assert code(readiness.unwritten(bytes(16))) == "unwritten"
    assert readiness.unwritten(b"\x00\x00\x00\x20ftyp") is None


def test_only_young_files_with_a_header_are_opened() -> None:
    assert readiness.is_worth_opening(listed(60), source(), NOW)
    assert not readiness.is_worth_opening(listed(3_600), source(), NOW)
    assert not readiness.is_worth_opening(listed(60, size=0), source(), NOW)
    assert not readiness.is_worth_opening(listed(60), source(raw_format={}), NOW)


def test_an_object_that_s3_refuses_waits_with_the_reason() -> None:
    refused = readiness.unreadable(TerminalError("a.wav: S3 refuses access", code=ErrorCode.S3_REFUSED), source())
    assert (refused.code, refused.reason) == ("refused", "a.wav: S3 refuses access")
    assert readiness.unreadable(TerminalError("x", code=ErrorCode.CHANGED), source()).code == "settling"
