"""While recordings are processed nothing is fetched, and models of the job are known."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("onnxruntime", reason="the runner is in the speech environment only")

from mediaindex.contract.job import FileSource, FolderStore, Job, JobItem
from mediaindex.contract.models import OwnModel
from mediaindex.errors import ModelMissingError, TerminalError
from mediaindex.models import load_registry, register
from mediaindex.models.registry import find
from mediaindex.runner.__main__ import _run
from mediaindex.runner.choices import MissingRecogniser, recogniser_of


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without models."""
    for name in ("MEDIAINDEX_MODELS", "MEDIAINDEX_CACHE", "HF_HUB_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.delenv("MEDIAINDEX_FETCH_AT_RUN_TIME", raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")  # restored after the test
    yield
    register(())


def unknown_stage(tmp_path: Path, *models: OwnModel) -> Job:
    item = JobItem(id="1", name="a.wav", source=FileSource(path="a.wav"))
    return Job(stage="none", items=(item,), store=FolderStore(path=str(tmp_path)), models=models)


def ours(path: Path) -> OwnModel:
    return OwnModel(name="ours", engine="whisper", languages=("eo",), path=str(path))


def test_libraries_are_offline_unless_fetching_is_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIAINDEX_FETCH_AT_RUN_TIME", "1")
    with pytest.raises(TerminalError):
        _run(unknown_stage(tmp_path))
    assert os.environ["HF_HUB_OFFLINE"] == "0"
    monkeypatch.delenv("MEDIAINDEX_FETCH_AT_RUN_TIME")
    with pytest.raises(TerminalError):
        _run(unknown_stage(tmp_path))
    assert os.environ["HF_HUB_OFFLINE"] == "1"


def test_a_required_model_that_is_missing_fails_the_job_with_the_command() -> None:
    with pytest.raises(ModelMissingError, match="`mediaindex models fetch whisper-base`"):
        recogniser_of(load_registry()["whisper-base"])


def test_models_of_the_job_are_known(tmp_path: Path) -> None:
    with pytest.raises(TerminalError):
        _run(unknown_stage(tmp_path, ours(tmp_path / "ours")))
    assert isinstance(recogniser_of(find("ours")), MissingRecogniser)


def test_other_weights_at_the_same_path_are_another_engine(tmp_path: Path) -> None:
    folder = tmp_path / "ours"
    folder.mkdir()
    register([ours(folder)])
    for name in ("config.json", "tokenizer.json", "model.bin"):
        (folder / name).write_bytes(b"{}")
    before = recogniser_of(find("ours"))
    assert before.languages == {"eo"}
    (folder / "model.bin").write_bytes(b"other weights")
    assert recogniser_of(find("ours")).identity != before.identity
