"""Find new recordings in S3: one DAG a source, generated from the sources file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, CronDataIntervalTimetable, task

from mediaindex.config import sources
from mediaindex.orchestration.callbacks import report_failed_run
from mediaindex.orchestration.connections import S3
from mediaindex.orchestration.defaults import CATALOG_POOL, default_args

DOC = """
## What
Waits until something lies under the source's prefix, lists it, writes what is new into the ledger, groups it into
batches and starts one run of `index_recordings` for each. An object is claimed once, whoever else announces it.

## When it fails
* `wait_for_recordings` skipped: nothing came during this interval. That is fine.
* `claim_new` red: S3 or the catalog is away; the log says which. Clear it: claiming twice claims once.
* A batch without a run, after a crash, is started by the next run of this DAG.

## By hand
`airflow dags trigger {dag_id}` · years at once: `airflow backfill create --dag-id {dag_id} --from-date A --to-date B`

## Owner
mediaindex
"""


@task
def claim_new(source: str, prefix: str, run_type: str) -> list[dict[str, Any]]:
    """What is new into the ledger and into batches; a run's arguments for each batch that has none."""
    from mediaindex.orchestration import discovery

    known = sources.load(sources.path_from_environment()).source(source)
    discovery.claim_new(known, prefix, "backfill" if run_type == "backfill" else known.lane)
    return discovery.batches_to_start(source)


@task(trigger_rule="none_failed")  # a run that was there already is skipped, and counts as started
def note_started(started: Any) -> None:
    """Remember which batches have their run."""
    from mediaindex.orchestration import discovery

    discovery.note_started(started)


def wire(source: sources.Source) -> None:
    """Wait, claim, start."""
    arrived = S3KeySensor(
        task_id="wait_for_recordings",
        bucket_name=source.bucket,
        bucket_key=f"{source.prefix}*",
        wildcard_match=True,
        aws_conn_id=S3,
        deferrable=True,
        soft_fail=True,
        poke_interval=source.sensor_poke_seconds,
        timeout=source.sensor_timeout_seconds,
        # A deferred wait is limited by `timeout`; this limits what runs on a worker.
        execution_timeout=timedelta(seconds=source.sensor_timeout_seconds + 60),
    )
    waiting = claim_new(source.name, source.prefix, "{{ dag_run.run_type }}")
    start = TriggerDagRunOperator.partial(
        task_id="start_indexing",
        logical_date=None,  # else two of them started in the same instant would collide
        skip_when_already_exists=True,
        pool=CATALOG_POOL,
        map_index_template="{{ task.trigger_run_id }}",
    ).expand_kwargs(waiting)
    arrived >> waiting >> start >> note_started(waiting)


for one in sources.load(sources.path_from_environment()).sources:
    with DAG(
        dag_id=f"discover_{one.name}",
        description=f"New recordings under s3://{one.bucket}/{one.prefix}",
        schedule=CronDataIntervalTimetable(one.schedule, timezone="UTC"),
        start_date=datetime(2020, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        default_args=default_args(),
        on_failure_callback=report_failed_run,
        doc_md=DOC.format(dag_id=f"discover_{one.name}"),
        tags=["mediaindex", "discovery", one.lane],
    ):
        wire(one)
