"""The rounded convolution on ONNX Runtime compared with the one in float32."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is in the speech environment only")
onnxruntime = pytest.importorskip("onnxruntime", reason="as above")
from mediaindex.engines.nemo.rounded_subsampling import RoundedConvolution, round_subsampling  # noqa: E402  # needs torch

pytestmark = pytest.mark.rounding

CHANNELS = 6


def convolution(**options: Any) -> Any:
    torch.manual_seed(3)
    return torch.nn.Conv2d(CHANNELS, 8, **{"kernel_size": 3, "stride": 2, "padding": 1} | options).requires_grad_(False)


def random_input(frames: int, bands: int) -> Any:
    return torch.randn(1, CHANNELS, frames, bands, generator=torch.Generator().manual_seed(frames)).relu()


def exported(layer: Any, bands: int, folder: Path) -> Any:
    graph = folder / "rounded.onnx"
    torch.onnx.export(
        RoundedConvolution(layer, bands),
        (random_input(9, bands),),
        str(graph),
        input_names=["x"],
        output_names=["y"],
        dynamic_axes={"x": {2: "frames"}},
        opset_version=17,
        dynamo=False,
    )
    return onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("bands", [40, 41])
@pytest.mark.parametrize("bias", [True, False])
def test_it_computes_nearly_the_same_as_float32_at_every_length(bands: int, bias: bool, tmp_path: Path) -> None:
    layer = convolution(bias=bias)
    session = exported(layer, bands, tmp_path)
    for frames in (1, 2, 3, 4, 5, 50, 51):
        x = random_input(frames, bands)
        expected = layer(x).numpy()
        (output,) = session.run(["y"], {"x": x.numpy()})
        assert output.shape == expected.shape
        assert np.abs(output - expected).max() < 0.02 * np.abs(expected).max()


def test_torch_computes_the_same_as_the_graph(tmp_path: Path) -> None:
    layer, x = convolution(), random_input(21, 40)
    (output,) = exported(layer, 40, tmp_path).run(["y"], {"x": x.numpy()})
    assert np.abs(RoundedConvolution(layer, 40)(x).numpy() - output).max() < 1e-4


def test_an_input_of_zeros_gives_the_bias(tmp_path: Path) -> None:
    layer, x = convolution(), torch.zeros(1, CHANNELS, 7, 40)
    (output,) = exported(layer, 40, tmp_path).run(["y"], {"x": x.numpy()})
    assert np.abs(output - layer(x).numpy()).max() < 1e-6


def model(*layers: Any) -> Any:
    encoder = SimpleNamespace(pre_encode=SimpleNamespace(conv=torch.nn.Sequential(*layers)))
    return SimpleNamespace(encoder=encoder, cfg=SimpleNamespace(preprocessor=SimpleNamespace(features=80)))


def test_the_second_and_third_convolution_of_subsampling_by_eight_are_rounded() -> None:
    first = torch.nn.Conv2d(1, CHANNELS, 3, stride=2, padding=1)
    made = model(first, torch.nn.ReLU(), convolution(), torch.nn.ReLU(), convolution(), torch.nn.ReLU())
    round_subsampling(made)
    layers = made.encoder.pre_encode.conv
    assert layers[0] is first
    assert [(type(layers[at]), layers[at].bands) for at in (2, 4)] == [
        (RoundedConvolution, 40),
        (RoundedConvolution, 20),
    ]


@pytest.mark.parametrize("options", [{"groups": 2}, {"kernel_size": 1, "padding": 0}, {"stride": 1}, {"padding": 0}])
def test_other_convolutions_are_not_changed(options: dict[str, Any]) -> None:
    other = convolution(**options)
    made = model(torch.nn.Conv2d(1, CHANNELS, 3, stride=2, padding=1), torch.nn.ReLU(), other)
    round_subsampling(made)
    assert made.encoder.pre_encode.conv[2] is other


def test_a_convolution_of_negative_inputs_is_not_rounded() -> None:
    second = convolution()
    made = model(torch.nn.Conv2d(1, CHANNELS, 3, stride=2, padding=1), torch.nn.SiLU(), second)
    round_subsampling(made)
    assert made.encoder.pre_encode.conv[2] is second


def test_a_model_without_convolutions_is_not_changed() -> None:
    made = model()
    del made.encoder.pre_encode.conv
    round_subsampling(made)
