"""An error of one object is told apart from an error of everything, and an outage is not tried object by object."""

from __future__ import annotations

import pytest

from mediaindex.errors import ErrorCode, MediaindexError, TerminalError, TransientError
from mediaindex.orchestration.reads import SKIP_AFTER, Reads, UnreadableError
from mediaindex.storage import looks
from mediaindex.storage.looks import Inspection

BUSY = TransientError("S3 is busy", code=ErrorCode.S3_BUSY)
REFUSED = TerminalError("S3 refuses access", code=ErrorCode.S3_REFUSED)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    monkeypatch.setattr(looks, "concerns_everything", lambda _client, _bucket, _key, _error: False)
    return Reads(client=None)  # type: ignore[arg-type]


def read(reads: Reads, outcome: MediaindexError | str) -> str:
    def request() -> str:
        if isinstance(outcome, MediaindexError):
            raise outcome
        return outcome

    try:
        return reads.read("media", "a.wav", request)
    except UnreadableError as error:
        return f"{error.refusal.code}"


def test_an_answer_or_the_objects_own_error_is_given(reads: Reads) -> None:
    assert [read(reads, outcome) for outcome in ("sound", REFUSED, BUSY)] == ["sound", "s3_refused", "s3_busy"]


def test_an_error_that_concerns_everything_is_raised_as_it_is(reads: Reads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "concerns_everything", lambda _client, _bucket, _key, error: error is REFUSED)
    with pytest.raises(TerminalError) as caught:
        read(reads, REFUSED)
    assert caught.value is REFUSED


def test_after_failures_of_the_server_in_a_row_nothing_is_read(reads: Reads) -> None:
    for _ in range(SKIP_AFTER - 1):
        read(reads, BUSY)
    assert read(reads, "sound") == "sound"  # the row is broken
    for _ in range(SKIP_AFTER):
        assert read(reads, BUSY) == "s3_busy"
    assert read(reads, "sound") == str(reads._skipped("media", "a.wav").code)
    assert "in a row" in reads._skipped("media", "a.wav").message


def test_errors_of_objects_are_no_failures_of_the_server(reads: Reads) -> None:
    for _ in range(SKIP_AFTER + 1):
        read(reads, REFUSED)
    assert read(reads, "sound") == "sound"


def test_inspections_count_in_the_same_row(reads: Reads, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def inspect(_client: object, _bucket: str, key: str) -> Inspection:
        asked.append(key)
        return Inspection(None, BUSY)

    monkeypatch.setattr(looks, "inspect", inspect)
    for number in range(SKIP_AFTER + 3):
        refusal = reads.inspect("media", f"{number}").refusal
        assert refusal is not None
        assert ("in a row" in refusal.message) is (number >= SKIP_AFTER)
    assert len(asked) == SKIP_AFTER
