"""Uploads as they land: S3 announces them on a queue, and they enter the same ledger that listings fill."""

from __future__ import annotations

from typing import Any

from airflow.providers.amazon.aws.triggers.sqs import SqsSensorTrigger
from airflow.sdk import DAG, Asset, AssetAny, AssetWatcher, get_current_context, task

from mediaindex.config import sources
from mediaindex.orchestration.connections import SQS
from mediaindex.orchestration.defaults import EVENTS_HIDDEN_SECONDS, default_args, report_failed_run
from mediaindex.orchestration.start_indexing import start_indexing

DOC = """
## What
Watches the queues on which S3 announces uploads (`event_queues` in the sources file, or MEDIAINDEX_EVENT_QUEUES). Each
announced object is looked at, written into the ledger, planned and started. What `discover_…` also finds is the same
row.

## When it fails
`receive` red: S3, the queue or the catalog is away, or the connection `mediaindex_sqs` is missing; the log says which.
The messages are still in the queue (hidden for five minutes) and come again; what is lost all the same is found by the
next listing. A message that is no announcement is named in the log and dropped. Silence while listings still find
uploads turns `check_events` of `discover_…` red.

## By hand
`airflow dags trigger receive_events` takes what lies in the queues now.

## Owner
mediaindex
"""


@task
def receive() -> list[dict[str, Any]]:
    """Announcements into the ledger and into batches; a run's arguments for each batch that has none."""
    from mediaindex.orchestration import discovery, events, starting

    found = get_current_context().get("triggering_asset_events") or {}
    done = events.receive(sources.load(sources.path_from_environment()), events.of_run(found))
    waiting = [one for source in done.sources for one in discovery.batches_to_start(source)]
    return waiting[: starting.LIMIT]


def watched(queue: str) -> Asset:
    """The queue, by its address. Its messages stay in it until `receive` has dealt with them."""
    trigger = SqsSensorTrigger(
        sqs_queue=queue,
        aws_conn_id=SQS,
        max_messages=10,
        wait_time_seconds=20,
        waiter_delay=1,
        visibility_timeout=EVENTS_HIDDEN_SECONDS,
        delete_message_on_reception=False,
    )
    return Asset(name=queue, uri=queue, watchers=[AssetWatcher(name="announcements", trigger=trigger)])


queues = sources.load(sources.path_from_environment()).queues

with DAG(
    dag_id="receive_events",
    description="Recordings that S3 announces, into the ledger as they land",
    schedule=AssetAny(*map(watched, queues)) if queues else None,
    max_active_runs=1,  # what comes meanwhile waits for the next run, which takes all of it
    is_paused_upon_creation=False,
    default_args=default_args(),
    on_failure_callback=report_failed_run,
    doc_md=DOC,
    tags=["mediaindex", "discovery", "events"],
):
    start_indexing(receive())
