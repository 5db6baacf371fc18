"""The composition root: which engine stands behind each Protocol, from which model. Nothing loads before its use."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from mediaindex.models import ensure, try_locate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mediaindex.stages.protocols import (
        CaseRestorer,
        Diarizer,
        LanguageIdentifier,
        Recogniser,
        SpeechDetector,
        TextReader,
    )


def _model(name: str):  # type: ignore[no-untyped-def]
    return ensure([name])[name]


class Engines:
    """One engine a kind and process, shared by every item of the batch."""

    @cached_property
    def detector(self) -> SpeechDetector:
        """Silero VAD."""
        from mediaindex.engines import silero

        return silero.load(_model("silero-vad"))

    @cached_property
    def diarizer(self) -> Diarizer:
        """pyannote's pipeline."""
        from mediaindex.engines import pyannote

        return pyannote.load(_model("pyannote-segmentation-3.0"), _model("wespeaker-resnet34"))

    @cached_property
    def identifier(self) -> LanguageIdentifier:
        """Whisper's language tokens."""
        from mediaindex.engines import faster_whisper

        return faster_whisper.load_identifier(_model("whisper-base"))

    @cached_property
    def recognisers(self) -> Sequence[Recogniser]:
        """In order of preference: the Conformer where its weights are, Whisper for everything else."""
        from mediaindex.engines import conformer_ctc, faster_whisper

        conformer = try_locate("stt-en-conformer-ctc-small")
        whisper = faster_whisper.load_recogniser(_model("whisper-base"))
        return [conformer_ctc.load(conformer), whisper] if conformer else [whisper]

    @cached_property
    def reader(self) -> TextReader:
        """spaCy's small English model."""
        from mediaindex.engines import spacy_reader

        return spacy_reader.load(_model("en_core_web_sm"))

    @cached_property
    def restorer(self) -> CaseRestorer:
        """English case statistics."""
        from mediaindex.engines import truecase

        return truecase.load(_model("truecase-english"))
