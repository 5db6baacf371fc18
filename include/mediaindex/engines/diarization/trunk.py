"""A WeSpeaker ResNet, divided before its pooling: speech passes the trunk once and is pooled for any speaker.

The trunk is a graph of its own, made once and cached by the hash of the weights. The head (mean and standard deviation
over time, one linear layer) is computed here, for any choice of frames.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mediaindex.engines.runtime import onnx_session
from mediaindex.errors import ConfigError
from mediaindex.models.files import exclusive
from mediaindex.settings import ModelSettings

MELS = 80
SUBSAMPLING = 8  # filter bank frames per frame of the trunk
_FORM = 1  # of the cached files; part of their path
_EPSILON = 1e-7  # inside the root, as in pooling.TSTP of WeSpeaker
_TRUNK, _HEAD = "trunk.onnx", "head.npz"

Floats = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True, slots=True)
class Head:
    """The linear layer after pooling: ``weight`` (dimension, 2 features), ``bias`` (dimension,)."""

    weight: Floats
    bias: Floats

    def embed(self, frames: Floats) -> Floats:
        """The embedding of frames of the trunk, (frames, features), of which there must be at least two."""
        mean = frames.mean(0)
        deviation = np.sqrt(frames.var(0, ddof=1) + _EPSILON)
        embedding: Floats = self.weight @ np.concatenate([mean, deviation]) + self.bias
        return embedding


class Trunk:
    """The ResNet without its pooling; safe to call from several threads."""

    def __init__(self, path: Path, sha256: str) -> None:
        cached = _cached(path, sha256)
        self._session = onnx_session.session(cached / _TRUNK, key=f"{sha256}-trunk{_FORM}")
        self._input = self._session.get_inputs()[0].name
        with np.load(cached / _HEAD) as head:
            self.head = Head(head["weight"], head["bias"])

    def __call__(self, bank: Floats) -> Floats:
        """The trunk's output, (ceil(n / SUBSAMPLING), features), for a filter bank of n frames, (n, MELS).

        Raises MemoryError if there is not enough memory.
        """
        with onnx_session.memory_errors():
            maps = self._session.run(None, {self._input: bank[None]})[0][0]
        return np.ascontiguousarray(maps.reshape(-1, maps.shape[-1]).T)


def _cached(path: Path, sha256: str) -> Path:
    target = ModelSettings.read().cache / "onnx" / f"{sha256}-trunk{_FORM}"
    if not target.is_dir():
        with exclusive(target):
            if not target.is_dir():
                with tempfile.TemporaryDirectory(dir=target.parent, prefix=".trunk-") as name:
                    work = Path(name) / "trunk"
                    work.mkdir()
                    cut(path, work)
                    work.rename(target)
    return target


def cut(path: Path, out: Path) -> None:
    """Write trunk and head of the model at ``path`` into the directory ``out``.

    Raises ConfigError if the model does not end in pooling by mean and deviation and one linear layer.
    """
    import onnx
    from onnx.utils import Extractor

    model = onnx.load(str(path))
    constants = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    producers = {output: node for node in model.graph.node for output in node.output}
    linear = [node for node in model.graph.node if node.op_type == "Gemm"]
    means = [node.input[0] for node in model.graph.node if node.op_type == "ReduceMean"]
    # Both statistics read the same tensor: the output of the trunk.
    shared = next((name for name in means if means.count(name) > 1), None)
    if len(linear) != 1 or shared is None or producers[linear[0].input[0]].op_type != "Concat":
        raise ConfigError(
            f"{path}: not a WeSpeaker ResNet that pools mean and deviation before one linear layer; "
            "use the wespeaker-resnet34 of the model registry"
        )
    bias = constants[linear[0].input[2]]
    for node in model.graph.node:
        if node.op_type == "Sub" and linear[0].output[0] in node.input:  # the mean over the training set
            bias = bias - constants[node.input[1]]
    trunk = Extractor(onnx.shape_inference.infer_shapes(model)).extract_model(["feats"], [shared])
    onnx.save(trunk, str(out / _TRUNK))
    np.savez(out / _HEAD, weight=constants[linear[0].input[1]], bias=bias.astype(np.float32))
