"""Fresh recordings while a backfill runs: ``python tests/bench/lanes.py [--rounds N] [--minutes M]``.

Needs the servers of `make up`, ffmpeg and the development data beside the checkout. Fresh recordings are indexed one by
one, first on an idle machine, then while a backfill of long recordings is at work. Prints the median latency of both,
their ratio, and how far the backfill got meanwhile; 1 where fresh recordings wait too long or the backfill stops.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[2]))

from mediaindex.contract.states import Lane
from tests.bench.airflow_runs import UTTERANCES, InstalledLane, recording, wall

MOST = 1.2  # latency under a backfill over latency on an idle machine
RUNS, LONG = 4, 20.0  # recordings of the backfill, and minutes of each: more than the fresh ones can outlast


class Meter(threading.Thread):
    """Seconds of processor that the backfill's speech processes use: those that stand back, also the ended ones."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.ended = threading.Event()
        self._used: dict[tuple[int, float], float] = {}

    @property
    def seconds(self) -> float:
        """Until now."""
        return sum(self._used.values())

    def run(self) -> None:
        """Look again and again: what a process used is known no more once it has ended."""
        while not self.ended.wait(0.5):
            for process in psutil.process_iter(["cmdline", "nice", "cpu_times", "create_time"]):
                facts = process.info
                if facts["nice"] and "mediaindex.runner" in (facts["cmdline"] or ()):
                    used = facts["cpu_times"].user + facts["cpu_times"].system
                    self._used[process.pid, facts["create_time"]] = used


@contextmanager
def backfill(lane: InstalledLane, folder: Path) -> Iterator[Meter]:
    """Runs of the backfill lane, at work before this goes on and ended afterwards."""
    meter = Meter()
    meter.start()
    runs = lane.start([recording(folder, LONG) for _ in range(RUNS)])
    try:
        while not meter.seconds:
            time.sleep(0.5)
        yield meter
    finally:
        meter.ended.set()
        lane.give_up(runs)


def latencies(lane: InstalledLane, folder: Path, rounds: int, minutes: float) -> list[float]:
    """Seconds from queueing to searchable of each of several fresh recordings, one after the other."""
    found = []
    for _ in range(rounds):
        (run,) = lane.start([recording(folder, minutes)])
        found.append(wall(lane.tasks(run)))
    return found


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=2.0, help="length of each fresh recording")
    given = parser.parse_args()
    if not UTTERANCES.is_dir():
        sys.exit(f"{UTTERANCES} is not there")
    fresh, old = (
        InstalledLane.of(Lane.FRESH, "index_recordings"),
        InstalledLane.of(Lane.BACKFILL, "index_recordings_backfill"),
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        latencies(fresh, folder, 1, given.minutes)  # caches of models and pages are filled
        idle = latencies(fresh, folder, given.rounds, given.minutes)
        with backfill(old, folder) as meter:
            before = meter.seconds
            busy = latencies(fresh, folder, given.rounds, given.minutes)
            moved = meter.seconds - before
    ratio = statistics.median(busy) / statistics.median(idle)
    lines = (
        f"fresh recording of {given.minutes:g} min, idle     {statistics.median(idle):.1f} s ({listed(idle)})",
        f"the same under a backfill       {statistics.median(busy):.1f} s ({listed(busy)})",
        f"ratio                           {ratio:.2f} (at most {MOST})",
        f"the backfill meanwhile          {moved:.0f} s of processor in {sum(busy):.0f} s (more than none)",
    )
    sys.stdout.write("\n".join(lines) + "\n")
    return int(ratio > MOST or moved <= 0)


def listed(numbers: list[float]) -> str:
    """Each of them."""
    return ", ".join(f"{number:.1f}" for number in numbers)


if __name__ == "__main__":
    sys.exit(main())
