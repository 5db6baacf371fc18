"""Cost of work: wall and CPU seconds (child processes included), and peak memory."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mediaindex.contract.job import ItemResult, Usage


def _cpu_seconds() -> float:
    totals = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(total.ru_utime + total.ru_stime for total in totals)


@dataclass(slots=True)
class Meter:
    """Measures from its creation on; ``read`` may be called more than once."""

    wall: float = field(default_factory=time.perf_counter)
    cpu: float = field(default_factory=_cpu_seconds)

    def read(self, audio_s: float) -> Usage:
        """Cost since creation. ``peak_mb``: high-water mark of this process or of its largest child process."""
        peaks = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return Usage(
            wall_s=round(time.perf_counter() - self.wall, 3),
            cpu_s=round(_cpu_seconds() - self.cpu, 3),
            peak_mb=round(max(peaks) / 1024, 1),
            audio_s=round(audio_s, 3),
        )


def shared(results: Sequence[ItemResult], whole: Usage) -> Iterator[ItemResult]:
    """Each item with its share of the job's wall and CPU seconds, in proportion to its own wall seconds.

    Items that run at the same time share the cores, and the CPU seconds of a process cannot be assigned to one of them.
    Shares add up to the cost of the job, so that sums over items, batches and days are right.
    """
    worked = sum(result.usage.wall_s for result in results) or 1.0
    for result in results:
        share = result.usage.wall_s / worked
        costs = {"wall_s": round(whole.wall_s * share, 3), "cpu_s": round(whole.cpu_s * share, 3)}
        yield result.model_copy(update={"usage": result.usage.model_copy(update=costs)})
