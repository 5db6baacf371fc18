from __future__ import annotations

from itertools import pairwise

import pytest

from mediaindex.catalog.batches.retry_policy import Patience, group_limit


def test_each_class_has_its_number_of_tries() -> None:
    assert [Patience().attempts(kind) for kind in ("terminal", "doubtful", "transient")] == [1, 3, 8]


def test_waits_grow_to_a_limit_and_last_hours_before_it_is_given_up() -> None:
    patience = Patience()
    waits = [patience.wait_s(n, 0.5) for n in range(1, patience.transient_attempts)]
    assert all(before <= after for before, after in pairwise(waits))
    assert waits[-1] <= patience.longest_wait_s
    assert 2 * 3600 <= sum(waits) <= 4 * 3600
    assert patience.wait_s(10_000, 1.0) == patience.longest_wait_s


def test_half_of_a_wait_is_chance() -> None:
    assert (Patience().wait_s(1, 0.0), Patience().wait_s(1, 1.0)) == (60.0, 120.0)


@pytest.mark.parametrize(
    ("attempts", "code", "kind", "limit"),
    [
        (0, None, None, 50),
        (1, "s3_busy", "transient", 50),
        (1, "crashed_speech_process", "doubtful", 1),
        (1, "run_failed", "transient", 25),
        (3, "run_failed", "transient", 6),
        (60, "run_failed", "transient", 1),
    ],
)
def test_company_that_it_cannot_harm(attempts: int, code: str | None, kind: str | None, limit: int) -> None:
    assert group_limit(50, attempts, code, kind) == limit
