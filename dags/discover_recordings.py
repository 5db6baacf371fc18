"""Find new recordings in S3: one DAG a source, generated from the sources file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, CronDataIntervalTimetable, Param, get_current_context, task

from mediaindex.config import sources
from mediaindex.contract.states import Lane
from mediaindex.orchestration.defaults import default_args, report_failed_run
from mediaindex.orchestration.start_indexing import start_indexing
from mediaindex.orchestration.waiting import WaitForRecordings, kind_of

DOC = """
## What
Waits until something new lies under the source's prefix, lists it, writes what is new and whole into the ledger, groups
it into batches and starts one run of `index_recordings` for each. An object is claimed once, whoever else announces it.
What is still being written, or lies in an archive, is `seen` with the reason, and is looked at again.

## When it fails
* `wait_for_recordings` skipped: nothing came during this interval. That is fine.
* `claim_new` red: S3 or the catalog is away; the log says which. Clear it: claiming twice claims once.
* `check_events` red: uploads are no longer announced, only listings find them; its last line says what to check.
* A batch without a run, after a crash, is started by the next run of this DAG.

## By hand
`airflow dags trigger {dag_id}` · another prefix, or a listing from the first key on, as a repair:
`--conf '{{"prefix": "calls/2025-03-01/", "whole": true}}'`
Years at once: `airflow backfill create --dag-id {dag_id} --from-date A --to-date B`

## Owner
mediaindex
"""


@task
def claim_new(source: str, prefix: Any) -> list[dict[str, Any]]:
    """What is new into the ledger and into batches; a run's arguments for each batch that has none."""
    from mediaindex.orchestration import discovery

    known = sources.load(sources.path_from_environment()).source(source)
    context = get_current_context()
    lane = Lane.BACKFILL if kind_of(context["dag_run"]) == "backfill" else known.lane
    discovery.claim_new(known, prefix, lane, whole=bool(context["params"].get("whole")))
    return discovery.batches_to_start(source)


@task(trigger_rule="all_done")  # above all where nothing came
def check_events(source: str) -> None:
    """Red where uploads are announced no longer."""
    from mediaindex.orchestration import discovery

    discovery.check_events(source)


def wire(source: sources.Source) -> None:
    """Wait, claim, start."""
    arrived = WaitForRecordings(
        task_id="wait_for_recordings",
        source_name=source.name,
        prefix=source.prefix,
        poke_seconds=source.sensor_poke_seconds,
        timeout_seconds=source.sensor_timeout_seconds,
        # A deferred wait has a limit of its own; this limits what runs on a worker.
        execution_timeout=timedelta(seconds=source.sensor_timeout_seconds + 60),
    )
    waiting = claim_new(source.name, arrived.output)
    arrived >> waiting
    start_indexing(waiting)
    if source.events:
        waiting >> check_events(source.name)


for one in sources.load(sources.path_from_environment()).sources:
    with DAG(
        dag_id=f"discover_{one.name}",
        description=f"New recordings under s3://{one.bucket}/{one.prefix}",
        schedule=CronDataIntervalTimetable(one.schedule, timezone="UTC"),
        start_date=datetime(2020, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        default_args=default_args(),
        params={
            "prefix": Param(None, type=["null", "string"], description="List this instead of the source's own prefix"),
            "whole": Param(False, type="boolean", description="List from the first key on, as a repair"),
        },
        on_failure_callback=report_failed_run,
        doc_md=DOC.format(dag_id=f"discover_{one.name}"),
        tags=["mediaindex", "discovery", one.lane.value],
    ):
        wire(one)
