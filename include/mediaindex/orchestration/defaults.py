"""Settings that tasks have in common: pools, priorities, retries, time limits."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mediaindex.catalog.batches.retry_policy import RetryPolicy
from mediaindex.contract.states import Lane
from mediaindex.errors import TerminalError
from mediaindex.printable import logger
from mediaindex.settings import RetrySettings

from .time_limits import BACKFILL_TIME_FACTOR
from .versions import has_retry_policies

if TYPE_CHECKING:
    from airflow.sdk import Context


# Speech work has a pool per lane, sized for the machine, so that no lane waits for slots of the other. All other tasks
# share one.
SPEECH_POOL = {Lane.FRESH: "speech", Lane.BACKFILL: "speech_backfill"}
CATALOG_POOL = "catalog"
# A backfill gets the CPU time that fresh work leaves over: a few percent of a busy machine, all of an idle one.
NICENESS = {Lane.FRESH: 0, Lane.BACKFILL: 19}
TIME_FACTOR = {Lane.FRESH: 1.0, Lane.BACKFILL: BACKFILL_TIME_FACTOR}

# Per lane. Weights add up along a run's dozen tasks: even the last task of a backfill waits for the first fresh one.
PRIORITY = {Lane.FRESH: 100, Lane.BACKFILL: 1}
RUNS = {Lane.FRESH: 4, Lane.BACKFILL: 2}


# Seconds for which a received announcement of an upload is hidden in the queue: enough to wait for a slot and to work.
# A message that is delivered twice does no harm.
EVENTS_HIDDEN_SECONDS = 300
# Most recordings that one sweep queues again once the recogniser that failed works again.
FALLBACKS_A_SWEEP = 20


def retry_policy() -> RetryPolicy:
    """How often and after which waits a failed recording is tried again, from the environment."""
    settings = RetrySettings.read()
    return RetryPolicy(
        transient_attempts=settings.transient_attempts,
        doubtful_attempts=settings.doubtful_attempts,
        first_wait_s=settings.backoff_seconds,
        longest_wait_s=settings.backoff_longest_seconds,
    )


def default_args(lane: Lane = Lane.FRESH) -> dict[str, Any]:
    """Arguments of every task: retries with backoff except for terminal errors, a time limit, pool and priority."""
    return {
        "owner": "mediaindex",
        "retries": 3,
        "retry_delay": timedelta(seconds=RetrySettings.read().retry_seconds),
        "retry_exponential_backoff": 2.0,  # the factor; True would mean 1, which is no backoff
        "max_retry_delay": timedelta(minutes=15),
        **_task_retry_policy(),
        "execution_timeout": timedelta(minutes=10),
        "pool": CATALOG_POOL,
        # The default rule would start new recordings before finishing those in progress.
        "weight_rule": "upstream",
        "priority_weight": PRIORITY[lane],
    }


def _task_retry_policy() -> dict[str, Any]:
    """Terminal errors fail at once. Airflow before 3.3 cannot tell errors apart, and retries all of them."""
    if not has_retry_policies():
        return {}
    from airflow.sdk import RetryAction, RetryRule

    from .retrying import JitteredRetryPolicy

    return {"retry_policy": JitteredRetryPolicy([RetryRule(TerminalError, RetryAction.FAIL)])}


SPEECH_TIMEOUT = timedelta(hours=4)


POOL = "podcasts"
GROUPS = 16  # most mapped tasks of a run, for any number of feeds
# After this time a task begins no further episode; the next run continues. WebLimits allows an episode one hour.
BEGIN_WITHIN_S = 45 * 60.0
COLLECT_TIMEOUT = timedelta(hours=3)
# A feed is retried without end, at growing intervals; an episode is given up until its feed changes it.
FEED_RETRIES = RetryPolicy(first_wait_s=600.0, longest_wait_s=6 * 3600.0)
EPISODE_RETRIES = RetryPolicy(
    transient_attempts=12, doubtful_attempts=4, first_wait_s=600.0, longest_wait_s=12 * 3600.0
)


log = logger(__name__)


def report_failed_run(context: Context) -> None:
    """Log which run failed and how to continue it."""
    run = context["dag_run"]
    log.error(
        "%s %s failed: read the log of the failed task, fix the cause, then clear the task; finished work is not "
        "repeated. If you do nothing, `sweep_ledger` retries its recordings later",
        run.dag_id,
        run.run_id,
    )
