from __future__ import annotations

import pytest

numpy = pytest.importorskip("numpy", reason="NumPy is in the speech environment only")

from mediaindex.engines.diarization import trunk as speaker_trunk  # noqa: E402
from mediaindex.engines.diarization import voices as speaker_voices  # noqa: E402
from mediaindex.errors import ConfigError  # noqa: E402

pytestmark = pytest.mark.rounding


def noise(seconds):
    return numpy.random.default_rng(3).normal(0, 0.1, round(seconds * 16_000)).astype(numpy.float32)


def test_the_filter_bank_is_kaldis_as_wespeaker_uses_it():
    torch = pytest.importorskip("torch", reason="torch is in the speech environment only")
    from torchaudio.compliance import kaldi

    samples = noise(2.0)
    theirs = kaldi.fbank(
        torch.from_numpy(samples)[None] * 32768, num_mel_bins=80, dither=0.0, window_type="hamming", use_energy=False
    ).numpy()
    # float32 in another order of summation: energies are of the order of 10. Measured: 0.0004.
    assert numpy.allclose(speaker_voices.filter_bank(samples), theirs - theirs.mean(0), atol=5e-3)


@pytest.mark.models
def test_trunk_and_pooling_give_the_embedding_of_the_whole_model(model):
    import onnxruntime

    weights = model("wespeaker-resnet34")
    bank = speaker_voices.filter_bank(noise(3.0))
    whole = onnxruntime.InferenceSession(str(weights.path), providers=["CPUExecutionProvider"])
    expected = whole.run(["embs"], {"feats": bank[None]})[0][0]
    trunk = speaker_trunk.Trunk(weights.path, weights.sha256)
    frames = trunk(bank)
    assert len(frames) == -(-len(bank) // speaker_trunk.SUBSAMPLING)
    found = trunk.head.embed(frames)
    cosine = found @ expected / numpy.linalg.norm(found) / numpy.linalg.norm(expected)
    assert cosine > 0.9999  # measured: 1 within 1e-7, and parts of it within 3e-7 of the largest
    assert numpy.allclose(found, expected, atol=5e-3 * numpy.abs(expected).max())


def test_a_graph_of_another_kind_is_refused_by_name(tmp_path):
    onnx = pytest.importorskip("onnx", reason="ONNX is in the speech environment only")
    tensor = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in ("feats", "embs")]
    graph = onnx.helper.make_graph([onnx.helper.make_node("Relu", ["feats"], ["embs"])], "g", tensor[:1], tensor[1:])
    onnx.save(onnx.helper.make_model(graph), str(tmp_path / "other.onnx"))
    with pytest.raises(ConfigError, match=r"other\.onnx: not a WeSpeaker ResNet"):
        speaker_trunk.cut(tmp_path / "other.onnx", tmp_path)
