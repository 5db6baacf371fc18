"""Index one batch of recordings: one run a batch, one task a stage."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Param, task

from mediaindex.contract.states import Lane
from mediaindex.orchestration.defaults import INDEX_DAG, RUNS, default_args, report_failed_run
from mediaindex.orchestration.speech_operator import SpeechStageOperator

DOC = """
## What
Takes one batch of recordings from the ledger to PostgreSQL and Elasticsearch: normalise, find speech, speakers and
language, decide by confidence, transcribe or ask a person, judge, find topics, load, publish.

## When it fails
* A **recording** that cannot be used never fails a run: on the ledger it is `quarantined`, with reason, class and stage
  (`mediaindex ledger dead-letters`). What may pass later is back in the queue, and tried later and later.
* A **task** is red when something around the recordings is wrong (a model is missing, a server is away). Its log's last
  line says what and how to mend it. Clear the task: what is done comes back from the artifacts. Left alone, the run's
  recordings are tried again by `sweep_ledger`, in a batch of their own.
* `finish` is red when a recording was left: by a red task (reason `run_failed`), or because Elasticsearch does not have
  its transcript yet (`not_published`: the outbox goes on trying, nothing is to be run again).

## By hand
`airflow dags trigger index_recordings --conf '{"batch_id": 7}'`

## Owner
mediaindex
"""

BATCH = "{{ params.batch_id }}"


@task.branch
def triage(batch_id: str) -> list[str]:
    """Which ways the batch goes on: one, the other, or both."""
    from mediaindex.orchestration import indexing

    return indexing.decide(int(batch_id))


@task
def queue_for_review(batch_id: str) -> int:
    """Ask a person about each recording that triage doubted."""
    from mediaindex.orchestration import indexing

    return indexing.queue_for_review(int(batch_id))


@task
def load_transcripts(batch_id: str) -> int:
    """From artifacts to PostgreSQL."""
    from mediaindex.orchestration import indexing

    return indexing.load_transcripts(int(batch_id))


@task(retries=10)  # nothing is lost while Elasticsearch is away; it only comes later
def publish(batch_id: str) -> dict[str, Any]:
    """From PostgreSQL to Elasticsearch."""
    from mediaindex.orchestration import indexing

    return indexing.publish(int(batch_id))


# Whatever happened before: every recording of the batch gets a state that says what became of it.
@task(trigger_rule="all_done")
def finish(batch_id: str) -> dict[str, Any]:
    """Settle the ledger; red where a recording was left."""
    from mediaindex.orchestration import indexing

    return indexing.finish(int(batch_id))


def wire(lane: Lane) -> None:
    """The way of a batch. Where a stage or a way is skipped, what follows it is too; `finish` runs in any case."""

    def speech(stage: str) -> SpeechStageOperator:
        return SpeechStageOperator(stage=stage, batch_id=BATCH, lane=lane)

    decision, asked, published, end = triage(BATCH), queue_for_review(BATCH), publish(BATCH), finish(BATCH)
    transcribe = speech("transcribe")
    heard, voices, language = speech("detect_speech"), speech("diarize"), speech("identify_language")
    speech("normalize") >> [heard, voices, language] >> decision
    # Not for what it reads: with two slots the longest of the three, diarization, would wait for the other two.
    heard >> language
    decision >> [transcribe, asked]
    transcribe >> speech("assess") >> speech("find_topics") >> load_transcripts(BATCH) >> published
    [asked, published] >> end


for lane, dag_id in INDEX_DAG.items():
    with DAG(
        dag_id=dag_id,
        description="One batch of recordings: audio in, searchable transcripts out",
        schedule=None,
        max_active_runs=RUNS[lane],
        is_paused_upon_creation=False,  # paused, it would swallow what discovery starts without a word
        default_args=default_args(lane),
        params={"batch_id": Param(type="integer", minimum=1, description="The batch, as the catalog numbers it")},
        on_failure_callback=report_failed_run,
        dagrun_timeout=timedelta(hours=24),
        doc_md=DOC,
        tags=["mediaindex", "speech", lane.value],
    ):
        wire(lane)
