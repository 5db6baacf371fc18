"""What every task of ours has in common."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

from mediaindex.errors import TerminalError

# Where tasks queue: speech work by the machine's size, everything else freely.
SPEECH_POOL = "speech"
CATALOG_POOL = "catalog"

# By lane. Weights add up along a run's dozen tasks: even the last one of a backfill waits for the first fresh one.
PRIORITY = {"fresh": 100, "backfill": 1}
RUNS = {"fresh": 4, "backfill": 2}
INDEX_DAG = {"fresh": "index_recordings", "backfill": "index_recordings_backfill"}


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
        "retry_policy": ExceptionRetryPolicy([RetryRule(TerminalError, RetryAction.FAIL)]),
        "execution_timeout": timedelta(minutes=10),
        "pool": CATALOG_POOL,
        # The default rule starts new recordings before it finishes old ones.
        "weight_rule": "upstream",
        "priority_weight": PRIORITY[lane],
    }


SPEECH_TIMEOUT = timedelta(hours=4)
