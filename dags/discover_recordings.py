"""Find new recordings in S3: one DAG per source, generated from the sources file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, CronDataIntervalTimetable, Param, get_current_context, task

from mediaindex.config import sources
from mediaindex.contract.states import Lane
from mediaindex.orchestration.defaults import default_args, report_failed_run
from mediaindex.orchestration.start_indexing import start_indexing
from mediaindex.orchestration.waiting import WaitForRecordings, days_of_backfill, follows, kind_of

DOC = """
## What
Waits until the source's prefix has new objects, lists it, claims new and complete objects in the ledger, groups them
into batches and starts one run of `index_recordings` per batch. An object is claimed once, also if events announce it.
An object that is still being written, or is in an archive, has the state `seen` with the reason, and is checked again.

If the prefix has a date, a run also lists folders of earlier days: for `listing.late_days`, because uploads
may come late, and those of days without a run. The log of `claim_new` names them.

## When it fails
* `wait_for_recordings` is skipped if nothing new comes during the interval. This is normal.
* `claim_new` fails if S3 or the catalog is unreachable; the log says which. Clear the task: objects are not claimed
  twice.
* `check_events` fails if events no longer announce uploads and only listings find them; its last line says what to
  check.
* A batch without a run, after a crash, is started by the next run of this DAG.

## By hand
`airflow dags trigger {dag_id}`. For another prefix, or for a full listing as a repair:
`--conf '{{"prefix": "calls/2025-03-01/", "whole": true}}'`
For a period (if the prefix has no date: for what was last modified in it):
`airflow backfill create --dag-id {dag_id} --from-date DATE --to-date DATE`
While this DAG is paused, as new ones are, all of these stay queued: `airflow dags unpause {dag_id}`

## Owner
mediaindex
"""


@task
def claim_new(source: str, prefix: Any) -> list[dict[str, Any]]:
    """Claim new objects and plan batches. Returns the arguments of a run for each batch without one."""
    from mediaindex.orchestration import discovery

    known = sources.load(sources.path_from_environment()).source(source)
    context = get_current_context()
    lane = Lane.BACKFILL if kind_of(context["dag_run"]) == "backfill" else known.lane
    discovery.claim_new(
        known,
        prefix,
        lane,
        whole=bool(context["params"].get("whole")),
        follow=follows(context),
        between=days_of_backfill(context, known),
    )
    return discovery.batches_to_start(source)


@task(trigger_rule="all_done")  # also if nothing new came
def check_events(source: str) -> None:
    """Fail if uploads are not announced any more."""
    from mediaindex.orchestration import discovery

    discovery.check_events(source)


def wire(source: sources.Source) -> None:
    """Add the tasks of a source: wait, claim, start."""
    arrived = WaitForRecordings(
        task_id="wait_for_recordings",
        source_name=source.name,
        prefix=source.prefix,
        poke_seconds=source.sensor_poke_seconds,
        timeout_seconds=source.sensor_timeout_seconds,
        # The deferred wait has its own limit; this one limits the time on a worker.
        execution_timeout=timedelta(seconds=source.sensor_timeout_seconds + 60),
    )
    waiting = claim_new(source.name, arrived.output)
    arrived >> waiting
    start_indexing(waiting)
    if source.events:
        waiting >> check_events(source.name)


for source in sources.load(sources.path_from_environment()).sources:
    with DAG(
        dag_id=f"discover_{source.name}",
        description=f"New recordings under s3://{source.bucket}/{source.prefix}",
        schedule=CronDataIntervalTimetable(source.schedule, timezone="UTC"),
        start_date=datetime(2020, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        default_args=default_args(),
        params={
            "prefix": Param(None, type=["null", "string"], description="List this prefix instead of the source's"),
            "whole": Param(False, type="boolean", description="List from the first key, as a repair"),
        },
        on_failure_callback=report_failed_run,
        doc_md=DOC.format(dag_id=f"discover_{source.name}"),
        tags=["mediaindex", "discovery", source.lane.value],
    ):
        wire(source)
