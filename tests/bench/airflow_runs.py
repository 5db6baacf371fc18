"""New recordings, and runs in Airflow that index them, for measurements with the servers of `make up`."""

from __future__ import annotations

import os
import random
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from local import settings
from local.demo.airflow_api import Airflow
from local.site import Site
from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.batches import batches
from mediaindex.catalog.ledger import ledger
from mediaindex.contract.states import Lane, ObjectState, StateReason
from mediaindex.storage.client import s3_client
from mediaindex.storage.media import list_objects
from tests.bench.joining import joined

UTTERANCES = Path(__file__).parents[3] / "shared" / "data" / "wer" / "librispeech-test-other"
SOURCE = "trials"


def recording(folder: Path, minutes: float) -> Path:
    """The utterances in random order, repeated, after a silence of random length: no earlier artifact is reused."""
    names = sorted(UTTERANCES.glob("*.flac"))
    random.SystemRandom().shuffle(names)
    target = folder / f"{minutes:g}-minutes-{uuid.uuid4().hex}.flac"
    delay = f"adelay={random.SystemRandom().randrange(1, 1000)}"
    return joined(names, target, "-t", str(minutes * 60), "-af", delay, "-ar", "16000", again=True)


@dataclass(frozen=True, slots=True)
class InstalledLane:
    """A lane of the running installation, with its DAG."""

    airflow: Airflow
    name: Lane
    dag_id: str

    @classmethod
    def of(cls, name: Lane, dag_id: str) -> InstalledLane:
        """The lane with its DAG unpaused."""
        lane = cls(Airflow.of(Site(settings.load())), name, dag_id)
        while not lane.airflow.unpause(dag_id):
            time.sleep(0.5)
        return lane

    def start(self, paths: Sequence[Path]) -> list[str]:
        """Upload, claim and plan these recordings, and start their runs: one per recording of a minute or more."""
        bucket, prefix = os.environ["MEDIAINDEX_MEDIA_BUCKET"], f"bench/{uuid.uuid4().hex}/"
        for path in paths:
            s3_client().upload_file(str(path), bucket, prefix + path.name)
        with connect(os.environ["MEDIAINDEX_DATABASE_URL"]) as conn:
            ids = [claimed.id for claimed in ledger.claim(conn, SOURCE, list_objects(s3_client(), bucket, prefix))]
            batches.plan(conn, SOURCE, lane=self.name, target_seconds=60)
            with conn.cursor() as cursor:
                cursor.execute("select distinct batch_id from media_object where id = any (%s)", (ids,))
                planned = [batch_id for (batch_id,) in cursor.fetchall()]
        return [self.airflow.trigger(self.dag_id, {"batch_id": batch_id}) for batch_id in planned]

    def cancel(self, runs: Sequence[str]) -> None:
        """End these runs, and set their recordings to ``gone``, so that no later run indexes them."""
        for run in runs:
            self.airflow.end(self.dag_id, run)
        with connect(os.environ["MEDIAINDEX_DATABASE_URL"]) as conn:
            for found in ledger.find(conn, source=SOURCE, limit=10_000):
                if found.state == "claimed" and found.key.startswith("bench/"):
                    ledger.set_state(
                        conn,
                        found.id,
                        ObjectState.GONE,
                        code=StateReason.REMOVED,
                        reason="the measurement that uploaded it has ended",
                    )

    def tasks(self, run: str) -> list[dict[str, Any]]:
        """Wait for the end of the run. Returns its tasks; SystemExit if it fails."""
        while (state := self.airflow.run_states(self.dag_id).get(run)) not in ("success", "failed"):
            time.sleep(1)
        tasks = self.airflow.tasks(self.dag_id, run)
        if state != "success":
            raise SystemExit(f"run {run} failed: {[(task['task_id'], task['state']) for task in tasks]}")
        return tasks


def wall(tasks: Sequence[dict[str, Any]]) -> float:
    """Seconds from the time the first task was queued to the end of the last task, without skipped ones."""
    ran = [task for task in tasks if task["queued_when"] and task["end_date"]]
    first, last = min(task["queued_when"] for task in ran), max(task["end_date"] for task in ran)
    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()
