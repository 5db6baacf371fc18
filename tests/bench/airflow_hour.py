"""Compare Airflow and the command line for one hour of audio: ``python tests/bench/airflow_hour.py``.

Needs the servers of `make up`, ffmpeg, the development data beside the checkout and MEDIAINDEX_SPEECH_PYTHON. Indexes
the same recording with `mediaindex index` and then through Airflow, both without earlier artifacts. The time in Airflow
is that from the start of the run to the end of its last task. Prints both times, their ratio, and the time in Airflow
outside the stages. Exit status 1 if a bound is exceeded.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from mediaindex.catalog.base.connection import connect
from mediaindex.contract.states import Lane
from tests.bench.airflow_runs import UTTERANCES, InstalledLane, recording, wall

MOST = 1.10  # time in Airflow divided by time on the command line
FIXED_S = 15.0  # s of a run outside its stages


def command_line(path: Path, folder: Path) -> float:
    """Seconds of `mediaindex index`, including the start of Python and the loading of models."""
    program = Path(os.environ["MEDIAINDEX_SPEECH_PYTHON"]).with_name("mediaindex")
    arguments = [str(program), "index", str(path), "--out", str(folder / "out"), "--cache", str(folder / "cache")]
    began = time.perf_counter()
    subprocess.run(arguments, check=True, stdout=sys.stderr)
    return time.perf_counter() - began


def stage_seconds() -> float:
    """Seconds of the latest batch during which a stage was running, as measured by the runner."""
    with connect(os.environ["MEDIAINDEX_DATABASE_URL"]) as conn, conn.cursor() as cursor:
        cursor.execute(
            "select stage, sum(wall_s) from stage_run where batch_id = (select max(id) from batch) group by 1"
        )
        spent = {stage: float(took) for stage, took in cursor.fetchall()}
    # The three stages between normalize and triage run in parallel.
    parallel = max(spent[stage] for stage in ("detect_speech", "diarize", "identify_language"))
    return parallel + sum(spent[stage] for stage in ("normalize", "transcribe", "assess", "find_topics"))


def main() -> int:
    """Measure and print. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    options = parser.parse_args()
    if not UTTERANCES.is_dir():
        sys.exit(f"{UTTERANCES} does not exist")
    lane = InstalledLane.of(Lane.FRESH, "index_recordings")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = recording(folder, options.minutes)
        alone = command_line(path, folder)
        (run,) = lane.start([path])
        took = wall(lane.tasks(run))
    outside = took - stage_seconds()
    lines = (
        f"command line           {alone:.0f} s for {options.minutes:.0f} min of audio",
        f"through Airflow        {took:.0f} s, including {outside:.1f} s outside the stages (at most {FIXED_S:.0f} s)",
        f"Airflow/command line   {took / alone:.2f} (at most {MOST})",
    )
    sys.stdout.write("\n".join(lines) + "\n")
    return int(took > MOST * alone or outside > FIXED_S)


if __name__ == "__main__":
    sys.exit(main())
