"""What every task of ours has in common."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import RetryAction, RetryRule

from mediaindex.catalog.batches.retry_policy import RetryPolicy
from mediaindex.contract.states import Lane
from mediaindex.errors import TerminalError
from mediaindex.settings import RetrySettings

from .retrying import JitteredRetryPolicy
from .time_limits import BACKFILL_TIME_FACTOR

if TYPE_CHECKING:
    from airflow.sdk import Context


# Where tasks queue: speech work by the machine's size and by lane, so that neither lane ever waits for a slot of the
# other's; everything else freely.
SPEECH_POOL = {Lane.FRESH: "speech", Lane.BACKFILL: "speech_backfill"}
CATALOG_POOL = "catalog"
# What a backfill computes with is what fresh work leaves over: a few percent of a busy machine, all of an idle one.
NICENESS = {Lane.FRESH: 0, Lane.BACKFILL: 19}
TIME_FACTOR = {Lane.FRESH: 1.0, Lane.BACKFILL: BACKFILL_TIME_FACTOR}

# By lane. Weights add up along a run's dozen tasks: even the last one of a backfill waits for the first fresh one.
PRIORITY = {Lane.FRESH: 100, Lane.BACKFILL: 1}
RUNS = {Lane.FRESH: 4, Lane.BACKFILL: 2}
INDEX_DAG = {Lane.FRESH: "index_recordings", Lane.BACKFILL: "index_recordings_backfill"}


# How long an announcement of an upload stays hidden from others while a run deals with it. Long enough to wait for a
# slot and to work; one that is given out twice does no harm.
EVENTS_HIDDEN_SECONDS = 300
# Recordings a sweep sends again, at most, once the recogniser that was missing is back.
FALLBACKS_A_SWEEP = 20


def retry_policy() -> RetryPolicy:
    """How often and how late a failed recording is tried again, as the environment says."""
    given = RetrySettings.read()
    return RetryPolicy(
        transient_attempts=given.transient_attempts,
        doubtful_attempts=given.doubtful_attempts,
        first_wait_s=given.backoff_seconds,
        longest_wait_s=given.backoff_longest_seconds,
    )


def default_args(lane: Lane = Lane.FRESH) -> dict[str, Any]:
    """Retries with backoff for what may pass, a limit on everything, and work begun before work to begin."""
    return {
        "owner": "mediaindex",
        "retries": 3,
        "retry_delay": timedelta(seconds=RetrySettings.read().retry_seconds),
        "retry_exponential_backoff": 2.0,  # the factor; True would count as 1: no backoff at all
        "max_retry_delay": timedelta(minutes=15),
        "retry_policy": JitteredRetryPolicy([RetryRule(TerminalError, RetryAction.FAIL)]),
        "execution_timeout": timedelta(minutes=10),
        "pool": CATALOG_POOL,
        # The default rule starts new recordings before it finishes old ones.
        "weight_rule": "upstream",
        "priority_weight": PRIORITY[lane],
    }


SPEECH_TIMEOUT = timedelta(hours=4)


POOL = "podcasts"
GROUPS = 16  # mapped tasks of a run at most, however many feeds there are
# After this a task begins no further episode, and the next run goes on; one episode may take an hour by WebLimits.
BEGIN_WITHIN_S = 45 * 60.0
COLLECT_TIMEOUT = timedelta(hours=3)
# A feed is asked again for ever, but ever more rarely; an episode is given up until its feed says something new of it.
FEED_RETRIES = RetryPolicy(first_wait_s=600.0, longest_wait_s=6 * 3600.0)
EPISODE_RETRIES = RetryPolicy(
    transient_attempts=12, doubtful_attempts=4, first_wait_s=600.0, longest_wait_s=12 * 3600.0
)


log = logging.getLogger(__name__)


def report_failed_run(context: Context) -> None:
    """Name the run, and what to do about it."""
    run = context["dag_run"]
    log.error(
        "%s %s failed: open the red task's log, mend the cause, then clear that task; what is done is not done again. "
        "Left alone, `sweep_ledger` tries its recordings again later",
        run.dag_id,
        run.run_id,
    )
