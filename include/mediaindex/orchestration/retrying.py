"""When Airflow tries a failed task again: later and later, and never all at once."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryDecision

if TYPE_CHECKING:
    from airflow.sdk import Context

LONGEST = timedelta(minutes=15)


class JitteredRetryPolicy(ExceptionRetryPolicy):
    """What the rules do not fail at once is retried after the task's own delay, doubled each time, with jitter.

    Airflow's own jitter is a hash of DAG, task, logical date and try: our runs have no logical date, so that the same
    task of every run would come back in the same second.
    """

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Context | None = None
    ) -> RetryDecision:
        """The rules' word, or a retry with a delay of its own."""
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


def delay_s(first_s: float, factor: float, longest_s: float, try_number: int, draw: float) -> float:
    """Seconds after the nth try; half of them is left to chance (``draw`` in [0, 1))."""
    whole = min(longest_s, first_s * factor ** min(try_number - 1, 30))
    return whole / 2 + whole / 2 * draw


def _seconds(delay: timedelta | float) -> float:
    return delay.total_seconds() if isinstance(delay, timedelta) else float(delay)
