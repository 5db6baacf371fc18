"""Daily: remove recordings, audio and transcripts that are older than their source keeps them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from airflow.sdk import DAG, task

from mediaindex.config import schedules
from mediaindex.orchestration.defaults import default_args, report_failed_run

DOC = """
## What
Applies each source's `retention` (in days after the date of the object): `media_days` removes objects from their
bucket, `proxy_days` their normalised audio, `transcript_days` the whole recording, with a receipt. Without a limit they
are kept. Interrupted erasures are completed first.

## When it fails
Each task continues where it stopped: clear it, or wait for the next day. If a task fails with `s3_refused`, the policy
lacks s3:DeleteObject (and s3:DeleteObjectVersion), or the object is locked.

## By hand
`airflow dags trigger apply_retention`. To erase one recording now: `mediaindex erase KEY --reason REASON --yes`

## Owner
mediaindex
"""


@task
def resume_erasures() -> int:
    """Complete interrupted erasures."""
    from mediaindex.orchestration import retention

    return retention.resume_erasures()


@task(trigger_rule="all_done")  # an erasure that fails must not stop the other steps
def erase_expired() -> int:
    """Erase recordings past their transcript_days."""
    from mediaindex.orchestration import retention

    return retention.erase_expired()


@task(trigger_rule="all_done")
def remove_media() -> int:
    """Remove objects past their media_days."""
    from mediaindex.orchestration import retention

    return retention.remove_media()


@task(trigger_rule="all_done")
def remove_proxies() -> int:
    """Remove normalised audio past its proxy_days."""
    from mediaindex.orchestration import retention

    return retention.remove_proxies()


@task  # fails the run if a step has failed
def all_applied(_results: list[int]) -> None:
    """End the run."""


with DAG(
    dag_id="apply_retention",
    description="Remove what is older than its source's retention",
    schedule=schedules.of_variable("retention_schedule"),
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
