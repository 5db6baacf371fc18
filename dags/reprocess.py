"""Make recordings again that a change of a stage, a model or a setting is about: one run, one request."""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, get_current_context, task

from mediaindex.orchestration.defaults import default_args, report_failed_run
from mediaindex.orchestration.reprocess_params import reprocess_params
from mediaindex.orchestration.start_indexing import start_indexing

DOC = """
## What
Puts recordings that were indexed, or wait for a person, back into the queue, and starts runs for them. Stages whose
version, models, settings and input are those of before come back from the artifacts: only what depends on the change is
computed. People read and find the old transcript until the new one is published. What cannot be made again (it fails,
or neither the recording nor its normalised audio is kept) goes back to where it was, with the reason `not_renewed`:
`mediaindex ledger list --reason not_renewed`.

## When it fails
* `choose` red: a param is wrong, or the catalog is away; its last line says which. Clear it: one run takes a recording
  once, however often it is tried.
* Batches without a run, after a crash, are started by `sweep_ledger`.
* Of the recordings themselves see `mediaindex ledger show KEY`: the request stands in their history.

## By hand
How many there are: `airflow dags trigger reprocess --conf '{"stage": "transcribe", "dry_run": true}'`
What an old model has written: `--conf '{"stage": "transcribe", "engine": "whisper-base", "language": "fr"}'`
After a change of settings, until nothing is left (the moment of the change keeps what is new out):
`--conf '{"stage": "find_topics", "run_before": "2026-03-01T12:00:00Z", "limit": 2000}'`
One source, one month, now: `--conf '{"sources": ["calls"], "from": "2026-02-01", "to": "2026-02-28", "lane": "fresh"}'`

## Owner
mediaindex
"""


@task
def choose() -> list[str]:
    """What was asked for goes back into the queue; the sources that have something to plan."""
    from mediaindex.orchestration import reprocessing

    context = get_current_context()
    return reprocessing.choose(dict(context["params"]), context["run_id"])


@task
def plan_batches(names: Any) -> list[dict[str, Any]]:
    """Batches for it; a run's arguments for each that has none."""
    from mediaindex.orchestration import reprocessing

    return reprocessing.plan_batches(names)


with DAG(
    dag_id="reprocess",
    description="Recordings that a change is about are made again; the old transcripts stay until then",
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
