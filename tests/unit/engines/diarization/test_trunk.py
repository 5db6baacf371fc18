from __future__ import annotations

import pytest

numpy = pytest.importorskip("numpy", reason="NumPy is in the speech environment only")

from mediaindex.engines.diarization.trunk import SUBSAMPLING, Trunk, cut  # noqa: E402
from mediaindex.engines.diarization.voices import filter_bank  # noqa: E402
from mediaindex.errors import ConfigError  # noqa: E402

pytestmark = pytest.mark.rounding


def noise(seconds):
    return numpy.random.default_rng(3).normal(0, 0.1, round(seconds * 16_000)).astype(numpy.float32)


def test_the_filter_bank_is_that_of_kaldi_with_the_options_of_wespeaker():
    torch = pytest.importorskip("torch", reason="torch is in the speech environment only")
    from torchaudio.compliance import kaldi

    samples = noise(2.0)
    expected = kaldi.fbank(
        torch.from_numpy(samples)[None] * 32768, num_mel_bins=80, dither=0.0, window_type="hamming", use_energy=False
    ).numpy()
    # float32 in another order of summation: energies are of the order of 10. Measured: 0.0004.
    assert numpy.allclose(filter_bank(samples), expected - expected.mean(0), atol=5e-3)


@pytest.mark.models
def test_trunk_and_head_give_the_embedding_of_the_whole_model(model):
    import onnxruntime

    weights = model("wespeaker-resnet34")
    bank = filter_bank(noise(3.0))
    whole = onnxruntime.InferenceSession(str(weights.path), providers=["CPUExecutionProvider"])
    expected = whole.run(["embs"], {"feats": bank[None]})[0][0]
    trunk = Trunk(weights.path, weights.sha256)
    frames = trunk(bank)
    assert len(frames) == -(-len(bank) // SUBSAMPLING)
    embedding = trunk.head.embed(frames)
    cosine = embedding @ expected / numpy.linalg.norm(embedding) / numpy.linalg.norm(expected)
    assert cosine > 0.9999  # measured: 1 within 1e-7, and parts of it within 3e-7 of the largest
    assert numpy.allclose(embedding, expected, atol=5e-3 * numpy.abs(expected).max())


def test_a_graph_of_another_kind_is_a_config_error(tmp_path):
    onnx = pytest.importorskip("onnx", reason="ONNX is in the speech environment only")
    tensor = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in ("feats", "embs")]
    graph = onnx.helper.make_graph([onnx.helper.make_node("Relu", ["feats"], ["embs"])], "g", tensor[:1], tensor[1:])
    onnx.save(onnx.helper.make_model(graph), str(tmp_path / "other.onnx"))
    with pytest.raises(ConfigError, match=r"other\.onnx: not a WeSpeaker ResNet"):
        cut(tmp_path / "other.onnx", tmp_path)
