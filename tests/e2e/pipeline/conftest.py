"""One run of the whole pipeline for the session, with all stages and servers."""

from __future__ import annotations

import os
import time
import uuid
from dataclasses import dataclass, field

import pytest

from local import settings
from local.demo.airflow_api import Airflow
from local.site import Site
from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.ledger import ledger
from mediaindex.catalog.ledger.ledger import MediaObject
from mediaindex.storage.client import s3_client

from . import trials
from .trials import Trial

NEEDED = ("MEDIAINDEX_DATABASE_URL", "MEDIAINDEX_ELASTICSEARCH_URL", "MEDIAINDEX_S3_ENDPOINT_URL")
DEADLINE_S = 3000.0  # four minutes on an idle machine
SETTLED = {"indexed", "in_review", "duplicate", "quarantined"}


@dataclass(frozen=True)
class WholeRun:
    """The trials by source and name, and the ledger row of each after all have a final state."""

    url: str = field(repr=False)  # it holds a password, and a failing test prints its fixtures
    airflow: Airflow = field(repr=False)
    prefix: str
    trials: dict[tuple[str, str], Trial]
    objects: dict[tuple[str, str], MediaObject]

    def end(self, name: str, source: str = "trials") -> MediaObject:
        """The trial's row, or that of its primary if the recording of an earlier run is the primary."""
        found = self.objects[source, name]
        if found.state != "duplicate":
            return found
        with connect(self.url) as conn:
            same = ledger.find(conn, audio_sha256=found.audio_sha256)
        return next(row for row in same if row.state != "duplicate")


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> WholeRun:
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        pytest.skip(f"{', '.join(missing)} not set; `make up` starts the servers, `python -m local env` names them")
    airflow = Airflow.of(Site(settings.load()))
    folder = tmp_path_factory.mktemp("trials")
    chosen = [*trials.spoken(folder), *trials.unusable(folder), *trials.formats(folder)]
    prefix = uuid.uuid4().hex
    upload(chosen, prefix)
    url = os.environ["MEDIAINDEX_DATABASE_URL"]
    discover(airflow, sorted({trial.source for trial in chosen}))
    objects = wait(url, airflow, prefix, len(chosen))
    return WholeRun(url, airflow, prefix, {(trial.source, trial.name): trial for trial in chosen}, objects)


def upload(chosen: list[Trial], prefix: str) -> None:
    bucket = os.environ["MEDIAINDEX_MEDIA_BUCKET"]
    for trial in chosen:
        s3_client().upload_file(str(trial.path), bucket, f"{trial.source}/{prefix}/{trial.name}")


def discover(airflow: Airflow, sources: list[str]) -> None:
    deadline = time.monotonic() + 300
    for dag_id in ("index_recordings", *(f"discover_{source}" for source in sources)):
        while not airflow.unpause(dag_id):
            assert time.monotonic() < deadline, f"Airflow does not know {dag_id}: {airflow.import_errors()}"
            time.sleep(0.5)
    for source in sources:
        airflow.trigger(f"discover_{source}")


def wait(url: str, airflow: Airflow, prefix: str, expected: int) -> dict[tuple[str, str], MediaObject]:
    """Wait until each object under the prefix has a final state; otherwise fail with the logs of failed tasks."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        with connect(url) as conn:
            found = [row for row in ledger.find(conn, limit=10_000) if f"/{prefix}/" in row.key]
        if len(found) == expected and all(row.state in SETTLED for row in found):
            return {(row.source, row.key.rpartition("/")[2]): row for row in found}
        if time.monotonic() > deadline:
            unsettled = [row.key for row in found if row.state not in SETTLED]
            pytest.fail(f"{len(found)} of {expected} found, not settled: {unsettled}\n{failed_tasks(airflow)}")
        time.sleep(1)


def failed_tasks(airflow: Airflow) -> str:
    logs = []
    for dag_id in ("discover_trials", "discover_dictations", "index_recordings"):
        for run_id in airflow.run_states(dag_id):
            failed = [task for task in airflow.tasks(dag_id, run_id) if task["state"] in ("failed", "up_for_retry")]
            logs += [
                f"{dag_id} {run_id} {task['task_id']}\n{airflow.log(dag_id, run_id, task)[-3000:]}" for task in failed
            ]
    return "\n\n".join(logs)
