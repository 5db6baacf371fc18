"""Copy new episodes of podcasts into S3, where discovery finds them."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import DAG, task

from mediaindex.orchestration.defaults import COLLECT_TIMEOUT, POOL, default_args, report_failed_run
from mediaindex.settings import ScheduleSettings

DOC = """
## What
Reads the feeds of all sources of kind `podcast` that are due, copies new and changed episodes into the source's bucket
and prefix, and keeps what the feeds say of them in the catalog. The source's own `discover_` DAG then finds the copies
like any upload. An episode keeps its key: a changed file is a new version of the same object.

## When it fails
* A feed or an episode that cannot be had does not turn anything red: it is tried again later and later. The log of
  `report` names each such feed; in the catalog see `feed_health`, and `episode.reason` for episodes given up.
* `collect` red: S3 or the catalog is away; the log says which. Clear it: what was copied is not copied again, and an
  unfinished copy goes on where it was.
* `private_address`: a feed leads into your own network. If that is meant, name the network in the source's
  `allowed_networks`.

## By hand
`airflow dags trigger collect_podcasts` visits what is due. To have a feed read now:
`update feed set next_try_at = now() where id = …`; an episode tried again: `update episode set state = 'wanted',
attempts = 0, not_before = null where id = …`.

## Owner
mediaindex
"""


@task
def due_feeds() -> list[list[int]]:
    """Groups of feeds to be visited now."""
    from mediaindex.orchestration import podcasts

    return podcasts.due_groups()


@task(pool=POOL, execution_timeout=COLLECT_TIMEOUT)  # the pool bounds how many are at work
def collect(feed_ids: list[int]) -> dict[str, int]:
    """Read these feeds and copy what is wanted."""
    from mediaindex.orchestration import podcasts

    return podcasts.collect(feed_ids)


@task(trigger_rule="all_done")  # above all when something went wrong
def report() -> int:
    """Say which feeds are not well."""
    from mediaindex.orchestration import podcasts

    return podcasts.report()


with DAG(
    dag_id="collect_podcasts",
    description="New and changed episodes of podcasts into S3",
    schedule=ScheduleSettings.read().podcast_schedule,
    start_date=datetime(2020, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=default_args(),
    on_failure_callback=report_failed_run,
    doc_md=DOC,
    tags=["mediaindex", "podcasts"],
):
    collect.expand(feed_ids=due_feeds()) >> report()
