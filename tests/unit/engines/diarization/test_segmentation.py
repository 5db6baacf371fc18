from __future__ import annotations

import pytest

numpy = pytest.importorskip("numpy", reason="NumPy is in the speech environment only")

from mediaindex.engines.diarization import segmentation  # noqa: E402
from tests.builders import corpus  # noqa: E402


def test_powerset_classes_are_in_the_order_of_pyannote():
    powerset = pytest.importorskip("pyannote.audio.utils.powerset", reason="pyannote.audio is not installed")
    assert numpy.array_equal(segmentation.POWERSET, powerset.Powerset(3, 2).mapping.numpy().astype(bool))


def test_clean_speech_is_that_of_one_speaker_alone():
    active = numpy.array([[1, 0, 0], [1, 1, 0], [0, 0, 0], [0, 0, 1]], bool)
    assert segmentation.clean(active).tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 1]]


@pytest.mark.models
def test_the_graph_computes_the_same_as_the_checkpoint(model):
    import soundfile
    import torch

    from mediaindex.engines.pyannote_audio.pipeline import load_segmentation

    graph = model("pyannote-segmentation-3.0-onnx")
    network, _ = load_segmentation(model("pyannote-segmentation-3.0").path)
    files = [recording.path for recording in corpus.readings()[::4]]
    speech = numpy.concatenate([soundfile.read(file, dtype="float32")[0] for file in files])[: 3 * 160_000]
    windows = speech[: len(speech) // 160_000 * 160_000].reshape(-1, 160_000)
    with torch.inference_mode():
        classes = network(torch.from_numpy(windows)[:, None]).argmax(-1).numpy()
    assert network.receptive_field.step == segmentation.FRAME_STEP
    assert network.receptive_field.duration / 2 == segmentation.FRAME_MIDDLE
    active = segmentation.Segmentation(graph.path, graph.sha256)(windows)
    assert active.shape[1] == segmentation.FRAMES
    assert active.any()
    # Rounding may decide between classes that are equally likely, at the edges of speech: 1 of 1767 frames, measured.
    different = (active != segmentation.POWERSET[classes]).any(-1)
    assert different.mean() < 0.01
