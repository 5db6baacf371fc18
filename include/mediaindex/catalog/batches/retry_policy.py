"""How often and how late a failed recording is tried again. Pure numbers: DAG files may read this."""

from __future__ import annotations

from dataclasses import dataclass

from mediaindex.errors import ErrorCode, FailureClass
from mediaindex.settings import RetrySettings

_USUAL = RetrySettings.defaults()


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Limits; waits in seconds."""

    transient_attempts: int = _USUAL.transient_attempts
    doubtful_attempts: int = _USUAL.doubtful_attempts
    first_wait_s: float = _USUAL.backoff_seconds
    longest_wait_s: float = _USUAL.backoff_longest_seconds

    def attempts(self, failure_class: FailureClass) -> int:
        """After how many failures in a row an item of this class is given up."""
        many = {FailureClass.TRANSIENT: self.transient_attempts, FailureClass.DOUBTFUL: self.doubtful_attempts}
        return many.get(failure_class, 1)

    def wait_s(self, attempts: int, draw: float) -> float:
        """Seconds until the next try after ``attempts`` failures in a row; ``draw`` in [0, 1) is chance.

        Doubles up to the longest; half of it is left to chance ("equal jitter"), so that what failed together in an
        outage does not come back in one moment.
        """
        whole = min(self.longest_wait_s, self.first_wait_s * 2.0 ** min(attempts - 1, 30))
        return whole / 2 + whole / 2 * draw


def group_limit(max_items: int, attempts: int, code: str | None, failure_class: str | None) -> int:
    """How many items may share a batch with one that failed ``attempts`` times.

    What is doubtful goes alone, so that it harms nobody. Where whole runs died and nobody knows whose fault it was,
    the batch is halved each time, until the culprit is alone and the others have passed.
    """
    if failure_class == FailureClass.DOUBTFUL:
        return 1
    if code == ErrorCode.RUN_FAILED:
        return max(1, max_items >> attempts)
    return max_items
