"""The composition root: which engine stands behind each Protocol, from which model. Nothing loads before its use."""

from __future__ import annotations

from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING

from mediaindex.errors import ModelMissingError
from mediaindex.models import LocatedModel, ensure, load_registry, try_locate
from mediaindex.models.locate import how_to_get

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mediaindex.stages.protocols import (
        CaseRestorer,
        Diarizer,
        LanguageIdentifier,
        Recogniser,
        Samples,
        SpeechDetector,
        TextReader,
    )
    from mediaindex.timeline import Word

CONFORMER = "stt-en-conformer-ctc-small"


def _model(name: str) -> LocatedModel:
    return ensure([name])[name]


def _identity(library: str, *models: LocatedModel) -> str:
    return f"{library} {version(library)} sha256:{'+'.join(model.sha256 for model in models)}"


class MissingRecogniser:
    """Stands for a recogniser whose weights are not here: says so when it is asked, and in the fingerprint."""

    def __init__(self, name: str) -> None:
        entry = load_registry()[name]
        self.name = name
        self.languages = frozenset(entry.languages)
        self.identity = f"missing {name}"

    def recognise(
        self, chunks: Sequence[Samples], language: str, vocabulary: Sequence[str] = ()
    ) -> list[tuple[Word, ...]]:
        """Raises ModelMissingError that names all three ways to get the model."""
        raise ModelMissingError(how_to_get(load_registry()[self.name]))


class Engines:
    """One engine a kind and process, shared by every item of the batch."""

    @cached_property
    def detector(self) -> SpeechDetector:
        """Silero VAD."""
        from mediaindex.engines import silero

        model = _model("silero-vad")
        return silero.load(model.path, identity=_identity("silero-vad", model))

    @cached_property
    def diarizer(self) -> Diarizer:
        """pyannote's pipeline."""
        from mediaindex.engines import pyannote

        segmentation, embedding = _model("pyannote-segmentation-3.0"), _model("wespeaker-resnet34")
        identity = _identity("pyannote.audio", segmentation, embedding)
        return pyannote.load(segmentation.path, embedding.path, identity=identity)

    @cached_property
    def identifier(self) -> LanguageIdentifier:
        """Whisper's language tokens."""
        from mediaindex.engines import faster_whisper

        return faster_whisper.load_identifier(_model("whisper-base"))

    @cached_property
    def recognisers(self) -> Sequence[Recogniser]:
        """In order of preference: the Conformer for English; Whisper for the rest, and where that is missing."""
        from mediaindex.engines import conformer_ctc, faster_whisper

        located = try_locate(CONFORMER)
        conformer = conformer_ctc.load(located) if located else MissingRecogniser(CONFORMER)
        return [conformer, faster_whisper.load_recogniser(_model("whisper-base"))]

    @cached_property
    def reader(self) -> TextReader:
        """spaCy's small English model."""
        from mediaindex.engines import spacy_reader

        model = _model("en_core_web_sm")
        return spacy_reader.load(model.path, identity=_identity("spacy", model))

    @cached_property
    def restorer(self) -> CaseRestorer:
        """English case statistics."""
        from mediaindex.engines import truecase

        model = _model("truecase-english")
        return truecase.load(model.path, identity=f"truecase {model.sha256}")
