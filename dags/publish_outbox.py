"""Every few minutes: bring Elasticsearch up to date with the catalog."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import DAG, task

from mediaindex.config import schedules
from mediaindex.orchestration.defaults import default_args, report_failed_run

DOC = """
## What
Publishes every transcript that became current, and withdraws erased recordings and those that left their bucket, in the
order of the catalog's outbox. Indexing runs publish their own recordings; this DAG publishes the rest: after an outage
of Elasticsearch, a rejected document, or a crashed run. `sweep_ledger` then sets their state to `indexed`.

## When it fails
The outbox keeps all entries, and the next run continues. A task fails if Elasticsearch or the catalog is unreachable;
the log says which. A recording that Elasticsearch rejects does not fail a task: `mediaindex verify` lists it with the
reason. If the log says "created with an older template", run `mediaindex reindex`; searches and publications continue
meanwhile.

## By hand
`airflow dags trigger publish_outbox`

## Owner
mediaindex
"""


@task
def publish_due() -> dict[str, int]:
    """Publish and withdraw all recordings that are due."""
    from mediaindex.orchestration import publishing

    return publishing.publish_due()


@task
def close_erasures() -> int:
    """Close receipts that only waited for Elasticsearch."""
    from mediaindex.orchestration import publishing

    return publishing.close_erasures()


with DAG(
    dag_id="publish_outbox",
    description="Bring Elasticsearch up to date with the catalog",
    schedule=schedules.of_variable("outbox_schedule"),
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
