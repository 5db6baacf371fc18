"""Find the recording that crashes a speech process, so that it alone fails. Independent of Airflow.

A crash in native code, a kill out of memory or a hang ends the whole process, with every recording of the job. The job
is then run again in halves, and these in halves, until the recording is alone: only it fails. Results that a crashed
process had finished are read from the artifacts. If no recording succeeds, the first recogniser may be the cause, so
transcription is tried without it before a recording fails.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mediaindex.contract.job import ItemError, ItemResult, Job, JobItem, JobResult
from mediaindex.contract.states import ItemStatus
from mediaindex.errors import TerminalError, TransientError
from mediaindex.printable import logger

from .child import ChildCrashedError, ChildFailedError, ChildStuckError
from .time_limits import START_S, limit_s

log = logger(__name__)

Run = Callable[[Job], JobResult]
# After this many crashing recordings, and none that succeeded, the recordings are probably not the cause.
ENOUGH_CULPRITS = 3
# The stage that can work without one of its engines.
FALLS_BACK = "transcribe"
# Seconds before Airflow's own time limit, which would end the task: enough to end the child and record its results.
MARGIN_S = 60.0


class ChildAlwaysDiesError(ChildFailedError):
    """The process crashes for every recording, so no recording is the cause."""


def run_split(job: Job, run: Run) -> JobResult:
    """The job's result, as ``run`` returns it, with the recordings that crash the process as failed items.

    Raises ChildAlwaysDiesError if the process crashes for every recording, also without the first recogniser, and any
    other error of ``run``.
    """
    split = _Split(job, run)
    try:
        result = split.result()
    except ChildAlwaysDiesError:
        if fallback := _fallback(split):
            return fallback
        raise
    return result if split.passed else _fallback(split) or result


def _fallback(split: _Split) -> JobResult | None:
    """The result of running a job without any success in another way; None if no recording succeeds then either."""
    if split.job.stage != FALLS_BACK or split.last is None:
        return None
    for job in _alternatives(split.job, split.last):
        retry = _Split(job, split.run)
        try:
            result = retry.result()
        except (ChildAlwaysDiesError, TerminalError, TransientError) as error:
            log.error("%s, retried: %s", job.stage, error)  # noqa: TRY400
            return None
        if retry.passed:
            return result
    return None


def _alternatives(job: Job, last: ChildCrashedError) -> Iterator[Job]:
    # The first clause only: the rest is about the log and other recordings, and this text is stored with transcripts.
    why = re.split("[:;]", last.message)[0]
    # A single recording has crashed only once so far, perhaps because of a kill from outside.
    if len(job.items) == 1 and not isinstance(last, ChildStuckError):
        log.warning("%s: %s; the job is run again unchanged", job.stage, why)
        yield job
    log.error("%s: %s for every recording; the job is run without its first recogniser", job.stage, why)
    yield job.model_copy(update={"without_first": f"{why} for every recording"})


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
        """One result per item, in order."""
        try:
            return self._run(items)
        except ChildCrashedError as error:
            if len(items) == 1:
                return [self._culprit(items[0], error)]
            log.warning("%s: %s; running %d recordings again in halves", self.job.stage, error, len(items))
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
            self._check_that_it_works(error)
        message = f"{item.name}: {self.job.stage} of this recording alone: {error.message}"
        report = ItemError(code=error.code, message=message, failure_class=error.failure_class)
        return ItemResult(id=item.id, status=ItemStatus.FAILED, error=report)

    def _check_that_it_works(self, error: ChildCrashedError) -> None:
        """Raise ChildAlwaysDiesError if the last recording crashes too; damaged files are often adjacent."""
        try:
            self._run(self.job.items[-1:])
        except ChildCrashedError:
            raise ChildAlwaysDiesError(
                f"{self.job.stage}: the speech process crashes for every recording, so no recording is the cause: "
                f"{error.message}"
            ) from error


def timed(
    run: Callable[[Job, float], JobResult], audio_seconds: Mapping[str, float], given_s: float, time_factor: float = 1.0
) -> Run:
    """``run`` with a time limit for each job by its length, at most the rest of ``given_s`` seconds from now.

    ``time_factor``: multiplies the limits. Raises TransientError if the time is used up.
    """
    deadline = time.monotonic() + given_s - MARGIN_S
    first = True

    def limited(job: Job) -> JobResult:
        nonlocal first
        is_first, first = first, False
        own = time_factor * limit_s(audio_seconds[item.id] for item in job.items)
        left = deadline - time.monotonic()
        if not is_first and left < min(own, START_S):
            raise TransientError(f"{job.stage}: the time of this try is used up; the next try continues")
        try:
            return run(job, max(MARGIN_S, min(own, left)))
        except ChildStuckError as error:
            if left < own and not (is_first and len(job.items) == 1):  # it may have needed more time than was left
                raise TransientError(error.message, code=error.code) from error
            raise

    return limited
