from __future__ import annotations

import pytest

from mediaindex.errors import BadMediaError, ErrorCode, TransientError
from mediaindex.runner.job_context import OUTAGE_AFTER, Outage

UNREACHABLE = TransientError("s3://b/k: S3 cannot be reached", code=ErrorCode.S3_UNREACHABLE)


def after(*outcomes: Exception | None) -> Outage:
    outage = Outage()
    for outcome in outcomes:
        outage.note(outcome)
    return outage


def test_after_several_failures_of_s3_the_next_recording_is_skipped() -> None:
    with pytest.raises(TransientError, match=r"a\.wav: skipped: S3 failed.*S3 cannot be reached") as caught:
        after(*[UNREACHABLE] * OUTAGE_AFTER).check("a.wav")
    assert caught.value.code == "s3_unreachable"


@pytest.mark.parametrize(
    "outcomes",
    [
        (UNREACHABLE,) * (OUTAGE_AFTER - 1),
        (*(UNREACHABLE,) * (OUTAGE_AFTER - 1), None, UNREACHABLE),
        (BadMediaError("not media"),) * OUTAGE_AFTER,
        (TransientError("out of memory", code=ErrorCode.OUT_OF_MEMORY),) * OUTAGE_AFTER,
    ],
    ids=["too-few", "one-passed", "bad-files", "another-trouble"],
)
def test_otherwise_the_recording_is_not_skipped(outcomes: tuple[Exception | None, ...]) -> None:
    after(*outcomes).check("a.wav")
