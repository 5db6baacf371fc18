"""The last tasks of every DAG that plans batches: start one run per batch, and record it."""

from __future__ import annotations

from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import task

from .defaults import CATALOG_POOL


@task(trigger_rule="none_failed_min_one_success")  # an existing run is skipped, and counts as started
def note_started(started: Any) -> None:
    """Record which batches have a run."""
    from . import starting

    starting.note_started(started)


def start_indexing(waiting: Any) -> None:
    """Add the tasks after ``waiting``, the task that returns the arguments of a run for each batch without one."""
    start = TriggerDagRunOperator.partial(
        task_id="start_indexing",
        logical_date=None,  # two runs with the same logical date would collide
        skip_when_already_exists=True,
        pool=CATALOG_POOL,
        map_index_template="{{ task.trigger_run_id }}",
    ).expand_kwargs(waiting)
    waiting >> start >> note_started(waiting)
