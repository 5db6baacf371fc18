"""Recognition by NeMo in torch: any CTC or transducer checkpoint, in bfloat16 on a GPU and in float32 on the CPU.

On the CPU, CTC models run faster through ``ctc.conformer``, which does not import NeMo; transducers (RNN-T, TDT) run
here.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from mediaindex.engines.ctc.language_model import configured
from mediaindex.engines.runtime.chunk_queue import ChunkQueue
from mediaindex.engines.runtime.loading import Once
from mediaindex.models import LocatedModel
from mediaindex.settings import Device
from mediaindex.timeline import Word

from .export import nemo_version
from .words import CtcWords, TransducerWords

if TYPE_CHECKING:
    from mediaindex.stages.protocols import Samples

_RATE = 16_000
_SHORTEST = _RATE // 5  # as in ctc.conformer: shorter chunks are padded with silence
_BATCH = 16  # chunks of up to 30 s: a few GB in addition to a model of 0.6 billion parameters


class NemoTorch:
    """A recogniser for one checkpoint; one worker owns the model, and callers in several threads share its batches."""

    may_loop = False

    def __init__(self, located: LocatedModel, device: Device) -> None:
        self.name = located.name
        self.languages = frozenset(located.languages)
        self._located = located
        self._device = device
        self._language_model = configured()
        # On the CPU, padding costs more than batches save, and torch uses all cores for one chunk.
        self._queue = ChunkQueue(self._work, workers=1, batch=_BATCH if device == "cuda" else 1, name=self.name)
        self._model = Once(self._load)

    @property
    def identity(self) -> str:
        """Model, engine, device, precision and weights, and the language model if one is set; loads nothing."""
        precision = "bf16" if self._device == "cuda" else "fp32"
        own = f"{self.name} nemo {nemo_version()} {self._device} {precision} sha256:{self._located.sha256}"
        return f"{own} {self._language_model.identity}" if self._language_model else own

    def recognise(
        self, chunks: Sequence[Samples], language: str, vocabulary: Sequence[str] = ()
    ) -> list[tuple[Word, ...]]:
        """Words of each chunk, in the order given; ``language`` is one of ``languages``.

        Transducers ignore ``vocabulary``: boosting needs the probabilities of every frame. Raises MemoryError if the
        device runs out of memory.
        """
        del language  # a multilingual model of NeMo detects the language itself
        terms = tuple(vocabulary)
        return self._queue.run([(chunk, terms) for chunk in chunks], [len(chunk) for chunk in chunks])

    def _work(self, batch: Sequence[tuple[Samples, tuple[str, ...]]]) -> list[tuple[Word, ...]]:
        import torch

        model, words = self._model.get()
        chunks = [chunk for chunk, _ in batch]
        try:
            with torch.inference_mode():
                encoded, lengths = self._encoded(model, chunks)
                return words.of(encoded, lengths, [len(chunk) / _RATE for chunk in chunks], [v for _, v in batch])
        except torch.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            raise MemoryError(f"{self.name}: {error}") from error

    def _encoded(self, model: Any, chunks: Sequence[Samples]) -> tuple[Any, Any]:
        """The encoded chunks, (batch, features, frames) in float32, and the number of frames of each, (batch,)."""
        import torch

        sizes = [max(len(chunk), _SHORTEST) for chunk in chunks]
        signal = np.zeros((len(chunks), max(sizes)), dtype=np.float32)
        for row, chunk in zip(signal, chunks, strict=True):
            row[: len(chunk)] = chunk
        lengths = torch.tensor(sizes, device=self._device)
        features, frames = model.preprocessor(input_signal=torch.from_numpy(signal).to(self._device), length=lengths)
        # The spectrogram and the decoder stay in float32: bfloat16 saves nothing there and costs words.
        half = torch.autocast("cuda", dtype=torch.bfloat16) if self._device == "cuda" else nullcontext()
        with half:
            encoded, encoded_lengths = model.encoder(audio_signal=features, length=frames)
        return encoded.float(), encoded_lengths

    def _load(self) -> tuple[Any, CtcWords | TransducerWords]:
        import torch
        from nemo.collections.asr.models import ASRModel
        from nemo.utils import logging as nemo_logging

        nemo_logging.setLevel(nemo_logging.ERROR)  # it prints the training configuration of every model
        try:
            model = ASRModel.restore_from(str(self._located.path), map_location=self._device)
        except torch.OutOfMemoryError as error:  # the GPU may be shared; memory may be free the next time
            torch.cuda.empty_cache()
            raise MemoryError(f"{self.name}: {error}") from error
        model.eval()
        model.preprocessor.featurizer.dither = 0.0
        model.preprocessor.featurizer.pad_to = 0
        frame_seconds = float(model.cfg.preprocessor.window_stride) * int(model.encoder.subsampling_factor)
        if hasattr(model, "joint"):
            return model, TransducerWords(model, frame_seconds)
        return model, CtcWords(model, frame_seconds, self._language_model)


def load(located: LocatedModel, device: Device) -> NemoTorch:
    """A recogniser that imports NeMo and loads its model at the first recognition."""
    return NemoTorch(located, device)
