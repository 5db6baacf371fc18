from __future__ import annotations

import subprocess
import sys

import pytest

from mediaindex.engines.pyannote_audio import pyannote
from mediaindex.models import try_locate
from mediaindex.stages.protocols import SAMPLE_RATE
from tests.builders.in_memory import InMemory

numpy = pytest.importorskip("numpy", reason="NumPy is in the speech environment only")

ADAPTER = "mediaindex.engines.pyannote_audio.pyannote"


def model(name: str):
    located = try_locate(name)
    if located is None:
        pytest.skip(f"model {name} is not on this machine: `mediaindex models fetch {name}`")
    return located.path


@pytest.fixture(scope="module")
def diarizer():
    return pyannote.load(
        model("pyannote-segmentation-3.0"), model("wespeaker-resnet34"), identity="pyannote.audio 4.0.7", step=0.5
    )


def voice(pitch: float, seconds: float):
    """A synthetic vowel: harmonics of one pitch, modulated at the rate of syllables."""
    time = numpy.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    sound = sum(numpy.sin(2 * numpy.pi * pitch * k * time) / k for k in range(1, 12))
    return (0.1 * sound * (0.6 + 0.4 * numpy.sin(2 * numpy.pi * 3 * time))).astype(numpy.float32)


def test_the_identity_names_the_parameters_and_loads_nothing(tmp_path):
    absent = pyannote.load(tmp_path / "none.bin", tmp_path / "none.onnx", identity="weights abc")
    assert absent.identity == "weights abc step 0.1 threshold 0.75"


def test_importing_the_adapter_imports_nothing_heavy():
    code = f"import sys, {ADAPTER}; print(sorted({{'torch', 'pyannote', 'numpy'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_less_than_a_tenth_of_a_second_has_no_speakers(tmp_path):
    absent = pyannote.load(tmp_path / "none.bin", tmp_path / "none.onnx", identity="x")
    assert absent.diarize(InMemory(numpy.zeros(1599, numpy.float32)), None).spans == ()


def test_a_checkpoint_with_code_is_an_error(tmp_path):
    import pickle
    from pathlib import Path

    torch = pytest.importorskip("torch", reason="torch is in the speech environment only")
    from mediaindex.engines.pyannote_audio.pipeline import load_segmentation

    torch.save({"hyper_parameters": Path("x")}, tmp_path / "evil.bin")
    with pytest.raises(pickle.UnpicklingError):
        load_segmentation(tmp_path / "evil.bin")


@pytest.mark.models
@pytest.mark.parametrize("seconds", [0.3, 1.0, 2.0, 10.0, 12.0])
def test_silence_of_any_length_has_no_speakers(diarizer, seconds):
    diarized = diarizer.diarize(InMemory(numpy.zeros(round(seconds * SAMPLE_RATE), numpy.float32)), None)
    assert (diarized.spans, diarized.exclusive) == ((), ())


@pytest.mark.models
@pytest.mark.parametrize("seconds", [0.3, 1.0, 2.0])
def test_spans_end_inside_very_short_recordings(diarizer, seconds):
    diarized = diarizer.diarize(InMemory(voice(140.0, seconds)), 2)
    assert all(span.end <= seconds for span in (*diarized.spans, *diarized.exclusive))


@pytest.mark.models
def test_results_are_reproducible_and_the_number_of_threads_does_not_change(diarizer):
    import torch

    samples = numpy.concatenate([voice(110.0, 6.0), numpy.zeros(8000, numpy.float32), voice(230.0, 6.0)])
    before = torch.get_num_threads()
    first = diarizer.diarize(InMemory(samples), None)
    assert first == diarizer.diarize(InMemory(samples), None)
    assert torch.get_num_threads() == before


@pytest.mark.models
def test_pyannote_sends_no_telemetry_and_does_not_import_nemo(diarizer):
    code = (
        "import os, sys; from mediaindex.engines.pyannote_audio import pipeline; "
        "from pyannote.audio.telemetry.metrics import is_metrics_enabled; "
        "print(is_metrics_enabled(), 'nemo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-2:] == ["False", "False"]
