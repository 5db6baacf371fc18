"""Speaker embeddings by a WeSpeaker ResNet34 in ONNX (fp32), with the interface of pyannote's pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import onnxruntime
import torch
from pyannote.audio.pipelines.speaker_verification import ONNXWeSpeakerPretrainedSpeakerEmbedding

if TYPE_CHECKING:
    from pathlib import Path


class WeSpeakerEmbedding(ONNXWeSpeakerPretrainedSpeakerEmbedding):
    """The adapter of pyannote with several threads, which computes the filter bank of each window once.

    pyannote passes a window once per speaker, with one mask per speaker; the filter bank is the same for all of them.
    """

    def __init__(self, path: Path, threads: int) -> None:
        self.threads = threads
        super().__init__(str(path))  # with an existing path, the hub is not contacted

    def to(self, device: torch.device) -> WeSpeakerEmbedding:
        """Open the session, always on the CPU: its fp32 results are the same on all machines of one type."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        self.session_ = onnxruntime.InferenceSession(
            self.embedding, sess_options=options, providers=["CPUExecutionProvider"]
        )
        self.device = torch.device("cpu")
        return self

    def compute_fbank(self, waveforms: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        """The filter bank of each waveform, shape (batch, frames, 80) for (batch, 1, samples)."""
        first = super().compute_fbank(waveforms[:1], *args, **kwargs)
        if all(torch.equal(waveforms[0], other) for other in waveforms[1:]):
            return first.expand(len(waveforms), -1, -1)
        return super().compute_fbank(waveforms, *args, **kwargs)
