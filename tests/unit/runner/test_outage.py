from __future__ import annotations

import pytest

from mediaindex.errors import BadMediaError, ErrorCode, TransientError
from mediaindex.runner.outage import ENOUGH, Outage

AWAY = TransientError("s3://b/k: S3 cannot be reached", code=ErrorCode.S3_UNREACHABLE)


def after(*ends: Exception | None) -> Outage:
    outage = Outage()
    for end in ends:
        outage.note(end)
    return outage


def test_after_enough_in_a_row_the_next_is_not_tried_and_says_why() -> None:
    with pytest.raises(TransientError, match=r"a\.wav: not tried.*S3 cannot be reached") as caught:
        after(*[AWAY] * ENOUGH).check("a.wav")
    assert caught.value.code == "s3_unreachable"


@pytest.mark.parametrize(
    "ends",
    [
        (AWAY,) * (ENOUGH - 1),
        (*(AWAY,) * (ENOUGH - 1), None, AWAY),
        (BadMediaError("not media"),) * ENOUGH,
        (TransientError("out of memory", code=ErrorCode.OUT_OF_MEMORY),) * ENOUGH,
    ],
    ids=["too-few", "one-passed", "bad-files", "another-trouble"],
)
def test_otherwise_it_is_tried(ends: tuple[Exception | None, ...]) -> None:
    after(*ends).check("a.wav")
