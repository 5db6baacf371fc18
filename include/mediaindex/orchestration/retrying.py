"""When Airflow retries a failed task: with growing, random delays."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryDecision

from mediaindex.catalog.batches.retry_policy import delay_s

if TYPE_CHECKING:
    from airflow.sdk import Context

LONGEST = timedelta(minutes=15)


class JitteredRetryPolicy(ExceptionRetryPolicy):
    """Retry what the rules do not fail, after the task's delay, doubled at each retry, with jitter.

    Airflow's own jitter is a hash of DAG, task, logical date and try number. Runs of this project have no logical date,
    so the same task of all runs would be retried in the same second.
    """

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Context | None = None
    ) -> RetryDecision:
        """The decision of the rules or, without one, a retry with a jittered delay."""
        decision = super().evaluate(exception, try_number, max_tries, context)
        if decision.action is not RetryAction.DEFAULT or context is None:
            return decision
        task = context["ti"].task
        delay = delay_s(
            _seconds(task.retry_delay),
            float(task.retry_exponential_backoff or 1),
            _seconds(task.max_retry_delay or LONGEST),
            try_number,
            random.random(),  # noqa: S311  # spreads load, guards nothing
        )
        return RetryDecision.retry(timedelta(seconds=delay))


def _seconds(delay: timedelta | float) -> float:
    return delay.total_seconds() if isinstance(delay, timedelta) else float(delay)
