"""The wheel alone, without a checkout, gives an existing Airflow all DAGs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]

# Reads a folder twice, as a process that lives long does, and prints the ids of its DAGs.
READ = """
import json, sys
import mediaindex
from airflow.dag_processing.dagbag import DagBag
bags = [DagBag(dag_folder=sys.argv[1]) for _ in range(2)]
print("FOUND" + json.dumps({"package": mediaindex.__file__, "errors": bags[1].import_errors,
    "dags": {id_: dag.fileloc for id_, dag in bags[1].dags.items()}, "first": sorted(bags[0].dags)}))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the unpacked wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(site: Path, home: Path, *arguments: str) -> str:
    """The output of Python in Airflow's environment, with the wheel before the checkout."""
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(home), "AIRFLOW_HOME": str(home), "PYTHONPATH": str(site),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "MEDIAINDEX_CONFIG": str(ROOT / "local" / "sources.yaml"),
    }  # fmt: skip
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def found_in(site: Path, home: Path, folder: Path) -> dict[str, Any]:
    lines = run(site, home, "-c", READ, str(folder)).splitlines()
    found: dict[str, Any] = json.loads(next(line[5:] for line in lines if line.startswith("FOUND")))
    assert found["package"].startswith(str(site))
    return found


def mediaindex(site: Path, home: Path, *arguments: str) -> str:
    return run(site, home, "-c", "from mediaindex.cli.main import app; app()", *arguments)


def test_a_dag_folder_of_another_project_gets_all_dags(site: Path, tmp_path: Path, facts: dict[str, Any]) -> None:
    folder = tmp_path / "dags"
    folder.mkdir()
    (folder / "other.py").write_text("# nothing of ours\n")
    mediaindex(site, tmp_path, "dags", "install", str(folder))
    found = found_in(site, tmp_path, folder)
    assert found["errors"] == {}
    assert set(found["dags"]) == set(found["first"]) == set(facts["dags"])
    # Airflow runs a task with the file that it has read, which must be one of its bundle.
    assert {str(Path(file).parent) for file in found["dags"].values()} == {str(folder)}


def test_a_bundle_may_be_the_folder_of_the_package(site: Path, tmp_path: Path, facts: dict[str, Any]) -> None:
    folder = Path(mediaindex(site, tmp_path, "dags", "path").strip())
    assert folder.is_relative_to(site)
    found = found_in(site, tmp_path, folder)
    assert (found["errors"], set(found["dags"])) == ({}, set(facts["dags"]))


def test_the_wheel_has_migrations_queries_and_pools(site: Path) -> None:
    package = site / "mediaindex"
    for folder in ("sql", "sql/queries"):
        assert {path.name for path in (package / folder).glob("*.sql")} == {
            path.name for path in (ROOT / folder).glob("*.sql")
        }
    assert (package / "orchestration" / "pools.json").is_file()


def test_an_upgrade_adds_new_files_and_removes_only_its_own(tmp_path: Path) -> None:
    from mediaindex.orchestration import dag_files

    written = dag_files.install(tmp_path)
    gone = tmp_path / "mediaindex_gone.py"
    gone.write_text(written[0].read_text())
    theirs = tmp_path / "mediaindex_theirs.py"
    theirs.write_text("# of a user\n")
    written[0].unlink()
    dag_files.install(tmp_path)
    assert written[0].exists()
    assert theirs.exists()
    assert not gone.exists()
