"""A speech process that dies takes no recording along but the one that kills it. Knows nothing of Airflow.

A crash in native code, a kill for want of memory or a hang ends the whole process, with every recording of the job. The
job is then run again in halves, and these in halves, until the culprit is alone: it alone has failed. What a dead
process had finished comes back from the artifacts. Where nothing passes, the first recogniser may be to blame as well,
so that transcription is tried without it before anything is.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mediaindex.contract.job import ItemError, ItemResult, Job, JobItem, JobResult
from mediaindex.contract.states import ItemStatus
from mediaindex.errors import TerminalError, TransientError

from .child import ChildCrashedError, ChildFailedError, ChildStuckError
from .time_limits import START_S, limit_s

log = logging.getLogger(__name__)

Run = Callable[[Job], JobResult]
# So many culprits in a row, and nothing that ever passed: then it is not the recordings.
ENOUGH_CULPRITS = 3
# The stage that can do without one of its engines.
FALLS_BACK = "transcribe"
# Seconds before Airflow's own limit, which would end the whole task: time to end the child and to write what was done.
MARGIN_S = 60.0


class ChildAlwaysDiesError(ChildFailedError):
    """The process dies whatever it is given: no recording is to blame."""


def run_split(job: Job, run: Run) -> JobResult:
    """The job's result, as ``run`` gives it, with the recordings that kill the process as failed items.

    Raises ChildAlwaysDiesError where the process dies whatever it is given, without the first recogniser too, and
    whatever else ``run`` raises.
    """
    split = _Split(job, run)
    try:
        result = split.result()
    except ChildAlwaysDiesError:
        if instead := _otherwise(split):
            return instead
        raise
    return result if split.passed else _otherwise(split) or result


def _otherwise(split: _Split) -> JobResult | None:
    """What comes of a job of which nothing passed, run in another way; None where nothing does."""
    if split.job.stage != FALLS_BACK or split.last is None:
        return None
    for job in _other_ways(split.job, split.last):
        again = _Split(job, split.run)
        try:
            result = again.result()
        except (ChildAlwaysDiesError, TerminalError, TransientError) as error:
            log.error("%s, once more: %s", job.stage, error)  # noqa: TRY400
            return None
        if again.passed:
            return result
    return None


def _other_ways(job: Job, last: ChildCrashedError) -> Iterator[Job]:
    # Its first clause: the rest tells of the log and of other recordings, and this is to stand on transcripts.
    why = re.split("[:;]", last.message)[0]
    if len(job.items) == 1 and not isinstance(last, ChildStuckError):  # once so far, and a kill from outside comes once
        log.warning("%s: %s; it is run once more as it was", job.stage, why)
        yield job
    log.error("%s: %s with all that it was given; it is run without its first recogniser", job.stage, why)
    yield job.model_copy(update={"without_first": f"{why} with all that it was given"})


@dataclass(slots=True)
class _Split:
    job: Job
    run: Run
    passed: bool = False
    culprits: int = 0
    last: ChildCrashedError | None = None

    def result(self) -> JobResult:
        return JobResult(stage=self.job.stage, items=tuple(self.results(self.job.items)))

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
        self.last = error
        if self.culprits >= ENOUGH_CULPRITS and not self.passed:
            self._prove_it_works(error)
        message = f"{item.name}: {self.job.stage} with it alone: {error.message}"
        report = ItemError(code=error.code, message=message, failure_class=error.failure_class)
        return ItemResult(id=item.id, status=ItemStatus.FAILED, error=report)

    def _prove_it_works(self, error: ChildCrashedError) -> None:
        """Bad files come in rows, so one from the far end is asked before the installation is blamed."""
        try:
            self._run(self.job.items[-1:])
        except ChildCrashedError:
            raise ChildAlwaysDiesError(
                f"{self.job.stage}: the speech process dies whatever it is given, so no recording is to blame: "
                f"{error.message}"
            ) from error


def timed(
    run: Callable[[Job, float], JobResult], audio_seconds: Mapping[str, float], given_s: float, time_factor: float = 1.0
) -> Run:
    """``run`` with a limit for each job by its length, and none longer than what is left of ``given_s`` from now on.

    ``time_factor``: how many times longer than usual it may take.
    """
    deadline = time.monotonic() + given_s - MARGIN_S
    first = True

    def limited(job: Job) -> JobResult:
        nonlocal first
        at_first, first = first, False
        own = time_factor * limit_s(audio_seconds[item.id] for item in job.items)
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
