from __future__ import annotations

from itertools import pairwise

import pytest

from mediaindex.catalog.batches.retry_policy import RetryPolicy, group_limit
from mediaindex.errors import FailureClass


def test_each_class_has_its_number_of_attempts() -> None:
    assert {one: RetryPolicy().attempts(one) for one in FailureClass} == {"terminal": 1, "doubtful": 3, "transient": 8}


def test_waits_grow_to_a_limit_and_take_hours_in_total() -> None:
    policy = RetryPolicy()
    waits = [policy.wait_s(n, 0.5) for n in range(1, policy.transient_attempts)]
    assert all(before <= after for before, after in pairwise(waits))
    assert waits[-1] <= policy.longest_wait_s
    assert 2 * 3600 <= sum(waits) <= 4 * 3600
    assert policy.wait_s(10_000, 1.0) == policy.longest_wait_s


def test_half_of_a_wait_is_random() -> None:
    assert (RetryPolicy().wait_s(1, 0.0), RetryPolicy().wait_s(1, 1.0)) == (60.0, 120.0)


@pytest.mark.parametrize(
    ("attempts", "code", "failure_class", "limit"),
    [
        (0, None, None, 50),
        (1, "s3_busy", "transient", 50),
        (1, "crashed_speech_process", "doubtful", 1),
        (1, "run_failed", "transient", 25),
        (3, "run_failed", "transient", 6),
        (60, "run_failed", "transient", 1),
    ],
)
def test_the_group_limit_depends_on_the_failure(
    attempts: int, code: str | None, failure_class: str | None, limit: int
) -> None:
    assert group_limit(50, attempts, code, failure_class) == limit
