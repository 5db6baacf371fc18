"""What happens when a run fails: one clear line, where people look first."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.sdk import Context

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
