"""Every few minutes: Elasticsearch catches up with the catalog."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import DAG, task

from mediaindex.orchestration.defaults import default_args, report_failed_run
from mediaindex.settings import ScheduleSettings

DOC = """
## What
Publishes every transcript that became current and takes away what was erased or left its bucket, in the order of the
catalog's outbox. Runs do this for their own recordings already; here follows what they could not: because Elasticsearch
was away, because it refused a document, because a run died. `sweep_ledger` then calls those recordings indexed.

## When it fails
Nothing is lost: the outbox keeps what is due, and the next run goes on. Red: Elasticsearch or the catalog is away; the
log says which. A recording that Elasticsearch refuses makes no run red: `mediaindex verify` lists it with the reason.
"made by an older template": run `mediaindex reindex`; searches and publications go on meanwhile.

## By hand
`airflow dags trigger publish_outbox`

## Owner
mediaindex
"""


@task
def publish_due() -> dict[str, int]:
    """Publish and withdraw all that is due."""
    from mediaindex.orchestration import publishing

    return publishing.publish_due()


@task
def close_erasures() -> int:
    """Close receipts that only waited for Elasticsearch."""
    from mediaindex.orchestration import publishing

    return publishing.close_erasures()


with DAG(
    dag_id="publish_outbox",
    description="Elasticsearch catches up with the catalog",
    schedule=ScheduleSettings.read().outbox_schedule,
    start_date=datetime(2020, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args=default_args() | {"retries": 1},  # the next run is the retry
    on_failure_callback=report_failed_run,
    doc_md=DOC,
    tags=["mediaindex", "search"],
):
    publish_due() >> close_erasures()
