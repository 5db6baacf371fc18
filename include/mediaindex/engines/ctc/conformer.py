"""NeMo Conformer-CTC on ONNX Runtime; recognition imports neither NeMo nor torch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
from threadpoolctl import threadpool_limits

from mediaindex.engines.nemo.export import exported, nemo_version
from mediaindex.engines.runtime.chunk_queue import ChunkQueue
from mediaindex.engines.runtime.loading import Once
from mediaindex.engines.runtime.onnx_session import memory_errors, session, shrinking_arena
from mediaindex.models import LocatedModel
from mediaindex.settings import SpeechSettings
from mediaindex.timeline import Word

from .decode import Floats
from .language_model import configured
from .nemo_mel import features
from .reader import CtcReader

if TYPE_CHECKING:
    from mediaindex.stages.protocols import Samples

_RATE = 16_000
_SHORTEST = _RATE // 5  # shorter chunks are padded with silence: normalising over a few frames is meaningless


@dataclass(frozen=True, slots=True)
class _Loaded:
    """The parts of a loaded model; each is safe to use from several threads."""

    session: onnxruntime.InferenceSession
    options: onnxruntime.RunOptions
    input_names: frozenset[str]  # of the graph
    bands: int  # of the mel spectrum
    reader: CtcReader

    def log_probs(self, chunk: Samples) -> Floats:
        mel = features(np.pad(chunk, (0, max(0, _SHORTEST - len(chunk)))), self.bands)
        inputs = {"audio_signal": mel, "length": np.array([mel.shape[2]], dtype=np.int64)}
        with memory_errors():
            (output,) = self.session.run(["logprobs"], {name: inputs[name] for name in self.input_names}, self.options)
        return output[0]  # type: ignore[no-any-return]  # ONNX Runtime has no types


class ConformerCtc:
    """A recogniser for one exported checkpoint; callers in several threads share its workers."""

    may_loop = False

    def __init__(self, located: LocatedModel, threads: int | None = None) -> None:
        self.name = located.name
        self.languages = frozenset(located.languages)
        self._located = located
        self._precision = SpeechSettings.read().precision
        self._language_model = configured()
        # One chunk per core: on the CPU this is faster than batches (no padding, no synchronisation inside an
        # operator), and no chunk affects the words of another.
        self._queue = ChunkQueue(self._work, workers=threads or len(os.sched_getaffinity(0)), name=self.name)
        self._model = Once(self._load)

    @property
    def identity(self) -> str:
        """Model, engine, weights and their precision, and the language model if one is set; loads nothing."""
        own = f"{self.name} nemo-onnx {nemo_version()} {self._precision} sha256:{self._located.sha256}"
        return f"{own} {self._language_model.identity}" if self._language_model else own

    def recognise(
        self, chunks: Sequence[Samples], language: str, vocabulary: Sequence[str] = ()
    ) -> list[tuple[Word, ...]]:
        """Words of each chunk, in the order given; ``language`` is one of ``languages``.

        Raises MemoryError if ONNX Runtime cannot allocate memory for a chunk.
        """
        del language  # a CTC model writes the language it was trained on
        terms = tuple(vocabulary)
        return self._queue.run([(chunk, terms) for chunk in chunks], [len(chunk) for chunk in chunks])

    def log_probs(self, chunk: Samples) -> Floats:
        """Log probabilities of one chunk, shape (frames, classes), blank last."""
        return self._model.get().log_probs(chunk)

    def _work(self, batch: Sequence[tuple[Samples, tuple[str, ...]]]) -> list[tuple[Word, ...]]:
        loaded = self._model.get()
        return [self._words(loaded, chunk, vocabulary) for chunk, vocabulary in batch]

    @staticmethod
    def _words(loaded: _Loaded, chunk: Samples, vocabulary: tuple[str, ...]) -> tuple[Word, ...]:
        if not chunk.any():  # normalised digital silence is rounding noise, which the model takes for a hum
            return ()
        return loaded.reader.words(loaded.log_probs(chunk), len(chunk) / _RATE, vocabulary)

    def _load(self) -> _Loaded:
        model = exported(self._located.path, self._located.sha256, self._precision)
        # Threads of numpy's own would compete with the workers for the cores and make recognition a tenth slower. The
        # limit applies to the process; it is set once and stays.
        threadpool_limits(1, user_api="blas")
        # The level "all" moves convolutions into a layout that does not make this model faster.
        graph_session = session(model.graph, key=model.key, optimisation="extended", many_shapes=True)
        return _Loaded(
            session=graph_session,
            options=shrinking_arena(),
            input_names=frozenset(graph_input.name for graph_input in graph_session.get_inputs()),
            bands=model.features,
            reader=CtcReader(model.vocabulary, model.frame_seconds, self._language_model),
        )


def load(located: LocatedModel, threads: int | None = None) -> ConformerCtc:
    """A recogniser that exports and loads its model at the first recognition."""
    return ConformerCtc(located, threads)
