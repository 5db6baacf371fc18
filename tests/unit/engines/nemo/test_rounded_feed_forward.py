"""Balancing of channels before they are rounded: another split of the same product."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is in the speech environment only")
import torch  # as above

from mediaindex.engines.nemo.rounded_feed_forward import balance_channels  # needs torch

pytestmark = pytest.mark.rounding


class Layer(torch.nn.Module):
    """A layer with the names of NeMo; some channels are a hundred times as large as others."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.norm_feed_forward1: Any = torch.nn.LayerNorm(channels)
        self.feed_forward1: Any = torch.nn.Module()
        self.feed_forward1.linear1 = torch.nn.Linear(channels, 4 * channels)
        with torch.no_grad():
            self.norm_feed_forward1.weight.copy_(torch.logspace(-1, 1, channels))
            self.norm_feed_forward1.bias.normal_()
        self.requires_grad_(False)

    def forward(self, x: Any) -> tuple[Any, Any]:
        normal = self.norm_feed_forward1(x)
        return normal, self.feed_forward1.linear1(normal)


def balanced(layer: Layer) -> None:
    balance_channels(SimpleNamespace(encoder=torch.nn.Sequential(layer)))


def test_balanced_layers_compute_the_same_from_more_similar_channels() -> None:
    layer, x = Layer(12), torch.randn(200, 12)
    before, expected = layer(x)
    balanced(layer)
    after, output = layer(x)
    assert torch.allclose(output, expected, atol=1e-4)
    spread = [values.abs().amax(0).log().std().item() for values in (before, after)]
    assert spread[1] < 0.7 * spread[0]


def test_channels_of_zeros_are_accepted() -> None:
    layer = Layer(4)
    layer.norm_feed_forward1.weight[1] = layer.norm_feed_forward1.bias[1] = 0.0
    layer.feed_forward1.linear1.weight[:, 2] = 0.0
    x = torch.randn(50, 4)
    _, expected = layer(x)
    balanced(layer)
    assert torch.allclose(layer(x)[1], expected, atol=1e-4)
