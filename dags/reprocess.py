"""Index recordings again after a change of a stage, a model or a setting: one run per request."""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, get_current_context, task

from mediaindex.orchestration.defaults import default_args, report_failed_run
from mediaindex.orchestration.reprocess_params import reprocess_params
from mediaindex.orchestration.start_indexing import start_indexing

DOC = """
## What
Queues recordings that are indexed or in review again, and starts runs for them. Results of stages with the same
version, models, settings and input are read from the artifacts: only results that depend on the change are computed.
The old transcript stays readable and searchable until the new one is published. A recording that cannot be indexed
again (it fails, or neither the object nor its normalised audio is kept) returns to its former state, with the reason
`not_renewed`: `mediaindex ledger list --reason not_renewed`.

## When it fails
* `choose` fails if a param is invalid or the catalog is unreachable; its last line says which. Clear the task: a run
  queues a recording once, also after retries.
* Batches without a run, after a crash, are started by `sweep_ledger`.
* `mediaindex ledger show KEY` shows the request in the history of a recording.

## By hand
To count recordings: `airflow dags trigger reprocess --conf '{"stage": "transcribe", "dry_run": true}'`
Transcripts of an old model: `--conf '{"stage": "transcribe", "engine": "whisper-base", "language": "fr"}'`
After a change of settings, until no recording is left (the time of the change excludes newer results):
`--conf '{"stage": "find_topics", "run_before": "2026-03-01T12:00:00Z", "limit": 2000}'`
One source and month, now: `--conf '{"sources": ["calls"], "from": "2026-02-01", "to": "2026-02-28", "lane": "fresh"}'`

## Owner
mediaindex
"""


@task
def choose() -> list[str]:
    """Queue the requested recordings. Returns the names of sources with recordings to plan."""
    from mediaindex.orchestration import reprocessing

    context = get_current_context()
    return reprocessing.choose(dict(context["params"]), context["run_id"])


@task
def plan_batches(names: Any) -> list[dict[str, Any]]:
    """Plan batches. Returns the arguments of a run for each batch without one."""
    from mediaindex.orchestration import reprocessing

    return reprocessing.plan_batches(names)


with DAG(
    dag_id="reprocess",
    description="Index recordings again after a change; the old transcripts stay until then",
    schedule=None,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args=default_args(),
    params=reprocess_params(),
    on_failure_callback=report_failed_run,
    doc_md=DOC,
    tags=["mediaindex", "reprocess"],
):
    start_indexing(plan_batches(choose()))
