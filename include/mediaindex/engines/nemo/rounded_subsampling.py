"""A Conformer's subsampling in int8: its second convolution is a fifth of all work of the small model.

ONNX Runtime's own integer convolution is slower than the one in floats, so it is written as a matrix product, 3 times
as fast. Weights have a scale an output, in seven bits (see ``rounded_feed_forward``); what comes in is rounded as it
comes. Used by the export alone, in its own process: this needs torch, which recognition never imports.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import Conv2d, ReLU

_LARGEST = 63  # of seven bits with a sign


def round_subsampling(model: Any) -> None:
    """Change a restored NeMo model in place: exported from here on, it rounds where it subsamples.

    Only convolutions between all channels, 3 by 3, that halve what a ReLU gives; models without stay as they are.
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
    """What ``layer``, 3 by 3 with stride 2 and padding 1, computes of (1, channels, frames, ``bands``), none negative.

    In memory, two neighbouring bands of all channels are one row: a filter takes a row and half of the next one, in
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
        """Shape (1, channels, half of the frames, half of the bands), halves rounded up."""
        levels, step = _round(x)
        frames, halved = (levels.size(2) + 1) // 2, (self.bands + 1) // 2
        padding = (0, 0, 1, 1 + self.bands % 2, 1, 1)
        levels = torch.nn.functional.pad(levels.permute(0, 2, 3, 1), padding)
        pairs = levels.reshape(1, -1, (self.bands + 3) // 2, 2 * self.channels)
        taken = [pairs[:, frame : frame + 2 * frames : 2] for frame in range(3)]
        whole = [rows[:, :, :halved] for rows in taken]
        half = [rows[:, :, 1 : halved + 1, : self.channels] for rows in taken]
        made = _multiply(torch.cat([*whole, *half], dim=3), self.table, step, self.scale, self.bias)
        return made.permute(0, 3, 1, 2)


class _Round(torch.autograd.Function):
    """Levels of 0 to 255 and what one of them stands for; there are no negatives, so 0 is 0."""

    @staticmethod
    def forward(_ctx: Any, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        step = x.max().clamp_min(1e-12) / 255
        return (x / step).round().to(torch.uint8), step

    @staticmethod
    def symbolic(g: Any, x: Any) -> tuple[Any, Any]:
        levels, step, _zero = g.op("DynamicQuantizeLinear", x, outputs=3)
        return levels, step


class _Multiply(torch.autograd.Function):
    """Product of levels with a rounded table, in integers, then scaled."""

    @staticmethod
    def forward(_ctx: Any, levels: Any, table: Any, step: Any, scale: Any, bias: Any) -> Any:
        return (levels.float() @ table.float()) * (step * scale) + bias

    @staticmethod
    def symbolic(g: Any, levels: Any, table: Any, step: Any, scale: Any, bias: Any) -> Any:
        zeros = [g.op("Constant", value_t=torch.zeros((), dtype=kind)) for kind in (torch.uint8, torch.int8)]
        return g.op("com.microsoft::MatMulIntegerToFloat", levels, table, step, scale, *zeros, bias)


# torch gives ``apply`` no types.
_round: Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]] = _Round.apply
_multiply: Callable[..., torch.Tensor] = _Multiply.apply
