from __future__ import annotations

import pytest

numpy = pytest.importorskip("numpy", reason="NumPy is in the speech environment only")

from mediaindex.engines.diarization import segmentation as speaker_segmentation  # noqa: E402


def test_powerset_classes_stand_in_pyannotes_order():
    powerset = pytest.importorskip("pyannote.audio.utils.powerset", reason="pyannote.audio is not installed")
    assert numpy.array_equal(speaker_segmentation.POWERSET, powerset.Powerset(3, 2).mapping.numpy().astype(bool))


def test_clean_speech_is_that_of_one_speaker_alone():
    active = numpy.array([[1, 0, 0], [1, 1, 0], [0, 0, 0], [0, 0, 1]], bool)
    assert speaker_segmentation.clean(active).tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 1]]


@pytest.mark.models
def test_the_graph_says_what_the_checkpoint_says(model, dataset):
    import soundfile
    import torch

    from mediaindex.engines.pyannote_audio.pipeline import load_segmentation

    graph = model("pyannote-segmentation-3.0-onnx")
    network, _ = load_segmentation(model("pyannote-segmentation-3.0").path)
    files = [row["path"] for row in dataset("wer/refs.jsonl")[:40:8]]
    speech = numpy.concatenate([soundfile.read(file, dtype="float32")[0] for file in files])[: 3 * 160_000]
    windows = speech[: len(speech) // 160_000 * 160_000].reshape(-1, 160_000)
    with torch.inference_mode():
        classes = network(torch.from_numpy(windows)[:, None]).argmax(-1).numpy()
    assert network.receptive_field.step == speaker_segmentation.FRAME_STEP
    assert network.receptive_field.duration / 2 == speaker_segmentation.FRAME_MIDDLE
    ours = speaker_segmentation.Segmentation(graph.path, graph.sha256)(windows)
    assert ours.shape[1] == speaker_segmentation.FRAMES
    assert ours.any()
    # Rounding may decide where two classes are equally likely, at the edges of speech: on one of 1767 frames, measured.
    different = (ours != speaker_segmentation.POWERSET[classes]).any(-1)
    assert different.mean() < 0.01
