"""What rooms share that costs much to make."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from mediaindex.errors import MediaindexError
from mediaindex.models import LocatedModel, locate, try_locate
from tests.builders import corpus

MAKER = Path(__file__).parent / "builders" / "tiny_nemo.py"
KINDS = ("conformer", "limited", "shared", "fastconformer", "tdt")

# A property is about values. How long one example takes depends on the machine and on what else runs there: by itself
# hypothesis fails a test for an example of 200 ms. The examples are the same at every run, so that a change is to blame
# for a failure; `--hypothesis-profile=default` draws others.
settings.register_profile("any machine", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_configure(config: pytest.Config) -> None:
    """A marker beside those of pyproject.toml, for `make test-rounding` alone; a core for each process with engines."""
    config.addinivalue_line("markers", "rounding: compares what two libraries compute, without a model's weights")
    if find_spec("torch"):
        _take_a_core()


def _take_a_core() -> None:
    """Bind a process of pytest-xdist, and what it starts, to one core: engines start a thread per core that they see.

    Two processes that run at once would otherwise have twice as many busy threads as there are cores. Tests without
    engines start servers instead, which wait for each other.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[int(worker.removeprefix("gw")) % len(cores)]})


MODEL_FIXTURES = {"model", "conformer", "conformers"}


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Tests that ask for a model have the mark ``models``."""
    for item in items:
        if MODEL_FIXTURES & set(item.fixturenames):
            item.add_marker("models")


@pytest.fixture(autouse=True)
def airflow_id(monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of an Airflow for functions of tasks that a test calls without one."""
    id_ = str(uuid.UUID(int=1))
    monkeypatch.setenv("AIRFLOW_VAR_MEDIAINDEX_AIRFLOW_ID", id_)
    return id_


@pytest.fixture(scope="session")
def tiny_nemo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny checkpoints, two recordings (``a.npy``, ``b.npy``) and what NeMo hears in them: see the maker."""
    pytest.importorskip("nemo", reason="NeMo is in the speech environment only")
    from filelock import FileLock

    # Test processes that run at once have their folders in a common one.
    common = tmp_path_factory.getbasetemp()
    folder = (common.parent if "PYTEST_XDIST_WORKER" in os.environ else common) / "tiny"
    with FileLock(f"{folder}.lock"):
        if not folder.is_dir():
            _make_tiny(folder)
    return folder


def _make_tiny(folder: Path) -> None:
    import numpy as np  # only the speech environment has it

    part = folder.with_name("tiny.part")
    part.mkdir()
    noise = np.random.default_rng(7)
    for name, length in (("a", 16_000), ("b", 41_234)):
        np.save(part / f"{name}.npy", noise.normal(0, 0.1, length).astype(np.float32))
    command = [sys.executable, str(MAKER), str(part), *KINDS]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    part.rename(folder)


@contextmanager
def _placed(weights: Path, folder: Path) -> Iterator[LocatedModel]:
    (folder / corpus.WEIGHTS).symlink_to(weights)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MEDIAINDEX_MODELS", str(folder))
        yield locate(corpus.CONFORMER)


@pytest.fixture(scope="module")
def conformer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocatedModel]:
    """The small weights of the corpus in the place of the English Conformer's, for this module and its processes."""
    with _placed(corpus.CONFORMERS["small"], tmp_path_factory.mktemp("models")) as located:
        yield located


@pytest.fixture(scope="module", params=corpus.CONFORMERS)
def conformers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocatedModel]:
    """The same; then the published weights, if this machine has them."""
    with _placed(corpus.CONFORMERS[request.param], tmp_path_factory.mktemp("models")) as located:
        yield located


@pytest.fixture(scope="session")
def model() -> Callable[[str], LocatedModel]:
    """Locates a model, or skips the test."""

    def find(name: str) -> LocatedModel:
        try:
            located = try_locate(name)
        except MediaindexError as error:
            pytest.skip(error.message)
        if located is None:
            pytest.skip(f"model {name} is not on this machine (`mediaindex models fetch {name}`)")
        return located

    return find


@pytest.fixture(scope="session")
def utterances() -> dict[str, list[Path]]:
    """The files of each reader of the corpus."""
    return {reader: [recording.path for recording in recordings] for reader, recordings in corpus.readers().items()}
