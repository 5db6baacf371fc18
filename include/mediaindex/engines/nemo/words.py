"""Turns the output of a NeMo encoder into words: with ``CtcReader`` for CTC, by NeMo's decoding for transducers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mediaindex.engines.ctc.language_model import LanguageModel
from mediaindex.engines.ctc.reader import CtcReader
from mediaindex.timeline import Word, round_to_ms

_UNKNOWN = "⁇"  # how SentencePiece writes an unknown piece
# As ctc.decode.frame_confidence: Tsallis entropy, alpha 1/3, linear; the minimum over the pieces of a word.
_CONFIDENCE = {
    "preserve_frame_confidence": True,
    "preserve_token_confidence": True,
    "preserve_word_confidence": True,
    "exclude_blank": True,
    "aggregation": "min",
    "method_cfg": {"name": "entropy", "entropy_type": "tsallis", "alpha": 1 / 3, "entropy_norm": "lin"},
}


class CtcWords:
    """Words by ``CtcReader``, as on ONNX Runtime."""

    def __init__(self, model: Any, frame_seconds: float, language_model: LanguageModel | None) -> None:
        self._decoder = model.decoder
        pieces = tuple(str(piece) for piece in model.decoder.vocabulary)
        self._reader = CtcReader(pieces, frame_seconds, language_model)

    def of(
        self, encoded: Any, lengths: Any, durations: Sequence[float], vocabularies: Sequence[Sequence[str]]
    ) -> list[tuple[Word, ...]]:
        """Words of each chunk; ``encoded``: (batch, features, frames)."""
        log_probs = self._decoder(encoder_output=encoded).float().cpu().numpy()
        return [
            self._reader.words(rows[:frames], max(duration, 0.001), vocabulary)
            for rows, frames, duration, vocabulary in zip(
                log_probs, lengths.tolist(), durations, vocabularies, strict=True
            )
        ]


class TransducerWords:
    """Words by the greedy search of NeMo, with its times and confidences."""

    def __init__(self, model: Any, frame_seconds: float) -> None:
        from omegaconf import OmegaConf, open_dict

        decoding = OmegaConf.create(OmegaConf.to_container(model.cfg.decoding, resolve=True))
        with open_dict(decoding):
            decoding.strategy = "greedy_batch"
            decoding.compute_timestamps = True
            decoding.preserve_alignments = True
            decoding.confidence_cfg = _CONFIDENCE
        model.change_decoding_strategy(decoding, verbose=False)
        self._decoding = model.decoding
        self._frame_seconds = frame_seconds

    def of(
        self, encoded: Any, lengths: Any, durations: Sequence[float], vocabularies: Sequence[Sequence[str]]
    ) -> list[tuple[Word, ...]]:
        """Words of each chunk; ``encoded``: (batch, features, frames)."""
        del vocabularies
        hypotheses = self._decoding.rnnt_decoder_predictions_tensor(
            encoder_output=encoded, encoded_lengths=lengths, return_hypotheses=True
        )
        return [
            tuple(self._words(hypothesis, max(duration, 0.001)))
            for hypothesis, duration in zip(hypotheses, durations, strict=True)
        ]

    def _words(self, hypothesis: Any, duration: float) -> list[Word]:
        """Words of a hypothesis, cut at ``duration`` seconds; the last frame may reach past the end of the chunk."""
        timestamps = list(hypothesis.timestamp["word"])
        confidences = [float(value) for value in hypothesis.word_confidence or ()]
        if len(confidences) != len(timestamps):  # NeMo separates words by spaces in one, by pieces in the other
            confidences = [min(confidences, default=0.0)] * len(timestamps)
        words = []
        for word, confidence in zip(timestamps, confidences, strict=True):
            text = str(word["word"]).strip()
            if text in {"", _UNKNOWN}:
                continue
            end = min(max(word["end_offset"], word["start_offset"] + 1) * self._frame_seconds, duration)
            start = min(word["start_offset"] * self._frame_seconds, end - 0.001)
            words.append(Word(round_to_ms(start), round_to_ms(end), text, round(min(max(confidence, 0.0), 1.0), 4)))
        return words
