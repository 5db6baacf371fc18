"""Rounds the subsampling of a Conformer to int8: the second convolution is a fifth of the work of the small model.

The integer convolution of ONNX Runtime is slower than the one in float32, so the convolution is written as a matrix
product, which is 3 times as fast. Weights have one scale per output, in seven bits (see ``rounded_feed_forward``); the
input is rounded at run time. Used only by the export, in its own process: it needs torch, which recognition does not
import.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import Conv2d, ReLU

_LARGEST = 63  # of seven signed bits


def round_subsampling(model: Any) -> None:
    """Change a restored NeMo model in place so that its export has a rounded subsampling.

    Only ungrouped 3 by 3 convolutions with stride 2 after a ReLU are rounded; other layers are not changed.
    """
    bands = int(model.cfg.preprocessor.features)
    layers: Any = getattr(model.encoder.pre_encode, "conv", ())
    for index, layer in enumerate(layers):
        if not isinstance(layer, Conv2d):
            continue
        if index and isinstance(layers[index - 1], ReLU) and _halves(layer) and layer.groups == 1:
            layers[index] = RoundedConvolution(layer, bands)
        bands = -(-bands // layer.stride[1])


def _halves(layer: Conv2d) -> bool:
    return (layer.kernel_size, layer.stride, layer.padding) == ((3, 3), (2, 2), (1, 1))


class RoundedConvolution(torch.nn.Module):
    """A rounded ``layer``, 3 by 3 with stride 2 and padding 1, for inputs (1, channels, frames, ``bands``) >= 0.

    In memory, two neighbouring bands of all channels form one row: a filter covers one row and half of the next one in
    each of three frames.
    """

    def __init__(self, layer: Conv2d, bands: int) -> None:
        super().__init__()
        self.bands, self.channels = bands, layer.in_channels
        kernel = layer.weight.detach().permute(2, 3, 1, 0)  # frame, band, channel in, channel out
        table = torch.cat([kernel[:, :2].flatten(0, 2), kernel[:, 2].flatten(0, 1)])
        scale = table.abs().amax(0).clamp_min(1e-12) / _LARGEST
        bias = torch.zeros(layer.out_channels) if layer.bias is None else layer.bias.detach()
        self.register_buffer("table", (table / scale).round().to(torch.int8))
        self.register_buffer("scale", scale)
        self.register_buffer("bias", bias.clone())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The convolution, shape (1, channels, ceil(frames / 2), ceil(bands / 2))."""
        levels, step = _round(x)
        frames, halved = (levels.size(2) + 1) // 2, (self.bands + 1) // 2
        padding = (0, 0, 1, 1 + self.bands % 2, 1, 1)
        levels = torch.nn.functional.pad(levels.permute(0, 2, 3, 1), padding)
        pairs = levels.reshape(1, -1, (self.bands + 3) // 2, 2 * self.channels)
        strided = [pairs[:, frame : frame + 2 * frames : 2] for frame in range(3)]
        whole = [rows[:, :, :halved] for rows in strided]
        half = [rows[:, :, 1 : halved + 1, : self.channels] for rows in strided]
        product = _multiply(torch.cat([*whole, *half], dim=3), self.table, step, self.scale, self.bias)
        return product.permute(0, 3, 1, 2)


class _Round(torch.autograd.Function):
    """Levels from 0 to 255 and the value of one level; inputs are not negative, so level 0 is 0."""

    @staticmethod
    def forward(_ctx: Any, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        step = x.max().clamp_min(1e-12) / 255
        return (x / step).round().to(torch.uint8), step

    @staticmethod
    def symbolic(g: Any, x: Any) -> tuple[Any, Any]:
        levels, step, _zero = g.op("DynamicQuantizeLinear", x, outputs=3)
        return levels, step


class _Multiply(torch.autograd.Function):
    """The integer product of levels and a rounded table, scaled, plus a bias."""

    @staticmethod
    def forward(_ctx: Any, levels: Any, table: Any, step: Any, scale: Any, bias: Any) -> Any:
        return (levels.float() @ table.float()) * (step * scale) + bias

    @staticmethod
    def symbolic(g: Any, levels: Any, table: Any, step: Any, scale: Any, bias: Any) -> Any:
        zeros = [g.op("Constant", value_t=torch.zeros((), dtype=kind)) for kind in (torch.uint8, torch.int8)]
        return g.op("com.microsoft::MatMulIntegerToFloat", levels, table, step, scale, *zeros, bias)


# torch does not type ``apply``.
_round: Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]] = _Round.apply
_multiply: Callable[..., torch.Tensor] = _Multiply.apply
