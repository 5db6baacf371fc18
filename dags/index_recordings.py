"""Index a batch of recordings: one run per batch, one task per stage."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, Param, task

from mediaindex.contract.dags import INDEX_DAG
from mediaindex.contract.states import Lane
from mediaindex.orchestration.defaults import RUNS, default_args, report_failed_run
from mediaindex.orchestration.speech_operator import SpeechStageOperator

if TYPE_CHECKING:  # the DAG processor loads what is named here once, before it starts a process per file
    import airflow.providers.standard.decorators.branch_python
    import airflow.providers.standard.operators.trigger_dagrun
    import airflow.sdk.bases.sensor
    import airflow.sdk.definitions.decorators
    import airflow.sdk.definitions.retry_policy  # noqa: F401  # from Airflow 3.3 on

DOC = """
## What
Indexes one batch of recordings: normalises the audio, detects speech, speakers and language, decides by confidence,
transcribes or opens a review, assesses the transcript, finds topics, loads it into PostgreSQL and publishes it to
Elasticsearch.

## When it fails
* A **recording** that cannot be used does not fail a run: its state becomes `quarantined`, with reason, class and stage
  (`mediaindex ledger dead-letters`). After a transient failure it goes back into the queue and is retried at growing
  intervals.
* A **task** fails because of an error outside of the recordings: a missing model, an unreachable server. The last line
  of its log says what to do. Clear the task: finished results are read from the artifacts. If you do nothing,
  `sweep_ledger` retries the recordings of the run in another batch.
* `finish` fails if a recording is unfinished: because of a failed task (reason `run_failed`), or because its transcript
  is not in Elasticsearch yet (`not_published`: `publish_outbox` keeps trying, and no task needs to run again).

## By hand
`airflow dags trigger index_recordings --conf '{"batch_id": 7}'`

## Owner
mediaindex
"""

BATCH = "{{ params.batch_id }}"


@task.branch
def triage(batch_id: str) -> list[str]:
    """Return the tasks that follow: transcription, review, or both."""
    from mediaindex.orchestration import indexing

    return indexing.decide(int(batch_id))


@task
def queue_for_review(batch_id: str) -> int:
    """Open a review for each recording that triage held back."""
    from mediaindex.orchestration import indexing

    return indexing.queue_for_review(int(batch_id))


@task
def load_transcripts(batch_id: str) -> int:
    """Load artifacts into PostgreSQL."""
    from mediaindex.orchestration import indexing

    return indexing.load_transcripts(int(batch_id))


@task(retries=10)  # an outage of Elasticsearch only delays the publication
def publish(batch_id: str) -> dict[str, Any]:
    """Publish from PostgreSQL to Elasticsearch."""
    from mediaindex.orchestration import indexing

    return indexing.publish(int(batch_id))


# Also after a failure: every recording of the batch gets a final state or a reason.
@task(trigger_rule="all_done")
def finish(batch_id: str) -> dict[str, Any]:
    """Set the final states; fail if a recording is unfinished."""
    from mediaindex.orchestration import indexing

    return indexing.finish(int(batch_id))


def wire(lane: Lane) -> None:
    """Add the tasks of a batch. Tasks after a skipped task are skipped too, except `finish`."""

    def speech(stage: str) -> SpeechStageOperator:
        return SpeechStageOperator(stage=stage, batch_id=BATCH, lane=lane)

    decision, asked, published, end = triage(BATCH), queue_for_review(BATCH), publish(BATCH), finish(BATCH)
    transcribe = speech("transcribe")
    speech_spans, speakers, language = speech("detect_speech"), speech("diarize"), speech("identify_language")
    speech("normalize") >> [speech_spans, speakers, language] >> decision
    # Not because of its input: with two slots, diarization, the longest of the three, would wait for the other two.
    speech_spans >> language
    decision >> [transcribe, asked]
    transcribe >> speech("assess") >> speech("find_topics") >> load_transcripts(BATCH) >> published
    [asked, published] >> end


for lane, dag_id in INDEX_DAG.items():
    with DAG(
        dag_id=dag_id,
        description="Index a batch of recordings: from audio to searchable transcripts",
        schedule=None,
        max_active_runs=RUNS[lane],
        is_paused_upon_creation=False,  # paused, it would silently hold the runs that discovery starts
        default_args=default_args(lane),
        params={"batch_id": Param(type="integer", minimum=1, description="The id of the batch in the catalog")},
        on_failure_callback=report_failed_run,
        dagrun_timeout=timedelta(hours=24),
        doc_md=DOC,
        tags=["mediaindex", "speech", lane.value],
    ):
        wire(lane)
