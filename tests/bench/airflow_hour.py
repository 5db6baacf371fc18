"""One hour of audio through Airflow against the same hour on the command line: ``python tests/bench/airflow_hour.py``.

Needs the servers of `make up`, ffmpeg, the development data beside the checkout and MEDIAINDEX_SPEECH_PYTHON. Both
process the same recording from nothing, one after the other. Airflow's clock runs from the start of the batch's run to
the end of its last task. Prints both, their ratio, and what Airflow spent outside the speech processes; 1 where a
bound is missed.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

from local import settings
from local.demo.airflow_api import Airflow
from local.site import Site
from mediaindex.catalog import batches, ledger
from mediaindex.catalog.connection import connect
from mediaindex.storage.client import s3_client
from mediaindex.storage.media import list_objects

UTTERANCES = Path(__file__).parents[3] / "shared" / "data" / "wer" / "librispeech-test-other"
MOST = 1.10  # Airflow's wall clock over the command line's
FIXED_S = 15.0  # s of a run that no stage's work explains
SOURCE = "trials"


def recording(folder: Path, minutes: float) -> Path:
    """The utterances again and again, behind a silence of a random length: no artifact of an earlier run fits it."""
    names = sorted(UTTERANCES.glob("*.flac"))
    listed = folder / "list.txt"
    listed.write_text("".join(f"file '{name}'\n" for name in names), "utf-8")
    target = folder / f"hour-{uuid.uuid4().hex}.flac"
    command = ["ffmpeg", "-v", "error", "-stream_loop", "-1", "-f", "concat", "-safe", "0", "-i", str(listed)]
    delay = f"adelay={random.SystemRandom().randrange(1, 1000)}"
    subprocess.run([*command, "-t", str(minutes * 60), "-af", delay, "-ar", "16000", str(target)], check=True)
    return target


def command_line(path: Path, folder: Path) -> float:
    """Seconds of `mediaindex index`, start of Python and loading of models in it."""
    program = Path(os.environ["MEDIAINDEX_SPEECH_PYTHON"]).with_name("mediaindex")
    arguments = [str(program), "index", str(path), "--out", str(folder / "out"), "--cache", str(folder / "cache")]
    began = time.perf_counter()
    subprocess.run(arguments, check=True, stdout=sys.stderr)
    return time.perf_counter() - began


def through_airflow(path: Path) -> list[dict[str, Any]]:
    """The tasks of the run that indexed the recording."""
    airflow, bucket = Airflow.of(Site(settings.load())), os.environ["MEDIAINDEX_MEDIA_BUCKET"]
    prefix = f"bench/{uuid.uuid4().hex}/"
    s3_client().upload_file(str(path), bucket, prefix + path.name)
    with connect(os.environ["MEDIAINDEX_DATABASE_URL"]) as conn:
        ledger.claim(conn, SOURCE, list_objects(s3_client(), bucket, prefix))
        (batch,) = batches.plan(conn, SOURCE)
    while not airflow.unpause("index_recordings"):
        time.sleep(0.5)
    run = airflow.trigger("index_recordings", {"batch_id": batch})
    while (state := airflow.run_states("index_recordings").get(run)) not in ("success", "failed"):
        time.sleep(1)
    tasks = airflow.tasks("index_recordings", run)
    if state != "success":
        raise SystemExit(f"run {run} failed: {[(task['task_id'], task['state']) for task in tasks]}")
    return tasks


def seconds_between(first: str, last: str) -> float:
    """Seconds from one of Airflow's times to another."""
    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()


def wall(tasks: list[dict[str, Any]]) -> float:
    """Seconds from the first task's queueing to the last one's end."""
    ran = [task for task in tasks if task["queued_when"] and task["end_date"]]  # not those that were skipped
    return seconds_between(min(task["queued_when"] for task in ran), max(task["end_date"] for task in ran))


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
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = recording(folder, given.minutes)
        alone = command_line(path, folder)
        tasks = through_airflow(path)
    took = wall(tasks)
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
