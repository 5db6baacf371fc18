"""Every few minutes: queue recordings of ended runs again, and start retries that are due."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import DAG, get_current_context, task

from mediaindex.config import schedules
from mediaindex.orchestration.defaults import default_args, report_failed_run
from mediaindex.orchestration.start_indexing import start_indexing

DOC = """
## What
Finds batches whose run has failed, was ended or does not exist any more, and queues their unfinished recordings again,
or quarantines them after too many tries (`mediaindex ledger dead-letters`). Batches of another Airflow that uses the
same catalog are left to that one, unless it was not heard of for two days. Plans recordings whose wait has ended into
batches and starts their runs. Recordings that a fallback recogniser transcribed are queued again once the preferred
recogniser works. Records which DAGs are paused, for `mediaindex ledger list`, `verify` and `plan`.

## When it fails
`sweep` and `plan_due` fail if the catalog is unreachable. The next run does the same work.

## By hand
`airflow dags trigger sweep_ledger`

## Owner
mediaindex
"""


@task
def sweep() -> dict[str, int]:
    """Settle batches whose run has ended, and record which DAGs are paused."""
    from mediaindex.orchestration import paused
    from mediaindex.orchestration import sweep as sweeping

    def is_alive(dag_id: str, run_id: str) -> bool | None:
        runs = get_current_context()["ti"].get_dr_count
        if not runs(dag_id=dag_id, run_ids=[run_id]):
            return None
        return bool(runs(dag_id=dag_id, run_ids=[run_id], states=["queued", "running", "restarting"]))

    counts = sweeping.sweep(is_alive)
    paused.note(paused.from_task(get_current_context()["ti"]))
    return counts


@task
def plan_due() -> list[dict[str, Any]]:
    """Plan recordings that are due. Returns the arguments of a run for each batch without one."""
    from mediaindex.orchestration import sweep as sweeping

    return sweeping.plan_due()


with DAG(
    dag_id="sweep_ledger",
    description="Queue recordings of ended runs again; start retries that are due",
    schedule=schedules.of_variable("sweep_schedule"),
    start_date=datetime(2020, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args=default_args(),
    on_failure_callback=report_failed_run,
    doc_md=DOC,
    tags=["mediaindex", "ledger"],
):
    sweep()  # recordings that it queues have to wait first, so the next run plans them
    start_indexing(plan_due())
