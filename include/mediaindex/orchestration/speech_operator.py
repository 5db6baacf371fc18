"""One speech stage over one batch, as an Airflow operator."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from mediaindex.contract.states import ItemStatus, Lane
from mediaindex.errors import ConfigError, TerminalError, TransientError
from mediaindex.settings import SpeechSettings

from . import connections
from .child import NothingToDoError, SpeechChild, child_environment
from .defaults import NICENESS, SPEECH_POOL, SPEECH_TIMEOUT, TIME_FACTOR
from .splitting import run_split, timed

if TYPE_CHECKING:
    from airflow.sdk import Context

    from mediaindex.contract.job import JobResult

    from .batch_job import Work


class SpeechStageOperator(BaseOperator):
    """Run ``stage`` in the speech environment over the items of a batch that are alive and may take it.

    :param stage: name of the stage, one of ``mediaindex.runner.bindings``
    :param batch_id: id of the batch in the catalog (templated)
    :param lane: fresh or backfill: whose slots, and whose share of the processors

    Exit codes of the child become Airflow's ways to end: 0 done · 10 failed for good · 11 skipped · 75 or an unknown
    one: retried. An item that fails is noted on the ledger and never takes the others along, not even one that kills
    the child or makes it hang: the batch is then run in halves. Only items that may pass another time make the task
    retry; after the last try they go back into the queue. What is done comes back from the artifacts.
    """

    template_fields: Sequence[str] = ("batch_id",)
    ui_color = "#e4f0e8"

    def __init__(self, *, stage: str, batch_id: str, lane: Lane = Lane.FRESH, **kwargs: Any) -> None:
        kwargs.setdefault("task_id", stage)
        kwargs.setdefault("pool", SPEECH_POOL[lane])
        kwargs.setdefault("execution_timeout", SPEECH_TIMEOUT)
        super().__init__(**kwargs)
        self.stage = stage
        self.batch_id = batch_id
        self.lane = lane
        self._child: SpeechChild | None = None

    def execute(self, context: Context) -> dict[str, Any]:
        """Small numbers for XCom: how many were done, cached and failed, and how fast."""
        from . import batch_job

        batch_id = int(self.batch_id)
        if self.stage == batch_job.FIRST_STAGE:
            run = context["dag_run"]
            batch_job.take_over(batch_id, run.dag_id, run.run_id)
        work = batch_job.speech_work(batch_id, self.stage)
        if not work.job.items:
            raise AirflowSkipException(f"{self.stage}: no recording of batch {batch_id} is left for it")
        result = self._run(work)
        last_try = context["ti"].try_number > (context["ti"].max_tries or 0)
        waiting = batch_job.record(batch_id, result, last_try=last_try)
        if waiting:
            raise TransientError(
                f"{self.stage}: {waiting} of {len(work.job.items)} may pass another time; see the lines above"
            )
        return counts(result)

    def on_kill(self) -> None:
        """Marked failed, cleared or timed out: the child and all its children end now."""
        if self._child:
            self._child.stop()

    def _run(self, work: Work) -> JobResult:
        try:
            python = SpeechSettings.need("speech_python", "Set it for the workers.")
        except ConfigError as error:
            raise AirflowFailException(error.message) from error
        environment = child_environment(os.environ, connections.s3_environment())
        self._child = SpeechChild(python, environment, self.log, NICENESS[self.lane])
        given = self.execution_timeout or SPEECH_TIMEOUT
        try:
            run = timed(self._child.run, work.audio_seconds, given.total_seconds(), TIME_FACTOR[self.lane])
            return run_split(work.job, run)
        except NothingToDoError as error:
            raise AirflowSkipException(error.message) from error
        except TerminalError as error:
            raise AirflowFailException(error.message) from error


def counts(result: JobResult) -> dict[str, Any]:
    """What became of a batch, in numbers small enough for XCom. ``real_time_factor``: compute over audio seconds."""
    computed = [item for item in result.items if item.status == ItemStatus.DONE]
    audio = sum(item.usage.audio_s for item in computed)
    wall = sum(item.usage.wall_s for item in computed)
    return {
        "done": len(computed),
        "cached": sum(item.status == ItemStatus.CACHED for item in result.items),
        "failed": sum(item.status == ItemStatus.FAILED for item in result.items),
        "audio_seconds": round(audio, 1),
        "real_time_factor": round(wall / audio, 3) if audio else None,
    }
