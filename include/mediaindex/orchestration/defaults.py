"""What every task of ours has in common."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

from airflow.sdk import RetryAction, RetryRule

from mediaindex.catalog.patience import Patience
from mediaindex.errors import TerminalError

from .retrying import JitteredRetryPolicy
from .time_limits import BACKFILL_PATIENCE

# Where tasks queue: speech work by the machine's size and by lane, so that neither lane ever waits for a slot of the
# other's; everything else freely.
SPEECH_POOL = {"fresh": "speech", "backfill": "speech_backfill"}
CATALOG_POOL = "catalog"
# What a backfill computes with is what fresh work leaves over: a few percent of a busy machine, all of an idle one.
NICENESS = {"fresh": 0, "backfill": 19}
PATIENCE = {"fresh": 1.0, "backfill": BACKFILL_PATIENCE}

# By lane. Weights add up along a run's dozen tasks: even the last one of a backfill waits for the first fresh one.
PRIORITY = {"fresh": 100, "backfill": 1}
RUNS = {"fresh": 4, "backfill": 2}
INDEX_DAG = {"fresh": "index_recordings", "backfill": "index_recordings_backfill"}


# How often the ledger is swept for what dead runs left. Tests sweep more often.
SWEEP_SCHEDULE = os.environ.get("MEDIAINDEX_SWEEP_SCHEDULE") or "*/5 * * * *"
# How long an announcement of an upload stays hidden from others while a run deals with it. Long enough to wait for a
# slot and to work; one that is given out twice does no harm.
EVENTS_HIDDEN_SECONDS = 300
# Recordings a sweep sends again, at most, once the recogniser that was missing is back.
FALLBACKS_A_SWEEP = 20


def patience() -> Patience:
    """How often and how late a failed recording is tried again; the defaults, or what the environment says."""
    usual = Patience()
    return Patience(
        transient_attempts=int(os.environ.get("MEDIAINDEX_TRANSIENT_ATTEMPTS") or usual.transient_attempts),
        doubtful_attempts=int(os.environ.get("MEDIAINDEX_DOUBTFUL_ATTEMPTS") or usual.doubtful_attempts),
        first_wait_s=float(os.environ.get("MEDIAINDEX_BACKOFF_SECONDS") or usual.first_wait_s),
        longest_wait_s=float(os.environ.get("MEDIAINDEX_BACKOFF_LONGEST_SECONDS") or usual.longest_wait_s),
    )


def _seconds(variable: str, default: float) -> timedelta:
    return timedelta(seconds=float(os.environ.get(variable) or default))


def default_args(lane: str = "fresh") -> dict[str, Any]:
    """Retries with backoff for what may pass, a limit on everything, and work begun before work to begin."""
    return {
        "owner": "mediaindex",
        "retries": 3,
        "retry_delay": _seconds("MEDIAINDEX_RETRY_SECONDS", 30),
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
