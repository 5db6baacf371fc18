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
    """Run ``stage`` in the speech environment over the items of a batch that have not failed and may run it.

    :param stage: name of the stage, one of ``mediaindex.runner.bindings``
    :param batch_id: id of the batch in the catalog (templated)
    :param lane: fresh or backfill; determines the pool and the scheduling priority of the child

    The exit code of the child determines the state of the task: success for 0, failed without retries for 10, skipped
    for 11, retried for 75 and unknown ones. A failed item is recorded in the ledger and does not fail the rest of its
    batch. If the child crashes or hangs, the batch is run in halves to find the cause. The task is retried only for
    items with a transient failure; after the last try they go back into the queue. Finished results are read from the
    artifacts.
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
        """Run the stage. Returns counts of done, cached and failed items and the speed, for XCom."""
        from . import batch_job

        batch_id = int(self.batch_id)
        if self.stage == batch_job.FIRST_STAGE:
            run = context["dag_run"]
            batch_job.take_over(batch_id, run.dag_id, run.run_id)
        work = batch_job.speech_work(batch_id, self.stage)
        if not work.job.items:
            raise AirflowSkipException(f"{self.stage}: batch {batch_id} has no recording for this stage")
        result = self._run(work)
        last_try = context["ti"].try_number > (context["ti"].max_tries or 0)
        waiting = batch_job.record(batch_id, result, last_try=last_try)
        if waiting:
            raise TransientError(
                f"{self.stage}: {waiting} of {len(work.job.items)} recordings failed for now; the lines above say why"
            )
        return counts(result)

    def on_kill(self) -> None:
        """End the child and all its children, because the task was marked failed, cleared or timed out."""
        if self._child:
            self._child.stop()

    def _run(self, work: Work) -> JobResult:
        try:
            python = SpeechSettings.need("speech_python", "Set it for the workers.")
        except ConfigError as error:
            raise AirflowFailException(error.message) from error
        environment = child_environment(os.environ, connections.s3_environment())
        self._child = SpeechChild(python, environment, self.log, NICENESS[self.lane])
        timeout = self.execution_timeout or SPEECH_TIMEOUT
        try:
            run = timed(self._child.run, work.audio_seconds, timeout.total_seconds(), TIME_FACTOR[self.lane])
            return run_split(work.job, run)
        except NothingToDoError as error:
            raise AirflowSkipException(error.message) from error
        except TerminalError as error:
            raise AirflowFailException(error.message) from error


def counts(result: JobResult) -> dict[str, Any]:
    """Counts of a result, small enough for XCom. ``real_time_factor``: seconds of work per second of audio."""
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
