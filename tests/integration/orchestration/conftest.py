"""A separate Airflow for these tests, with its own catalog and metadata database on the real PostgreSQL.

Its speech environment is a small real program behind the runner's command line, so that a test can watch what becomes
of the processes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.batches import batches
from mediaindex.catalog.ledger import ledger
from mediaindex.orchestration import connections, podcasts
from mediaindex.storage.client import s3_client
from mediaindex.storage.objects import ObjectVersion
from tests.builders.buckets import throwaway_bucket
from tests.builders.databases import migrated_database, throwaway_database
from tests.builders.free_ports import free_port
from tests.builders.podcast_host import podcast_host
from tests.builders.podcast_stage import Stage

ROOT = Path(__file__).parents[3]
NEEDED = ("MEDIAINDEX_DATABASE_URL", "MEDIAINDEX_S3_ENDPOINT_URL", "MEDIAINDEX_ELASTICSEARCH_URL")

# Starts a grandchild, ignores SIGTERM as it does, writes both pids and runs without end.
DEAF = f"""#!{sys.executable}
import json, os, pathlib, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])  # inherits the deafness
place = pathlib.Path(os.environ["MEDIAINDEX_TEST_PIDS"])
beside = place.with_suffix(".part")
beside.write_text(json.dumps([os.getpid(), grandchild.pid]))
beside.replace(place)
print("at work", flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="session")
def server_url() -> str:
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        pytest.skip(f"{', '.join(missing)} not set; `make up` starts the servers, `python -m local env` names them")
    return os.environ["MEDIAINDEX_DATABASE_URL"]


@pytest.fixture(scope="session")
def catalog_url(server_url: str) -> Iterator[str]:
    yield from migrated_database(server_url, "catalog")


@pytest.fixture(scope="session")
def metadata_url(server_url: str) -> Iterator[str]:
    yield from throwaway_database(server_url, "airflow")


@pytest.fixture
def batch_id(catalog_url: str) -> int:
    """A batch of one recording, as discovery plans it."""
    key = f"incoming/{uuid.uuid4().hex}.wav"
    with connect(catalog_url) as conn:
        ledger.claim(conn, "recordings", [ObjectVersion("media", key, "e", None, 1, datetime.now(UTC))])
        return batches.plan(conn, "recordings")[0]


@pytest.fixture(scope="session")
def deaf_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("speech") / "python"
    path.write_text(DEAF)
    path.chmod(0o755)
    return path


@dataclass(frozen=True)
class Airflow:
    """Its REST API, and the file with the pids of its child."""

    address: str
    pids: Path
    token: str = ""

    def call(self, path: str, method: str = "GET", body: Any = None) -> Any:
        """The answer of ``/api/v2/{path}``."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.address}/{path}", data=data, method=method, headers=headers)  # noqa: S310
        try:
            with urlopen(request, timeout=300) as answer:  # noqa: S310
                return json.load(answer)
        except HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from error


@pytest.fixture(scope="session")
def airflow(
    catalog_url: str, metadata_url: str, deaf_python: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Airflow]:
    """Scheduler, DAG processor and API server, with the DAGs and settings of the project."""
    state = tmp_path_factory.mktemp("airflow")
    port = free_port()
    ours = {
        "MEDIAINDEX_STATE": str(state),
        "MEDIAINDEX_PORT_AIRFLOW": str(port),
        "MEDIAINDEX_DATABASE_URL": catalog_url,
        "MEDIAINDEX_AIRFLOW_DATABASE_URL": metadata_url,
        "MEDIAINDEX_SPEECH_PYTHON": str(deaf_python),
        "MEDIAINDEX_TEST_PIDS": str(state / "pids.json"),
        "MEDIAINDEX_RETRY_SECONDS": "1",
        "MEDIAINDEX_SWEEP_SCHEDULE": "0 0 1 1 *",  # when a test says so
    }
    # Without MEDIAINDEX_LOCAL the addresses in the environment count as the user's own servers.
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith("AIRFLOW") and k != "MEDIAINDEX_LOCAL"
    } | ours
    local = [sys.executable, "-m", "local"]
    parts = ["api-server", "scheduler", "dag-processor"]
    try:
        up = subprocess.run(
            [*local, "up", *parts], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert up.returncode == 0, up.stdout + up.stderr
        password = json.loads((state / "credentials.json").read_text())["airflow_password"]
        address = f"http://127.0.0.1:{port}"
        token = Airflow(address, state).call("auth/token", "POST", {"username": "admin", "password": password})
        yield Airflow(f"{address}/api/v2", state / "pids.json", token["access_token"])
    finally:
        subprocess.run([*local, "down", *parts], cwd=ROOT, env=environment, capture_output=True, check=False)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty metadata database of Airflow to copy, because creating one takes seconds."""
    home = tmp_path_factory.mktemp("metadata")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
    }
    command = [str(Path(sys.executable).parent / "airflow"), "db", "migrate"]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=400)
    return home / "airflow.db"


@pytest.fixture
def task_environment(catalog_url: str, deaf_python: Path, migrated_file: Path, tmp_path: Path) -> dict[str, str]:
    """The environment of a task's process without a running Airflow: a metadata database in a file, connections."""
    s3 = json.dumps({"conn_type": "aws", "extra": {"endpoint_url": os.environ["MEDIAINDEX_S3_ENDPOINT_URL"]}})
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW_CONFIG": str(ROOT / "airflow.cfg"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(tmp_path / "dags"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path / 'airflow.db'}",
        "AIRFLOW_CONN_MEDIAINDEX_POSTGRES": catalog_url,
        "AIRFLOW_CONN_MEDIAINDEX_S3": s3,
        "MEDIAINDEX_CONFIG": str(ROOT / "local" / "sources.yaml"),
        "MEDIAINDEX_ARTIFACTS_BUCKET": "mediaindex-artifacts",
        "MEDIAINDEX_SPEECH_PYTHON": str(deaf_python),
        "MEDIAINDEX_TEST_PIDS": str(tmp_path / "pids.json"),
        "MEDIAINDEX_BACKOFF_SECONDS": "3600",  # recordings that one test queues again must not run in others
    }
    shutil.copy(migrated_file, tmp_path / "airflow.db")
    return environment


@pytest.fixture(scope="session")
def podcast_catalog(server_url: str) -> Iterator[str]:
    yield from migrated_database(server_url, "podcasts")


@pytest.fixture
def stage(podcast_catalog: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A podcast host, a bucket and a source of its own."""
    monkeypatch.setenv("MEDIAINDEX_CONFIG", str(tmp_path / "sources.yaml"))
    monkeypatch.setattr(connections, "database_url", lambda: podcast_catalog)
    monkeypatch.setattr(podcasts, "use_s3_environment", lambda: None)
    client = s3_client()
    with podcast_host() as host:
        for bucket in throwaway_bucket(client):
            source = f"shows_{uuid.uuid4().hex[:12]}"
            yield Stage(host, bucket, podcast_catalog, source, tmp_path / "sources.yaml", client)
