"""How often and when a failed recording is tried again. Imports no client library, so that DAG files may import it."""

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
        """The number of failures in a row after which an item of this class is given up."""
        limits = {FailureClass.TRANSIENT: self.transient_attempts, FailureClass.DOUBTFUL: self.doubtful_attempts}
        return limits.get(failure_class, 1)

    def wait_s(self, attempts: int, draw: float) -> float:
        """Seconds until the next try after ``attempts`` failures in a row; ``draw``: a random number in [0, 1).

        The wait doubles up to the longest; half of it is random ("equal jitter"), so that items that failed together in
        an outage are not tried again at the same moment.
        """
        return delay_s(self.first_wait_s, 2.0, self.longest_wait_s, attempts, draw)


def delay_s(first_s: float, factor: float, longest_s: float, try_number: int, draw: float) -> float:
    """Seconds between the try of this number and the next; half of them are random (``draw`` in [0, 1))."""
    whole = min(longest_s, first_s * factor ** min(try_number - 1, 30))
    return whole / 2 + whole / 2 * draw


def group_limit(max_items: int, attempts: int, code: str | None, failure_class: str | None) -> int:
    """The maximum size of a batch for an item that failed ``attempts`` times.

    A doubtful item gets its own batch, so that it cannot fail others. If whole runs died, the cause is unknown: the
    batch is halved each time, until the item that kills runs is alone and the others have passed.
    """
    if failure_class == FailureClass.DOUBTFUL:
        return 1
    if code == ErrorCode.RUN_FAILED:
        return max(1, max_items >> attempts)
    return max_items
