"""A recogniser with unreadable weights, or one that crashes, is replaced by the next until it works again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mediaindex.contract import artifacts
from mediaindex.contract.job import FileSource, FolderStore, Hints, Job, JobItem, JobResult
from mediaindex.contract.results import Recognition
from mediaindex.models import LocatedModel, locate
from mediaindex.orchestration.child import ChildCrashedError, SpeechChild
from mediaindex.orchestration.splitting import run_split
from mediaindex.runner.engines import Engines
from mediaindex.runner.local import run_one
from mediaindex.storage.artifacts import open_store
from tests.builders import corpus

CONFORMER, WHISPER = "stt-en-conformer-ctc-small", "whisper-base"

# Loading the first recogniser kills the process, as a broken library would.
DEADLY = """
import os, signal
from mediaindex.engines.ctc.conformer import ConformerCtc
ConformerCtc._load = lambda self: os.kill(os.getpid(), signal.SIGSEGV)
"""

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FolderStore:
    return FolderStore(path=str(tmp_path_factory.mktemp("artifacts")))


@pytest.fixture(scope="module")
def item(store: FolderStore, conformer: LocatedModel, tmp_path_factory: pytest.TempPathFactory) -> JobItem:
    """A recording that is ready to be transcribed."""
    assert conformer.name == CONFORMER
    recording = corpus.call(tmp_path_factory.mktemp("call"))
    one = JobItem(id="1", name=recording.name, source=FileSource(path=str(recording)), hints=Hints(languages=("en",)))
    for stage in ("detect_speech", "identify_language"):
        one, result = run_one(stage, one, store, Engines())
        assert result.error is None
    return one


@pytest.fixture
def broken_models(item: JobItem, tmp_path: Path) -> Path:
    """A models directory in which the file of the first recogniser is truncated."""
    whole = locate(CONFORMER).path
    shutil.copytree(whole.parent, tmp_path / "models", symlinks=True)
    broken = tmp_path / "models" / whole.name
    broken.unlink()
    broken.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    return broken.parent


def transcribe(folder: Path, item: JobItem, store: FolderStore, models: Path | None = None) -> tuple[JobResult, str]:
    """The result and the output of a new speech process."""
    job, result = folder / "job.json", folder / "out.json"
    job.write_text(Job(stage="transcribe", items=(item,), store=store).model_dump_json())
    runner = [sys.executable, "-m", "mediaindex.runner", "--job", str(job), "--result", str(result)]
    environment = os.environ | ({"MEDIAINDEX_MODELS": str(models)} if models else {})
    done = subprocess.run(runner, env=environment, capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode == 0, done.stdout + done.stderr
    return JobResult.model_validate_json(result.read_bytes()), done.stdout


def artifact(store: FolderStore, result: JobResult) -> Recognition:
    (one,) = result.items
    payload = open_store(store).get(str(one.audio_sha256), "transcribe", str(one.fingerprint))
    assert payload is not None, one
    return artifacts.load(Recognition, payload)


def test_truncated_weights_are_replaced_by_the_next_recogniser(
    item: JobItem, store: FolderStore, broken_models: Path, tmp_path: Path
) -> None:
    result, said = transcribe(tmp_path, item, store, broken_models)
    assert said.count("was set aside") == 1
    assert "not a complete NeMo checkpoint" in said
    written = artifact(store, result)
    assert written.recogniser == WHISPER
    assert str(written.fallback).startswith(f"{CONFORMER} was set aside: ")
    assert len(written.words) > 50  # of about 90 spoken ones
    assert result.items[0].engine.startswith(f"without {CONFORMER}; ")

    back, _ = transcribe(tmp_path, item, store)
    assert back.items[0].status == "done"  # the result of the other recogniser is not reused
    assert artifact(store, back).recogniser == CONFORMER
    assert artifact(store, back).fallback is None


def test_a_recogniser_that_kills_the_process_is_replaced(item: JobItem, store: FolderStore, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(DEADLY)
    # With a vocabulary the fingerprint differs from those above.
    named = item.model_copy(update={"hints": Hints(languages=("en",), vocabulary=("Helstone",))})
    child = SpeechChild(sys.executable, dict(os.environ) | {"PYTHONPATH": str(tmp_path)})
    job = Job(stage="transcribe", items=(named,), store=store)
    with pytest.raises(ChildCrashedError, match="SIGSEGV"):
        child.run(job)
    result = run_split(job, child.run)
    assert artifact(store, result).recogniser == WHISPER
    assert artifact(store, result).fallback == (
        f"{CONFORMER} was set aside: the speech process was ended by SIGSEGV for every recording"
    )
