"""NeMo Conformer-CTC on ONNX Runtime: no NeMo and no torch at recognition time."""

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
from mediaindex.engines.runtime.onnx_session import giving_back, memory_errors, session
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
_SHORTEST = _RATE // 5  # normalising over a handful of frames is meaningless; shorter chunks get silence behind them


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What recognition needs, loaded once; each part may be used by several threads at once."""

    session: onnxruntime.InferenceSession
    options: onnxruntime.RunOptions
    takes: frozenset[str]  # names of the graph's inputs
    bands: int  # of the mel spectrum
    reader: CtcReader

    def log_probs(self, chunk: Samples) -> Floats:
        heard = features(np.pad(chunk, (0, max(0, _SHORTEST - len(chunk)))), self.bands)
        inputs = {"audio_signal": heard, "length": np.array([heard.shape[2]], dtype=np.int64)}
        with memory_errors():
            (found,) = self.session.run(["logprobs"], {name: inputs[name] for name in self.takes}, self.options)
        return found[0]  # type: ignore[no-any-return]  # ONNX Runtime has no types


class ConformerCtc:
    """Recogniser over one exported checkpoint; callers in several threads share its workers."""

    def __init__(self, located: LocatedModel, threads: int | None = None) -> None:
        self.name = located.name
        self.languages = frozenset(located.languages)
        self._located = located
        self._precision = SpeechSettings.read().precision
        self._language_model = configured()
        # One chunk a core: on the CPU this was faster than batches (no padding, no waiting for one another inside an
        # operator), and no chunk can change the words of another.
        self._queue = ChunkQueue(self._work, workers=threads or len(os.sched_getaffinity(0)), name=self.name)
        self._model = Once(self._load)

    @property
    def identity(self) -> str:
        """Model, engine, weights and their precision, and the language model where one is set; loads nothing."""
        own = f"{self.name} nemo-onnx {nemo_version()} {self._precision} sha256:{self._located.sha256}"
        return f"{own} {self._language_model.identity}" if self._language_model else own

    def recognise(
        self, chunks: Sequence[Samples], language: str, vocabulary: Sequence[str] = ()
    ) -> list[tuple[Word, ...]]:
        """Words of each chunk, in the order given; ``language`` is one of ``languages``. Raises MemoryError."""
        del language  # a model of this kind writes what it was trained on
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
        if not chunk.any():  # normalised, digital silence is rounding errors, and the model takes them for a hum
            return ()
        return loaded.reader.words(loaded.log_probs(chunk), len(chunk) / _RATE, vocabulary)

    def _load(self) -> _Loaded:
        model = exported(self._located.path, self._located.sha256, self._precision)
        # numpy's own threads, left alone, fight over the cores with the workers and make all of it a tenth slower. The
        # limit holds for the process, so it is set once and stays.
        threadpool_limits(1, user_api="blas")
        # The level above moves convolutions into a layout that gains this model nothing.
        made = session(model.graph, key=model.key, optimisation="extended", many_shapes=True)
        return _Loaded(
            session=made,
            options=giving_back(),
            takes=frozenset(given.name for given in made.get_inputs()),
            bands=model.features,
            reader=CtcReader(model.vocabulary, model.frame_seconds, self._language_model),
        )


def load(located: LocatedModel, threads: int | None = None) -> ConformerCtc:
    """A recogniser that exports and loads the model when it first recognises."""
    return ConformerCtc(located, threads)
