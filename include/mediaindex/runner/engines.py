"""The composition root: which engine stands behind each Protocol, from which model. Nothing loads before its use."""

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
    """Collect what nobody holds, and the pages under it; where the C library is not glibc, it keeps those as it likes.

    glibc itself returns only what lies above everything else: a model that was let go would stay in the process's
    memory below the next one.
    """
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


class Engines:
    """One engine a kind and process, shared by every item of the batch.

    ``recognisers``: registry names in order of preference; empty leaves it to MEDIAINDEX_RECOGNISERS and the default.
    ``without_first``: why the first of them that is here is not to be asked; empty where it is.
    """

    def __init__(self, recognisers: Sequence[str] = (), without_first: str = "") -> None:
        self._recognisers = tuple(recognisers)
        self._without_first = without_first

    @cached_property
    def detector(self) -> SpeechDetector:
        """Silero VAD."""
        from mediaindex.engines import silero

        found = model("silero-vad")
        return silero.load(found.path, identity=identity("silero-vad", found))

    @cached_property
    def diarizer(self) -> Diarizer:
        """pyannote's method on ONNX Runtime, or pyannote.audio itself (see ``diarizer_choice``)."""
        from .choices import diarizer

        return diarizer()

    @cached_property
    def identifier(self) -> LanguageIdentifier:
        """Whisper's language tokens."""
        from mediaindex.engines.whisper import faster_whisper

        return faster_whisper.load_identifier(model("whisper-base"))

    @cached_property
    def recognisers(self) -> Sequence[Recogniser]:
        """``raw_recognisers``, each with the calibration of its weights where there is one, until it proves broken."""
        from .choices import calibrated
        from .set_aside import StandIn, Watched

        found = [one if isinstance(one, StandIn) else Watched(calibrated(one)) for one in self.raw_recognisers]
        first = next((one for one in found if isinstance(one, Watched)), None)
        if first and self._without_first:
            first.set_aside(self._without_first)
        return found

    def without(self, broken: Mapping[str, SetAsideError]) -> Engines:
        """The same engines, shared, with a stand-in for each of these recognisers, by name."""
        from .set_aside import without

        if not broken:
            return self
        view = copy(self)
        view.__dict__["recognisers"] = [
            without(one.name, one.languages, broken[one.name].message) if one.name in broken else one
            for one in self.recognisers
        ]
        return view

    def identities(self, names: Iterable[str]) -> tuple[str, ...]:
        """Engine, model and weights of each engine of these names, in their order; loads no weights."""
        found = (getattr(self, name) for name in names)
        return tuple(one.identity for some in found for one in (some if isinstance(some, (list, tuple)) else (some,)))

    def keep(self, names: Container[str]) -> None:
        """Let go of all other engines. Whoever needs one again loads it again."""
        if "identifier" in self.__dict__ and "recognisers" in names:
            _ = self.recognisers  # one of them may share the identifier's model, which then stays
        for name in [name for name in self.__dict__ if not name.startswith("_") and name not in names]:
            del self.__dict__[name]
        return_freed_memory()

    @cached_property
    def raw_recognisers(self) -> Sequence[Recogniser]:
        """In order of preference; ConfigError where one of them is in no registry."""
        from .choices import chosen, recogniser_of

        return [recogniser_of(entry) for entry in chosen(self._recognisers)]

    @cached_property
    def reader(self) -> TextReader:
        """spaCy's small English model."""
        from mediaindex.engines.text import spacy_reader

        found = model("en_core_web_sm")
        return spacy_reader.load(found.path, identity=identity("spacy", found))

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
