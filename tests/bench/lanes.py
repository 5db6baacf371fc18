"""Measure how a backfill delays fresh recordings: ``python tests/bench/lanes.py [--rounds N] [--minutes M]``.

Needs the servers of `make up`, ffmpeg and the development data beside the checkout. Indexes fresh recordings in turn,
first on an idle machine, then during a backfill of long recordings. Prints the median latency of both, their ratio, and
the CPU time of the backfill. Exit status 1 if the ratio exceeds the bound or the backfill makes no progress.
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

MOST = 1.2  # latency during a backfill divided by latency on an idle machine
RUNS, LONG = 4, 20.0  # recordings of the backfill, and minutes of each: they last longer than the fresh ones


class Meter(threading.Thread):
    """CPU time of the speech processes of the backfill, which have low priority, including ended ones."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.ended = threading.Event()
        self._used: dict[tuple[int, float], float] = {}

    @property
    def seconds(self) -> float:
        """CPU time (s) until now."""
        return sum(self._used.values())

    def run(self) -> None:
        """Poll the processes: the CPU time of an ended process cannot be read."""
        while not self.ended.wait(0.5):
            for process in psutil.process_iter(["cmdline", "nice", "cpu_times", "create_time"]):
                info = process.info
                if info["nice"] and "mediaindex.runner" in (info["cmdline"] or ()):
                    used = info["cpu_times"].user + info["cpu_times"].system
                    self._used[process.pid, info["create_time"]] = used


@contextmanager
def backfill(lane: InstalledLane, folder: Path) -> Iterator[Meter]:
    """Start runs in the backfill lane, wait until one works, and cancel them after the block."""
    meter = Meter()
    meter.start()
    runs = lane.start([recording(folder, LONG) for _ in range(RUNS)])
    try:
        while not meter.seconds:
            time.sleep(0.5)
        yield meter
    finally:
        meter.ended.set()
        lane.cancel(runs)


def latencies(lane: InstalledLane, folder: Path, rounds: int, minutes: float) -> list[float]:
    """Seconds until each of several fresh recordings is indexed, one after the other."""
    found = []
    for _ in range(rounds):
        (run,) = lane.start([recording(folder, minutes)])
        found.append(wall(lane.tasks(run)))
    return found


def main() -> int:
    """Measure and print. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=2.0, help="length of each fresh recording")
    options = parser.parse_args()
    if not UTTERANCES.is_dir():
        sys.exit(f"{UTTERANCES} does not exist")
    fresh, backfills = (
        InstalledLane.of(Lane.FRESH, "index_recordings"),
        InstalledLane.of(Lane.BACKFILL, "index_recordings_backfill"),
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        latencies(fresh, folder, 1, options.minutes)  # fills the caches of models and of the file system
        idle = latencies(fresh, folder, options.rounds, options.minutes)
        with backfill(backfills, folder) as meter:
            before = meter.seconds
            busy = latencies(fresh, folder, options.rounds, options.minutes)
            used = meter.seconds - before
    ratio = statistics.median(busy) / statistics.median(idle)
    lines = (
        f"fresh recording of {options.minutes:g} min, idle     {statistics.median(idle):.1f} s ({joined(idle)})",
        f"the same during a backfill      {statistics.median(busy):.1f} s ({joined(busy)})",
        f"ratio                           {ratio:.2f} (at most {MOST})",
        f"CPU time of the backfill        {used:.0f} s in {sum(busy):.0f} s (more than 0)",
    )
    sys.stdout.write("\n".join(lines) + "\n")
    return int(ratio > MOST or used <= 0)


def joined(numbers: list[float]) -> str:
    """The numbers, separated by commas."""
    return ", ".join(f"{number:.1f}" for number in numbers)


if __name__ == "__main__":
    sys.exit(main())
