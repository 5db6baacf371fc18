from __future__ import annotations

import pytest

from mediaindex.contract.job import FileSource, JobItem
from mediaindex.errors import BadMediaError, ErrorCode, TransientError
from mediaindex.runner.outage import MOST_FAILURES, OUTAGE_AFTER, Outage
from mediaindex.storage.probes import Reach

UNREACHABLE = TransientError("s3://b/k: S3 cannot be reached", code=ErrorCode.S3_UNREACHABLE)
ITEM = JobItem(id="1", name="a.wav", source=FileSource(path="a.wav"))


class S3:
    """``answers``: what it answers next, in order."""

    def __init__(self, *answers: Reach) -> None:
        self.answers = list(answers)

    def __call__(self, item: JobItem) -> Reach:
        assert item is ITEM
        return self.answers.pop(0)


def after(s3: S3, *outcomes: Exception | None) -> Outage:
    outage = Outage(s3)
    for outcome in outcomes:
        outage.note(outcome)
    return outage


def skipped(outage: Outage) -> str:
    """Why the next recording is skipped."""
    with pytest.raises(TransientError) as caught:
        outage.check(ITEM)
    assert caught.value.code == "s3_unreachable"
    return caught.value.message


def test_if_s3_answers_nothing_the_rest_is_skipped_without_a_request() -> None:
    outage = after(S3(Reach.NOTHING), *[UNREACHABLE] * OUTAGE_AFTER)
    for _ in range(5):
        assert skipped(outage).startswith(
            "a.wav: skipped: S3 failed for 3 recordings in a row; the last error: s3://b/k"
        )


def test_if_s3_answers_for_others_each_recording_is_requested() -> None:
    answers = [Reach.BUCKET, Reach.OBJECT, Reach.BUCKET]
    outage = after(S3(*answers), *[UNREACHABLE] * OUTAGE_AFTER)
    assert skipped(outage).startswith("a.wav: skipped: S3 does not return it now; S3 failed for 3 recordings in a row")
    outage.check(ITEM)
    assert skipped(outage).startswith("a.wav: skipped: S3 does not return it now")


def test_recordings_that_fail_although_s3_answers_end_the_batch_as_well() -> None:
    assert "S3 failed for 6 recordings in a row" in skipped(after(S3(), *[UNREACHABLE] * MOST_FAILURES))


def test_a_recording_that_succeeds_ends_the_outage() -> None:
    outage = after(S3(Reach.NOTHING), *[UNREACHABLE] * OUTAGE_AFTER)
    skipped(outage)
    outage.note(None)
    outage.check(ITEM)


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
def test_otherwise_no_request_is_sent_to_s3(outcomes: tuple[Exception | None, ...]) -> None:
    after(S3(), *outcomes).check(ITEM)
