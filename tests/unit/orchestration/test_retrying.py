from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import RetryAction, RetryRule

from mediaindex.catalog.batches.retry_policy import delay_s
from mediaindex.errors import BadMediaError, TerminalError, TransientError
from mediaindex.orchestration.retrying import JitteredRetryPolicy

POLICY = JitteredRetryPolicy([RetryRule(TerminalError, RetryAction.FAIL)])


def context(**task: Any) -> Any:
    usual = {"retry_delay": timedelta(seconds=30), "retry_exponential_backoff": 2.0, "max_retry_delay": None}
    return {"ti": SimpleNamespace(task=SimpleNamespace(**(usual | task)))}


def test_terminal_errors_are_not_retried() -> None:
    assert POLICY.evaluate(BadMediaError("no sound"), 1, 3, context()).action is RetryAction.FAIL


def test_runs_that_fail_together_are_retried_at_different_times() -> None:
    delays = {POLICY.evaluate(TransientError("S3"), 1, 3, context()).retry_delay for _ in range(20)}
    assert len(delays) == 20
    assert all(delay is not None and timedelta(seconds=15) <= delay <= timedelta(seconds=30) for delay in delays)


@pytest.mark.parametrize(("tries", "longest"), [(1, 30.0), (2, 60.0), (4, 240.0), (9, 900.0), (400, 900.0)])
def test_delays_double_up_to_a_limit(tries: int, longest: float) -> None:
    assert delay_s(30.0, 2.0, 900.0, tries, 0.0) == longest / 2
    assert delay_s(30.0, 2.0, 900.0, tries, 1.0) == longest


def test_a_retry_delay_of_zero_stays_zero() -> None:
    decision = POLICY.evaluate(TransientError("S3"), 1, 3, context(retry_delay=timedelta(0)))
    assert decision.retry_delay == timedelta(0)
