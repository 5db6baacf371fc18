"""NeMo Conformer-CTC on ONNX Runtime: no NeMo and no torch at recognition time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
from onnx_asr.preprocessors.numpy_preprocessor import NemoPreprocessorNumpy
from threadpoolctl import threadpool_limits

from mediaindex.models import LocatedModel
from mediaindex.timeline import Word

from .ctc_decode import Floats, words_of
from .nemo_export import Exported, exported, nemo_version

if TYPE_CHECKING:
    from mediaindex.stages.protocols import Samples

_RATE = 16_000
_HOP = 160  # samples of one mel frame
_SHORTEST = _RATE // 5  # normalising over a handful of frames is meaningless; shorter chunks get silence behind them


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

    def recognise(
        self, chunks: Sequence[Samples], language: str, vocabulary: Sequence[str] = ()
    ) -> list[tuple[Word, ...]]:
        """Words of each chunk, in the order given; ``language`` is one of ``languages``.

        Each chunk runs by itself on one core, as many at once as there are cores: on CPU this was faster than batches
        (no padding, no waiting for one another inside an operator), and no chunk can change the words of another.
        """
        del language  # a model of this kind writes what it was trained on
        if not chunks:
            return []
        self._session  # noqa: B018  # loaded here, not by several threads at once
        longest_first = sorted(range(len(chunks)), key=lambda index: -len(chunks[index]))
        words: list[tuple[Word, ...]] = [()] * len(chunks)
        # numpy's own threads, left alone, fight over the cores with the sessions and make all of it a tenth slower.
        with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(self._threads) as pool:
            found = pool.map(self._recognised, (self.features(chunks[index]) for index in longest_first))
            for index, log_probs in zip(longest_first, found, strict=True):
                duration = max(len(chunks[index]) / _RATE, 0.001)
                words[index] = words_of(log_probs, self._model.vocabulary, self._model.frame_seconds, duration)
        return words

    def log_probs(self, chunk: Samples) -> Floats:
        """Log probabilities of one chunk, shape (frames, classes), blank last."""
        return self._recognised(self.features(chunk))

    def features(self, chunk: Samples) -> Floats:
        """Mel features of one chunk, shape (1, features, frames)."""
        samples = np.pad(chunk, (0, max(0, _SHORTEST - len(chunk))))
        features, _ = self._mel(samples[None], np.array([len(samples)]))
        return features[:, :, : len(samples) // _HOP]

    def _recognised(self, features: Floats) -> Floats:
        inputs = {"audio_signal": features, "length": np.array([features.shape[2]], dtype=np.int64)}
        (log_probs,) = self._session.run(["logprobs"], inputs)
        return log_probs[0]  # type: ignore[no-any-return]  # ONNX Runtime has no types

    @cached_property
    def _model(self) -> Exported:
        return exported(self._located.path, self._located.sha256)

    @cached_property
    def _mel(self) -> NemoPreprocessorNumpy:
        return NemoPreprocessorNumpy(f"nemo{self._model.features}")

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        # The level above moves convolutions into a layout that costs this model more than it gains.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        options.log_severity_level = 3  # its warnings about its own optimiser help nobody
        # Chunks come in all lengths: an arena that plans memory for each of them only grows.
        options.enable_mem_pattern = False
        return onnxruntime.InferenceSession(self._model.graph, options, providers=["CPUExecutionProvider"])


def load(located: LocatedModel, threads: int | None = None) -> ConformerCtc:
    """A recogniser that exports and loads the model when it first recognises."""
    return ConformerCtc(located, threads)
