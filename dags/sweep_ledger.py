"""Every few minutes: what dead runs left goes on, and what waits for another try gets it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import DAG, get_current_context, task

from mediaindex.orchestration.defaults import default_args, report_failed_run
from mediaindex.orchestration.start_indexing import start_indexing
from mediaindex.settings import ScheduleSettings

DOC = """
## What
Looks for batches whose run has failed, was ended or vanished, and puts the recordings that it left back into the queue
(after too many tries: into quarantine, see `mediaindex ledger dead-letters`). Then plans every recording whose waiting
time is over into batches and starts their runs. Recordings that a fallback recogniser wrote are sent again once the
preferred one works.

## When it fails
Nothing is lost: the next run does the same. `sweep` or `plan_due` red: the catalog is away; the log says so.

## By hand
`airflow dags trigger sweep_ledger`

## Owner
mediaindex
"""


@task
def sweep() -> dict[str, int]:
    """Settle batches whose run has ended."""
    from mediaindex.orchestration import sweep as sweeping

    def is_alive(dag_id: str, run_id: str) -> bool:
        alive = ["queued", "running", "restarting"]
        return bool(get_current_context()["ti"].get_dr_count(dag_id=dag_id, run_ids=[run_id], states=alive))

    return sweeping.sweep(is_alive)


@task
def plan_due() -> list[dict[str, Any]]:
    """Batches for what may be tried now; a run's arguments for each that has none."""
    from mediaindex.orchestration import sweep as sweeping

    return sweeping.plan_due()


with DAG(
    dag_id="sweep_ledger",
    description="What dead runs left goes on; what waits for another try gets it",
    schedule=ScheduleSettings.read().sweep_schedule,
    start_date=datetime(2020, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args=default_args(),
    on_failure_callback=report_failed_run,
    doc_md=DOC,
    tags=["mediaindex", "ledger"],
):
    sweep()  # what it puts back waits for its time anyway: the next run plans it
    start_indexing(plan_due())
