"""Index one batch of recordings: one run a batch, one task a stage."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, task

from mediaindex.orchestration.callbacks import report_failed_run
from mediaindex.orchestration.defaults import default_args
from mediaindex.orchestration.speech_operator import SpeechStageOperator

DOC = """
## What
Takes one batch of recordings from the ledger to PostgreSQL and Elasticsearch: normalise, find speech, speakers and
language, decide by confidence, transcribe or ask a person, judge, find topics, load, publish.

## When it fails
* A **recording** that cannot be used never fails a run: `mediaindex ledger`'s table `media_object` has its state
  `quarantined`, with reason and stage.
* A **task** is red when something around the recordings is wrong (a model is missing, a server is away). Its log's last
  line says what and how to mend it. Clear the task: what is done comes back from the artifacts.
* `finish` is red when another task was: it has noted on the ledger which recordings were left.

## By hand
`airflow dags trigger index_recordings --conf '{"batch_id": 7}'`

## Owner
mediaindex
"""

BATCH = "{{ params.batch_id }}"


@dag(
    dag_id="index_recordings",
    description="One batch of recordings: audio in, searchable transcripts out",
    schedule=None,
    catchup=False,
    max_active_runs=4,
    default_args=default_args(),
    params={"batch_id": Param(type="integer", minimum=1, description="The batch, as the catalog numbers it")},
    on_failure_callback=report_failed_run,
    dagrun_timeout=timedelta(hours=24),
    doc_md=DOC,
    tags=["mediaindex", "speech"],
)
def index_recordings() -> None:
    """Wire the stages."""

    def speech(stage: str) -> SpeechStageOperator:
        return SpeechStageOperator(stage=stage, batch_id=BATCH)

    @task.branch
    def triage(params: dict[str, Any]) -> list[str]:
        from mediaindex.orchestration import indexing

        return indexing.decide(params["batch_id"])

    @task
    def queue_for_review(params: dict[str, Any]) -> int:
        from mediaindex.orchestration import indexing

        return indexing.queue_for_review(params["batch_id"])

    @task
    def load_transcripts(params: dict[str, Any]) -> int:
        from mediaindex.orchestration import indexing

        return indexing.load_transcripts(params["batch_id"])

    @task(retries=10)
    def publish(params: dict[str, Any]) -> dict[str, Any]:
        from mediaindex.orchestration import indexing

        return indexing.publish(params["batch_id"])

    # Whatever happened before: every recording of the batch gets a state that says what became of it.
    @task(trigger_rule="all_done")
    def finish(params: dict[str, Any]) -> dict[str, Any]:
        from mediaindex.orchestration import indexing

        return indexing.finish(params["batch_id"])

    decision, asked, published, end = triage(), queue_for_review(), publish(), finish()
    transcribe = speech("transcribe")
    speech("normalize") >> [speech("detect_speech"), speech("diarize"), speech("identify_language")] >> decision
    decision >> [transcribe, asked]
    transcribe >> speech("assess") >> speech("find_topics") >> load_transcripts() >> published
    [asked, published] >> end


index_recordings()
