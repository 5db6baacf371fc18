"""Protocols of the engines that the stages use, implemented by the adapters in ``engines/``.

Audio is always mono float32 in [-1, 1] at 16 kHz; positions are seconds of decoded audio, which stages convert to
source time. ``identity`` names engine, model and weights (sha256) and enters the fingerprint; reading it must not load
the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from mediaindex.timeline import Span, SpeakerSpan, Word

if TYPE_CHECKING:
    import numpy as np

    Samples: TypeAlias = np.ndarray[Any, np.dtype[np.float32]]  # shape (samples,)

SAMPLE_RATE = 16_000  # Hz, everywhere after normalize


class Engine(Protocol):
    """An engine with an identity."""

    @property
    def identity(self) -> str:
        """Engine, model and weights, for example ``silero-vad 6.2.3 sha256:1a2b3c``."""
        ...


class SpeechDetector(Engine, Protocol):
    """Detects voice activity."""

    frame_seconds: float

    def probabilities(self, samples: Samples) -> Samples:
        """P(speech) per frame of ``frame_seconds``, shape (frames,)."""
        ...


class SampleSource(Protocol):
    """A recording that is read in pieces, so that no engine holds all of it. Implemented by ``stages.audio.Audio``."""

    @property
    def duration(self) -> float:
        """Seconds of decoded audio."""
        ...

    def read_span(self, span: Span | None) -> Samples:
        """The samples of a span in seconds of decoded audio, shape (samples,); None reads all."""
        ...

    def blocks(self, seconds: float) -> Iterator[Samples]:
        """All samples in order, in blocks of ``seconds``; the last one may be shorter."""
        ...


@dataclass(frozen=True, slots=True)
class Diarized:
    """Speaker spans in seconds of decoded audio: ``spans`` may overlap, ``exclusive`` has one speaker at a time."""

    spans: tuple[SpeakerSpan, ...]
    exclusive: tuple[SpeakerSpan, ...]


class Diarizer(Engine, Protocol):
    """Determines who speaks when."""

    def diarize(self, audio: SampleSource, speakers: int | None) -> Diarized:
        """Speaker spans; ``speakers``: the number of speakers if it is known.

        Labels are ``SPEAKER_00``, ``SPEAKER_01`` and so on in order of appearance. A label stands for one person in the
        whole recording, however long it is.
        """
        ...


class LanguageIdentifier(Engine, Protocol):
    """Identifies the language of a window of at most 30 s."""

    def probabilities(self, samples: Samples) -> Mapping[str, float]:
        """P(language) by ISO 639-1 code, over all languages that the model supports."""
        ...


class Recogniser(Engine, Protocol):
    """Converts speech to words."""

    name: str
    languages: frozenset[str]  # ISO 639-1 codes of the supported languages
    may_loop: bool  # is not bound to the frames of the audio, so that it may repeat words that nobody repeats

    def recognise(
        self, chunks: Sequence[Samples], language: str, vocabulary: Sequence[str] = ()
    ) -> list[tuple[Word, ...]]:
        """Words of each chunk (each at most about 30 s), with times in seconds from the start of that chunk.

        ``vocabulary``: names and terms to prefer over words that sound alike. Thread-safe, so that chunks of several
        recordings can be decoded at the same time.
        """
        ...


@dataclass(frozen=True, slots=True)
class Entity:
    """A name in a text: characters ``start`` to ``end``, and its label, such as PERSON, ORG or GPE."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class ReadText:
    """Entities and noun phrases (start and end character) of one text."""

    entities: tuple[Entity, ...]
    phrases: tuple[tuple[int, int], ...]


class TextReader(Engine, Protocol):
    """Finds names and noun phrases in running text."""

    languages: frozenset[str]

    def read(self, texts: Sequence[str]) -> list[ReadText]:
        """Entities and noun phrases of each text, as character offsets into that text."""
        ...


class CaseRestorer(Engine, Protocol):
    """Restores capital letters in the text of a recogniser that writes none."""

    def restore(self, text: str) -> str:
        """The text with case and the same number of words; offsets remain valid if the length is unchanged."""
        ...


@dataclass(frozen=True, slots=True)
class SpokenNumber:
    """A number in the words from ``first`` to before ``end``, written ``digits``: ``206``, ``0.5``, ``21st``."""

    first: int
    end: int
    digits: str
    ordinal: bool = False


class NumberFinder(Engine, Protocol):
    """Finds numbers spoken in words."""

    languages: frozenset[str]

    def numbers(self, words: Sequence[str], language: str, apart: Sequence[bool]) -> list[SpokenNumber]:
        """The numbers in order, without overlap; ``apart[i]``: word i does not continue the previous word's number."""
        ...
