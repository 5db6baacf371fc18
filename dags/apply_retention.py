"""Every day: what is older than its source keeps it is removed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from airflow.sdk import DAG, task

from mediaindex.orchestration.defaults import default_args, report_failed_run
from mediaindex.settings import ScheduleSettings

DOC = """
## What
Applies each source's `retention` (days after the object's own date): `media_days` removes objects from their bucket,
`proxy_days` their normalised audio, `transcript_days` everything there is of a recording, with a receipt. What no
source limits is kept for ever. Before that, erasures that were killed or held up are completed.

## When it fails
Every step takes up where it was: clear the task, or leave it to the next day. Red with `s3_refused`: the policy lacks
s3:DeleteObject (and s3:DeleteObjectVersion), or a lock holds the object.

## By hand
`airflow dags trigger apply_retention`; one recording at once: `mediaindex erase KEY --reason …`

## Owner
mediaindex
"""


@task
def resume_erasures() -> int:
    """Complete what was begun."""
    from mediaindex.orchestration import retention

    return retention.resume_erasures()


@task(trigger_rule="all_done")  # one erasure that cannot go on must not keep everything else
def erase_expired() -> int:
    """Recordings past their transcript_days, whole."""
    from mediaindex.orchestration import retention

    return retention.erase_expired()


@task(trigger_rule="all_done")
def remove_media() -> int:
    """Objects past their media_days."""
    from mediaindex.orchestration import retention

    return retention.remove_media()


@task(trigger_rule="all_done")
def remove_proxies() -> int:
    """Normalised audio past its proxy_days."""
    from mediaindex.orchestration import retention

    return retention.remove_proxies()


@task  # so that a red step makes the run red
def all_applied(_results: list[int]) -> None:
    """The end."""


with DAG(
    dag_id="apply_retention",
    description="What is older than its source keeps it is removed",
    schedule=ScheduleSettings.read().retention_schedule,
    start_date=datetime(2020, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args=default_args() | {"execution_timeout": timedelta(hours=4)},
    on_failure_callback=report_failed_run,
    doc_md=DOC,
    tags=["mediaindex", "retention"],
):
    steps = [resume_erasures(), erase_expired(), remove_media(), remove_proxies()]
    for earlier, later in pairwise(steps):
        earlier >> later
    all_applied(steps)  # type: ignore[arg-type]
