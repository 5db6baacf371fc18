"""Speaker activity in a window of ten seconds, by segmentation-3.0 of pyannote in ONNX: up to three local speakers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mediaindex.engines.runtime import onnx_session
from mediaindex.stages.protocols import SAMPLE_RATE

if TYPE_CHECKING:
    from pathlib import Path

    from mediaindex.stages.protocols import Samples

Bits = np.ndarray[Any, np.dtype[np.bool_]]

LOCAL_SPEAKERS = 3
# Frames of a window, their distance and the middle of the first, in seconds: the receptive field of the SincNet
# (pyannote.audio.models.segmentation.PyanNet.receptive_field: 991 samples, with a step of 270).
FRAMES = 589
FRAME_STEP = 270 / SAMPLE_RATE
FRAME_MIDDLE = 991 / 2 / SAMPLE_RATE

# Classes of the powerset encoding, at most two at once, in the order of pyannote: none; 1; 2; 3; 1+2; 1+3; 2+3.
POWERSET = np.array(
    [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1]],
    np.bool_,
)


class Segmentation:
    """The model; safe to call from several threads."""

    def __init__(self, path: Path, key: str) -> None:
        self._session = onnx_session.session(path, key=key)
        self._input = self._session.get_inputs()[0].name

    def __call__(self, windows: Samples) -> Bits:
        """Activity of the local speakers, (windows, FRAMES, 3), in ``windows`` of shape (windows, 160 000).

        Raises MemoryError if there is not enough memory.
        """
        with onnx_session.memory_errors():
            scores = self._session.run(None, {self._input: windows[:, None, :]})[0]
        active: Bits = POWERSET[np.argmax(scores, axis=-1)]
        return active


def clean(active: Bits) -> Bits:
    """The frames in which a speaker is the only one; ``active`` and result have shape (..., frames, speakers)."""
    alone: Bits = active & (active.sum(-1, keepdims=True) == 1)
    return alone


def closest_frame(seconds: np.ndarray[Any, Any] | float) -> Any:
    """The number of the frame whose middle is closest to a time in seconds of the window."""
    return np.clip(np.rint((np.asarray(seconds) - FRAME_MIDDLE) / FRAME_STEP), 0, FRAMES - 1).astype(int)
