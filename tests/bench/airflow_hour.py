"""One hour of audio through Airflow against the same hour on the command line: ``python tests/bench/airflow_hour.py``.

Needs the servers of `make up`, ffmpeg, the development data beside the checkout and MEDIAINDEX_SPEECH_PYTHON. Both
process the same recording from nothing, one after the other. Airflow's clock runs from the start of the batch's run to
the end of its last task. Prints both, their ratio, and what Airflow spent outside the speech processes; 1 where a
bound is missed.
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

MOST = 1.10  # Airflow's wall clock over the command line's
FIXED_S = 15.0  # s of a run that no stage's work explains


def command_line(path: Path, folder: Path) -> float:
    """Seconds of `mediaindex index`, start of Python and loading of models in it."""
    program = Path(os.environ["MEDIAINDEX_SPEECH_PYTHON"]).with_name("mediaindex")
    arguments = [str(program), "index", str(path), "--out", str(folder / "out"), "--cache", str(folder / "cache")]
    began = time.perf_counter()
    subprocess.run(arguments, check=True, stdout=sys.stderr)
    return time.perf_counter() - began


def stage_seconds() -> float:
    """Seconds of the latest batch in which at least one stage was at work, by the runner's own clock."""
    with connect(os.environ["MEDIAINDEX_DATABASE_URL"]) as conn, conn.cursor() as cursor:
        cursor.execute(
            "select stage, sum(wall_s) from stage_run where batch_id = (select max(id) from batch) group by 1"
        )
        spent = {stage: float(took) for stage, took in cursor.fetchall()}
    # The three between normalize and triage run side by side.
    beside = max(spent[stage] for stage in ("detect_speech", "diarize", "identify_language"))
    return beside + sum(spent[stage] for stage in ("normalize", "transcribe", "assess", "find_topics"))


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    given = parser.parse_args()
    if not UTTERANCES.is_dir():
        sys.exit(f"{UTTERANCES} is not there")
    lane = InstalledLane.of(Lane.FRESH, "index_recordings")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = recording(folder, given.minutes)
        alone = command_line(path, folder)
        (run,) = lane.start([path])
        took = wall(lane.tasks(run))
    outside = took - stage_seconds()
    lines = (
        f"command line           {alone:.0f} s for {given.minutes:.0f} min of audio",
        f"through Airflow        {took:.0f} s, of it {outside:.1f} s outside the stages (at most {FIXED_S:.0f} s)",
        f"Airflow/command line   {took / alone:.2f} (at most {MOST})",
    )
    sys.stdout.write("\n".join(lines) + "\n")
    return int(took > MOST * alone or outside > FIXED_S)


if __name__ == "__main__":
    sys.exit(main())
