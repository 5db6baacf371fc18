"""Voice activity detection by the sequence model of Silero VAD 6 on ONNX Runtime, without torch.

``silero_vad_16k_sequence.onnx`` of the silero-vad package gives the same probabilities as the streaming model, with
many frames per call instead of one call of ONNX Runtime per 32 ms. The package is not imported: its import loads torch
and limits it to one thread for the whole process.
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
CONTEXT = 64  # samples of the previous frame that precede each frame
STATE = 128  # of the LSTM
FRAMES_PER_CALL = 512  # 16 s; more is not faster and needs more memory


class SileroDetector:
    """A detector with frames of 32 ms; safe to use from several threads, as each call has its own state."""

    frame_seconds = FRAME / 16_000

    def __init__(self, path: Path, identity: str, threads: int) -> None:
        self.path = path
        self.identity = identity
        self.threads = threads

    def probabilities(self, samples: Samples) -> Samples:
        """P(speech) of each frame, shape (ceil(samples / 512),); the last frame is padded with silence."""
        state = np.zeros((2, 1, 1, STATE), dtype=np.float32)
        context = np.zeros(CONTEXT, dtype=np.float32)
        probabilities = [np.zeros(0, dtype=np.float32)]
        step = FRAME * FRAMES_PER_CALL
        for start in range(0, len(samples), step):
            frames = _frames(samples[start : start + step], context)
            context = frames[-1, -CONTEXT:]
            values, hidden, cell = self._session.run(
                ["speech_probs", "hn", "cn"], {"input": frames, "h": state[0], "c": state[1]}
            )
            state = np.stack([hidden, cell])
            probabilities.append(values.reshape(-1))
        return np.concatenate(probabilities)

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        opened = session(self.path, key=file_digest(self.path), threads=self.threads)
        if {"h", "c"} - {graph_input.name for graph_input in opened.get_inputs()}:
            raise ModelMissingError(
                f"{self.path.name}: not the sequence model of Silero VAD; "
                "use silero_vad_16k_sequence.onnx of silero-vad 6.2"
            )
        return opened


def load(path: Path, *, identity: str, threads: int = 1) -> SileroDetector:
    """A detector with ``silero_vad_16k_sequence.onnx``, which is loaded at first use; more threads are not faster."""
    return SileroDetector(path, identity, threads)


def _frames(samples: Samples, context: Samples) -> Samples:
    """Frames, each preceded by the end of the previous one, shape (frames, 576)."""
    count = -(-len(samples) // FRAME)
    padded = np.zeros(count * FRAME, dtype=np.float32)
    padded[: len(samples)] = samples
    frames = padded.reshape(count, FRAME)
    before = np.concatenate([context[None], frames[:-1, -CONTEXT:]])
    return np.concatenate([before, frames], axis=1)
