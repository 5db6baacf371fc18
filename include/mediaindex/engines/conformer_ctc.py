"""NeMo Conformer-CTC on ONNX Runtime: no NeMo and no torch at recognition time."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
from onnx_asr.preprocessors.numpy_preprocessor import NemoPreprocessorNumpy

from mediaindex.models import LocatedModel
from mediaindex.timeline import Word

from .ctc_decode import words_of
from .nemo_export import Exported, exported, nemo_version

if TYPE_CHECKING:
    from mediaindex.stages.protocols import Samples

_RATE = 16_000
_HOP = 160  # samples of one mel frame
_SHORTEST = _RATE // 5  # normalising over a handful of frames is meaningless; shorter chunks get silence behind them
_BATCH_SECONDS = 60.0  # padded audio in one batch: larger ones were not faster, and attention's memory grows


class ConformerCtc:
    """Recogniser over one exported checkpoint. Not thread-safe: one owner a model."""

    def __init__(self, located: LocatedModel, threads: int | None = None) -> None:
        self.name = located.name
        self.languages = frozenset(located.languages)
        self._located = located
        self._threads = threads or len(os.sched_getaffinity(0))

    @property
    def identity(self) -> str:
        """Model, engine and weights; loads nothing."""
        return f"{self.name} nemo-onnx {nemo_version()} sha256:{self._located.sha256}"

    def recognise(self, chunks: Sequence[Samples], language: str) -> list[tuple[Word, ...]]:
        """Words of each chunk, in the order given; ``language`` is one of ``languages``."""
        del language  # a model of this kind writes what it was trained on
        padded = [_at_least(chunk, _SHORTEST) for chunk in chunks]
        words: list[tuple[Word, ...]] = [()] * len(chunks)
        for batch in _batches([len(chunk) for chunk in padded]):
            for index, log_probs in zip(batch, self._log_probs([padded[i] for i in batch]), strict=True):
                duration = max(len(chunks[index]) / _RATE, 0.001)
                words[index] = words_of(log_probs, self._model.vocabulary, self._model.frame_seconds, duration)
        return words

    def _log_probs(self, chunks: Sequence[Samples]) -> Iterator[Any]:
        """Log probabilities (frames, classes) of each chunk, computed as one batch."""
        features = [self._mel(chunk[None], np.array([len(chunk)]))[0][0] for chunk in chunks]
        lengths = np.array([len(chunk) // _HOP for chunk in chunks], dtype=np.int64)
        batch = np.zeros((len(chunks), self._model.features, int(lengths.max())), dtype=np.float32)
        for row, (feature, length) in enumerate(zip(features, lengths, strict=True)):
            batch[row, :, :length] = feature[:, :length]
        (log_probs,) = self._session.run(["logprobs"], {"audio_signal": batch, "length": lengths})
        frames = (lengths - 1) // self._model.subsampling + 1
        return (matrix[:count] for matrix, count in zip(log_probs, frames, strict=True))

    @cached_property
    def _model(self) -> Exported:
        return exported(self._located.path, self._located.sha256)

    @cached_property
    def _mel(self) -> NemoPreprocessorNumpy:
        return NemoPreprocessorNumpy(f"nemo{self._model.features}")

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.log_severity_level = 3  # its warnings about its own optimiser help nobody
        # Chunks come in all lengths: an arena that plans memory for each of them only grows.
        options.enable_mem_pattern = False
        return onnxruntime.InferenceSession(self._model.graph, options, providers=["CPUExecutionProvider"])


def load(located: LocatedModel, threads: int | None = None) -> ConformerCtc:
    """A recogniser that exports and loads the model when it first recognises."""
    return ConformerCtc(located, threads)


def _at_least(samples: Samples, length: int) -> Samples:
    return samples if len(samples) >= length else np.pad(samples, (0, length - len(samples)))


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Indices in groups of like length, longest first, each at most ``_BATCH_SECONDS`` when padded."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batch and (len(batch) + 1) * lengths[batch[0]] > _BATCH_SECONDS * _RATE:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
