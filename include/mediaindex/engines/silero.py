"""Voice activity by Silero VAD 6: its sequence model, by ONNX Runtime, without torch.

``silero_vad_16k_sequence.onnx`` of the silero-vad package computes what the streaming model does, many frames in one
call: the same probabilities, without a call of ONNX Runtime for each 32 ms. The package itself is not imported, because
that imports torch and sets it to one thread for the whole process.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime

from mediaindex.engines.runtime.onnx_session import session
from mediaindex.errors import ModelMissingError
from mediaindex.models.files import file_digest

if TYPE_CHECKING:
    from mediaindex.stages.protocols import Samples

FRAME = 512  # samples: 32 ms
CONTEXT = 64  # samples of the frame before that stand in front of each frame
STATE = 128  # of the LSTM
FRAMES_A_CALL = 512  # 16 s; more is not faster and costs memory


class SileroDetector:
    """Frames of 32 ms. Each call begins with a fresh state, so one detector serves several threads."""

    frame_seconds = FRAME / 16_000

    def __init__(self, path: Path, identity: str, threads: int) -> None:
        self.path = path
        self.identity = identity
        self.threads = threads

    def probabilities(self, samples: Samples) -> Samples:
        """P(speech) of each frame, shape (ceil(samples / 512),); the last frame is filled up with silence."""
        state = np.zeros((2, 1, 1, STATE), dtype=np.float32)
        context = np.zeros(CONTEXT, dtype=np.float32)
        found = [np.zeros(0, dtype=np.float32)]
        step = FRAME * FRAMES_A_CALL
        for start in range(0, len(samples), step):
            frames = _frames(samples[start : start + step], context)
            context = frames[-1, -CONTEXT:]
            values, hidden, cell = self._session.run(
                ["speech_probs", "hn", "cn"], {"input": frames, "h": state[0], "c": state[1]}
            )
            state = np.stack([hidden, cell])
            found.append(values.reshape(-1))
        return np.concatenate(found)

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        made = session(self.path, key=file_digest(self.path), threads=self.threads)
        if {"h", "c"} - {given.name for given in made.get_inputs()}:
            raise ModelMissingError(
                f"{self.path.name}: not Silero's sequence model; use silero_vad_16k_sequence.onnx of silero-vad 6.2"
            )
        return made


def load(path: Path, *, identity: str, threads: int = 1) -> SileroDetector:
    """The detector over ``silero_vad_16k_sequence.onnx``, read at first use. It gains nothing from more threads."""
    return SileroDetector(path, identity, threads)


def _frames(samples: Samples, context: Samples) -> Samples:
    """Frames with the end of the one before in front of each, shape (frames, 576)."""
    count = -(-len(samples) // FRAME)
    filled = np.zeros(count * FRAME, dtype=np.float32)
    filled[: len(samples)] = samples
    frames = filled.reshape(count, FRAME)
    before = np.concatenate([context[None], frames[:-1, -CONTEXT:]])
    return np.concatenate([before, frames], axis=1)
