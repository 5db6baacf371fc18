"""`airflow backfill create` indexes the recordings of its days once, in the backfill lane."""

from __future__ import annotations

import os
import random
import subprocess
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from local import settings
from local.airflow import process_environment
from local.demo.airflow_api import Airflow
from local.site import Site
from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.ledger import ledger
from mediaindex.catalog.ledger.ledger import MediaObject
from mediaindex.storage.client import s3_client

from . import trials
from .conftest import NEEDED, SETTLED

pytestmark = [pytest.mark.servers, pytest.mark.timeout(3600)]

DISCOVER, INDEX = "discover_calls", "index_recordings_backfill"
DAYS = 3
DEADLINE_S = 1500.0
# Random days, so that earlier runs of this test probably used others; the DAGs start in 2020.
FIRST = date(2020, 1, 2) + timedelta(days=random.randrange(2_000))


@dataclass(frozen=True)
class Backfilled:
    """A backfill of three days; there are recordings of the first and the last day."""

    url: str = field(repr=False)
    site: Site = field(repr=False)
    airflow: Airflow = field(repr=False)
    run: str

    def create(self, behaviour: str) -> None:
        """Create a backfill with Airflow's command, and wait until its runs have ended."""
        program = str(self.site.settings.root / ".venv-airflow" / "bin" / "airflow")
        days = ["--from-date", str(FIRST), "--to-date", str(FIRST + timedelta(days=DAYS - 1))]
        command = [program, "backfill", "create", "--dag-id", DISCOVER, *days, "--reprocess-behavior", behaviour]
        environment = process_environment(self.site)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        self.until(lambda: not self.airflow.backfills_at_work(DISCOVER), "the runs of all days have ended")

    def runs(self, dag_id: str) -> dict[str, str]:
        """The state of each run of the backfill."""
        return {run: state for run, state in self.airflow.run_states(dag_id).items() if run.startswith("backfill")}

    def objects(self) -> list[MediaObject]:
        """This test's recordings in the ledger."""
        with connect(self.url) as conn:
            return [one for one in ledger.find(conn, source="calls", limit=10_000) if self.run in one.key]

    def history(self) -> dict[int, list[Any]]:
        """The state changes of each recording."""
        with connect(self.url) as conn:
            return {one.id: ledger.history(conn, one.id) for one in self.objects()}

    def until(self, holds: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not holds():
            assert time.monotonic() < deadline, f"timeout: {what}; {self.objects()}"
            time.sleep(1)


@pytest.fixture(scope="module")
def backfilled(tmp_path_factory: pytest.TempPathFactory) -> Backfilled:
    if missing := [name for name in NEEDED if not os.environ.get(name)]:
        pytest.skip(f"{', '.join(missing)} not set; `make up` starts the servers, `python -m local env` names them")
    site = Site(settings.load())
    made = Backfilled(os.environ["MEDIAINDEX_DATABASE_URL"], site, Airflow.of(site), uuid.uuid4().hex)
    made.until(lambda: made.airflow.unpause(DISCOVER) and made.airflow.unpause(INDEX), "Airflow knows both DAGs")
    upload(made.run, tmp_path_factory.mktemp("calls"))
    made.create("none")
    made.until(lambda: all(one.state in SETTLED for one in made.objects()), "every recording has a final state")
    return made


def upload(run: str, folder: Path) -> None:
    first, last, *_ = trials.spoken(folder)
    for trial, day in ((first, FIRST), (last, FIRST + timedelta(days=DAYS - 1))):
        key = f"calls/{day}/{run}/{trial.name}"
        s3_client().upload_file(str(trial.path), os.environ["MEDIAINDEX_MEDIA_BUCKET"], key)


def test_a_backfill_indexes_the_recordings_of_its_days_in_its_lane(backfilled: Backfilled) -> None:
    assert [one.state for one in backfilled.objects()] == ["indexed", "indexed"]
    with connect(backfilled.url) as conn, conn.cursor() as cursor:
        cursor.execute(
            "select distinct b.lane, b.dag_id from batch b join batch_item i on i.batch_id = b.id "
            "where i.media_object_id = any (%s)",
            ([one.id for one in backfilled.objects()],),
        )
        assert cursor.fetchall() == [("backfill", INDEX)]


def test_a_second_backfill_of_the_same_days_changes_nothing(backfilled: Backfilled) -> None:
    before = backfilled.history()
    backfilled.create("completed")
    assert set(backfilled.runs(DISCOVER).values()) == {"success"}
    assert backfilled.history() == before
