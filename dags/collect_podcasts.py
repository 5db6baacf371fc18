"""Copy new episodes of podcasts into S3, where discovery finds them."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import DAG, task

from mediaindex.config import schedules
from mediaindex.orchestration.defaults import COLLECT_TIMEOUT, POOL, default_args, report_failed_run

DOC = """
## What
Reads the feeds that are due, of all sources of kind `podcast`, copies new and changed episodes into the source's bucket
and prefix, and stores their metadata in the catalog. The source's `discover_` DAG then finds the copies like uploads.
An episode keeps its key: a changed file is a new version of the same object.

## When it fails
* A feed or an episode that cannot be downloaded does not fail a task: it is retried at growing intervals. The log of
  `report` names each such feed; the catalog has the view `feed_health`, and `episode.reason` for episodes given up.
* `collect` fails if S3 or the catalog is unreachable; the log says which. Clear the task: copied episodes are not
  copied again, and an unfinished copy continues.
* `private_address`: a feed refers to a private network. If this is intended, add the network to the source's
  `allowed_networks`.

## By hand
`airflow dags trigger collect_podcasts` visits the feeds that are due. To read feed 7 now:
`update feed set next_try_at = now() where id = 7`. To retry episode 7: `update episode set state = 'wanted',
attempts = 0, not_before = null where id = 7`.

## Owner
mediaindex
"""


@task
def due_feeds() -> list[list[int]]:
    """Return the feeds that are due, in groups."""
    from mediaindex.orchestration import podcasts

    return podcasts.due_groups()


@task(pool=POOL, execution_timeout=COLLECT_TIMEOUT)  # the pool limits how many run in parallel
def collect(feed_ids: list[int]) -> dict[str, int]:
    """Read these feeds and copy their due episodes."""
    from mediaindex.orchestration import podcasts

    return podcasts.collect(feed_ids)


@task(trigger_rule="all_done")  # also, and most usefully, after a failure
def report() -> int:
    """Log which feeds fail."""
    from mediaindex.orchestration import podcasts

    return podcasts.report()


with DAG(
    dag_id="collect_podcasts",
    description="Copy new and changed episodes of podcasts into S3",
    schedule=schedules.of_variable("podcast_schedule"),
    start_date=datetime(2020, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=default_args(),
    on_failure_callback=report_failed_run,
    doc_md=DOC,
    tags=["mediaindex", "podcasts"],
):
    collect.expand(feed_ids=due_feeds()) >> report()
