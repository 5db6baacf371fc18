"""The composition root: which engine implements each protocol, with which model. Models load at first use."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress
from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING

from .choices import identity, model

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from mediaindex.stages.protocols import (
        CaseRestorer,
        Diarizer,
        LanguageIdentifier,
        NumberFinder,
        Recogniser,
        SpeechDetector,
        TextReader,
    )

    from .set_aside import SetAsideError


def return_freed_memory() -> None:
    """Collect garbage and return free pages to the operating system (glibc only).

    By itself glibc returns only pages at the top of the heap: a released model would keep its memory below the next
    one.
    """
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


class Engines:
    """One engine per kind and process, shared by all items of the batch.

    ``recognisers``: registry names in order of preference; if empty, MEDIAINDEX_RECOGNISERS or its default is used.
    ``without_first``: why the first available recogniser is not used; empty if it is.
    """

    def __init__(self, recognisers: Sequence[str] = (), without_first: str = "") -> None:
        self._recognisers = tuple(recognisers)
        self._without_first = without_first

    @cached_property
    def detector(self) -> SpeechDetector:
        """Silero VAD."""
        from mediaindex.engines import silero

        located = model("silero-vad")
        return silero.load(located.path, identity=identity("silero-vad", located))

    @cached_property
    def diarizer(self) -> Diarizer:
        """pyannote's method on ONNX Runtime, or pyannote.audio itself (see ``choices.diarizer``)."""
        from .choices import diarizer

        return diarizer()

    @cached_property
    def identifier(self) -> LanguageIdentifier:
        """Whisper's language tokens."""
        from mediaindex.engines.whisper import faster_whisper

        return faster_whisper.load_identifier(model("whisper-base"))

    @cached_property
    def recognisers(self) -> Sequence[Recogniser]:
        """``raw_recognisers``, each with the calibration of its weights, if any, and watched for being broken."""
        from .choices import calibrated
        from .set_aside import StandIn, Watched

        recognisers = [
            recogniser if isinstance(recogniser, StandIn) else Watched(calibrated(recogniser))
            for recogniser in self.raw_recognisers
        ]
        first = next((recogniser for recogniser in recognisers if isinstance(recogniser, Watched)), None)
        if first and self._without_first:
            first.set_aside(self._without_first)
        return recognisers

    def without(self, broken: Mapping[str, SetAsideError]) -> Engines:
        """The same engines with a placeholder for each broken recogniser; ``broken`` maps names to errors."""
        from .set_aside import without

        if not broken:
            return self
        view = copy(self)
        view.__dict__["recognisers"] = [
            without(recogniser.name, recogniser.languages, broken[recogniser.name].message)
            if recogniser.name in broken
            else recogniser
            for recogniser in self.recognisers
        ]
        return view

    def identities(self, names: Iterable[str]) -> tuple[str, ...]:
        """The identities of the engines with these names, in order; loads no weights."""
        values = (getattr(self, name) for name in names)
        groups = (value if isinstance(value, (list, tuple)) else (value,) for value in values)
        return tuple(engine.identity for group in groups for engine in group)

    def keep(self, names: Container[str]) -> None:
        """Release all engines except those with these names; a released engine is loaded again when it is needed."""
        if "identifier" in self.__dict__ and "recognisers" in names:
            _ = self.recognisers  # one of them may share the identifier's model and so keep it
        for name in [name for name in self.__dict__ if not name.startswith("_") and name not in names]:
            del self.__dict__[name]
        return_freed_memory()

    @cached_property
    def raw_recognisers(self) -> Sequence[Recogniser]:
        """The recognisers in order of preference. Raises ConfigError if a name is not in the registry."""
        from .choices import chosen, recogniser_of

        return [recogniser_of(entry) for entry in chosen(self._recognisers)]

    @cached_property
    def reader(self) -> TextReader:
        """spaCy's small English model."""
        from mediaindex.engines.text import spacy_reader

        located = model("en_core_web_sm")
        return spacy_reader.load(located.path, identity=identity("spacy", located))

    @cached_property
    def number_finder(self) -> NumberFinder:
        """text2num's rules."""
        from mediaindex.engines.text import spoken_numbers

        return spoken_numbers.load()

    @cached_property
    def restorer(self) -> CaseRestorer:
        """English case statistics."""
        from mediaindex.engines.text import truecase

        return truecase.load(model("truecase-english"))
