"""Index uploads as S3 announces them on a queue."""

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
announced object is checked, claimed in the ledger and planned into a batch, and the batch's run is started. An object
that a `discover_` DAG finds too has the same row.

## When it fails
`receive` fails if S3, a queue or the catalog is unreachable, or the connection `mediaindex_sqs` is missing; the log
says which. The messages stay in the queue, hidden for five minutes, and are delivered again; the next listing finds
uploads whose message was lost. A message that is not an announcement is logged and dropped. If no events come while
listings find uploads, `check_events` of the `discover_` DAG fails.

## By hand
`airflow dags trigger receive_events` receives the messages that are in the queues now.

## Owner
mediaindex
"""


@task
def receive() -> list[dict[str, Any]]:
    """Claim announced objects and plan batches. Returns the arguments of a run for each batch without one."""
    from mediaindex.orchestration import discovery, events, starting

    asset_events = get_current_context().get("triggering_asset_events") or {}
    received = events.receive(sources.load(sources.path_from_environment()), events.of_run(asset_events))
    runs = [run for source in received.sources for run in discovery.batches_to_start(source)]
    return runs[: starting.LIMIT]


def watched(queue: str) -> Asset:
    """The queue with this URL as an asset. Messages stay in the queue until `receive` has processed them."""
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
    description="Index uploads as S3 announces them",
    schedule=AssetAny(*map(watched, queues)) if queues else None,
    max_active_runs=1,  # the next run receives all messages that come meanwhile
    is_paused_upon_creation=False,
    default_args=default_args(),
    on_failure_callback=report_failed_run,
    doc_md=DOC,
    tags=["mediaindex", "discovery", "events"],
):
    start_indexing(receive())
