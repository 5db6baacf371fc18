"""What a piece of work cost: wall and CPU seconds (children included), and the process's peak memory."""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass, field

from .job import Usage


def _cpu_seconds() -> float:
    totals = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(total.ru_utime + total.ru_stime for total in totals)


@dataclass(slots=True)
class Meter:
    """Started when made; ``read`` may be called more than once."""

    wall: float = field(default_factory=time.perf_counter)
    cpu: float = field(default_factory=_cpu_seconds)

    def read(self, audio_s: float) -> Usage:
        """Cost since the meter was made. ``peak_mb``: high-water mark of this process or its largest child."""
        peaks = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return Usage(
            wall_s=round(time.perf_counter() - self.wall, 3),
            cpu_s=round(_cpu_seconds() - self.cpu, 3),
            peak_mb=round(max(peaks) / 1024, 1),
            audio_s=round(audio_s, 3),
        )
