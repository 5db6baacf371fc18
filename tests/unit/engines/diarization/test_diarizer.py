from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mediaindex.engines.diarization import diarizer as engine
from mediaindex.models import LocatedModel
from mediaindex.stages.protocols import SAMPLE_RATE
from tests.builders.in_memory import InMemory

numpy = pytest.importorskip("numpy", reason="NumPy is in the speech environment only")

NOWHERE = LocatedModel("none", Path("none.onnx"), "local", "0" * 64, "MIT")


@pytest.fixture(scope="module")
def diarizer(model):
    return engine.load(model("pyannote-segmentation-3.0-onnx"), model("wespeaker-resnet34"), identity="x", threads=2)


ADAPTER = "mediaindex.engines.diarization.diarizer"


def silence(seconds):
    return InMemory(numpy.zeros(round(seconds * SAMPLE_RATE), numpy.float32))


def voice(pitch, seconds):
    """A synthetic vowel: harmonics of one pitch, modulated at the rate of syllables."""
    time = numpy.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    sound = sum(numpy.sin(2 * numpy.pi * pitch * k * time) / k for k in range(1, 12))
    return (0.1 * sound * (0.6 + 0.4 * numpy.sin(2 * numpy.pi * 3 * time))).astype(numpy.float32)


def test_the_identity_names_the_parameters_and_loads_nothing():
    assert engine.load(NOWHERE, NOWHERE, identity="weights abc").identity == "weights abc hop 2.5 threshold 0.55"


def test_importing_the_adapter_imports_nothing_heavy():
    code = f"import sys, {ADAPTER}; print(sorted({{'torch', 'onnxruntime', 'numpy'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_less_than_a_tenth_of_a_second_has_no_speakers():
    assert engine.load(NOWHERE, NOWHERE, identity="x").diarize(silence(0.09), None).spans == ()


@pytest.mark.models
def test_a_recording_is_diarized_without_torch_or_pyannote(model):
    located = [model(name) for name in ("pyannote-segmentation-3.0-onnx", "wespeaker-resnet34")]
    facts = [(str(weights.path), weights.sha256) for weights in located]
    code = (
        "import sys, numpy; from pathlib import Path; from mediaindex.engines.diarization import diarizer; "
        "from mediaindex.models import LocatedModel; from tests.builders.in_memory import InMemory; "
        f"models = [LocatedModel('m', Path(p), 'local', s, 'MIT') for p, s in {facts!r}]; "
        "noise = numpy.random.default_rng(0).normal(0, 0.1, 16000).astype('float32'); "
        "diarizer.load(*models, identity='x').diarize(InMemory(noise), None); "
        "print(sorted({'torch', 'pyannote', 'nemo', 'torchaudio'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[4]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == "[]"


@pytest.mark.models
@pytest.mark.parametrize("seconds", [0.3, 10.0, 12.0, 95.0])
def test_silence_of_any_length_has_no_speakers(diarizer, seconds):
    diarized = diarizer.diarize(silence(seconds), None)
    assert (diarized.spans, diarized.exclusive) == ((), ())


@pytest.mark.models
@pytest.mark.parametrize("seconds", [0.1, 0.3, 1.0, 2.0, 10.01])
def test_spans_end_inside_short_recordings(diarizer, seconds):
    diarized = diarizer.diarize(InMemory(voice(140.0, seconds)), 2)
    assert all(span.end <= seconds for span in (*diarized.spans, *diarized.exclusive))


@pytest.mark.models
def test_two_recordings_at_once_give_the_same_as_one_after_the_other(diarizer):
    pause = numpy.zeros(8000, numpy.float32)
    recordings = [
        InMemory(numpy.concatenate([voice(low, 6.0), pause, voice(high, 7.0)])) for low, high in ((110, 230), (90, 300))
    ]
    alone = [diarizer.diarize(recording, None) for recording in recordings]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda recording: diarizer.diarize(recording, None), recordings))
    assert together == alone
