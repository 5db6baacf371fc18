"""The tasks at the end of every DAG that plans: start a run a batch, and remember it."""

from __future__ import annotations

from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import task

from .defaults import CATALOG_POOL


@task(trigger_rule="none_failed_min_one_success")  # a run that was there already is skipped, and counts as started
def note_started(started: Any) -> None:
    """Remember which batches have their run."""
    from . import starting

    starting.note_started(started)


def start_indexing(waiting: Any) -> None:
    """Wire the tasks behind ``waiting``, the task that gives a run's arguments for each batch without one."""
    start = TriggerDagRunOperator.partial(
        task_id="start_indexing",
        logical_date=None,  # else two of them started in the same instant would collide
        skip_when_already_exists=True,
        pool=CATALOG_POOL,
        map_index_template="{{ task.trigger_run_id }}",
    ).expand_kwargs(waiting)
    waiting >> start >> note_started(waiting)
