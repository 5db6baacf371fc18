"""A speech process that dies takes no recording along but the one that kills it. Knows nothing of Airflow.

A crash in native code, a kill for want of memory or a hang ends the whole process, with every recording of the job. The
job is then run again in halves, and these in halves, until the culprit is alone: it alone has failed. What a dead
process had finished comes back from the artifacts.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mediaindex.errors import TransientError
from mediaindex.runner.job import ItemError, ItemResult, Job, JobItem, JobResult

from .child import ChildCrashedError, ChildFailedError, ChildStuckError
from .time_limits import START_S, limit_s

log = logging.getLogger(__name__)

Run = Callable[[Job], JobResult]
# So many culprits in a row, and nothing that ever passed: then it is not the recordings.
ENOUGH_CULPRITS = 3
# Seconds before Airflow's own limit, which would end the whole task: time to end the child and to write what was done.
MARGIN_S = 60.0


def run_split(job: Job, run: Run) -> JobResult:
    """The job's result, as ``run`` gives it, with the recordings that kill the process as failed items.

    Raises ChildFailedError where the process dies whatever it is given, and whatever else ``run`` raises.
    """
    return JobResult(stage=job.stage, items=tuple(_Split(job, run).results(job.items)))


@dataclass(slots=True)
class _Split:
    job: Job
    run: Run
    passed: bool = False
    culprits: int = 0

    def results(self, items: Sequence[JobItem]) -> list[ItemResult]:
        """One result an item, in order."""
        try:
            return self._run(items)
        except ChildCrashedError as error:
            if len(items) == 1:
                return [self._culprit(items[0], error)]
            log.warning("%s: %s; %d recordings are run again in halves", self.job.stage, error, len(items))
        half = len(items) // 2
        return [*self.results(items[:half]), *self.results(items[half:])]

    def _run(self, items: Sequence[JobItem]) -> list[ItemResult]:
        done = self.run(self.job.model_copy(update={"items": tuple(items)}))
        self.passed = True
        return list(done.items)

    def _culprit(self, item: JobItem, error: ChildCrashedError) -> ItemResult:
        self.culprits += 1
        if self.culprits >= ENOUGH_CULPRITS and not self.passed:
            self._prove_it_works(error)
        message = f"{item.name}: {self.job.stage} with it alone: {error.message}"
        return ItemResult(
            id=item.id, status="failed", error=ItemError(kind="transient", code=error.code, message=message)
        )

    def _prove_it_works(self, error: ChildCrashedError) -> None:
        """Bad files come in rows, so one from the far end is asked before the installation is blamed."""
        try:
            self._run(self.job.items[-1:])
        except ChildCrashedError:
            raise ChildFailedError(
                f"{self.job.stage}: the speech process dies whatever it is given, so no recording is to blame: "
                f"{error.message}"
            ) from error


def timed(run: Callable[[Job, float], JobResult], audio_seconds: Mapping[str, float], given_s: float) -> Run:
    """``run`` with a limit for each job by its length, and none longer than what is left of ``given_s`` from now on."""
    deadline = time.monotonic() + given_s - MARGIN_S
    first = True

    def limited(job: Job) -> JobResult:
        nonlocal first
        at_first, first = first, False
        own = limit_s(audio_seconds[item.id] for item in job.items)
        left = deadline - time.monotonic()
        if not at_first and left < min(own, START_S):
            raise TransientError(f"{job.stage}: this try's time is used up; the next one goes on with what is left")
        try:
            return run(job, max(MARGIN_S, min(own, left)))
        except ChildStuckError as error:
            if left < own and not (at_first and len(job.items) == 1):  # it did not have the time that it may need
                raise TransientError(error.message, code=error.code) from error
            raise

    return limited
