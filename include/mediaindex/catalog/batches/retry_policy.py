"""How often and how late a failed recording is tried again. Pure numbers: DAG files may read this."""

from __future__ import annotations

from dataclasses import dataclass

from mediaindex.errors import ErrorCode, FailureClass


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Limits; waits in seconds.

    With these defaults a transient failure is given up after eight tries over two to three hours, each of which has
    its task's own retries: longer than a restart or an outage that somebody is mending takes.
    """

    transient_attempts: int = 8
    doubtful_attempts: int = 3
    first_wait_s: float = 120.0
    longest_wait_s: float = 3600.0

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
