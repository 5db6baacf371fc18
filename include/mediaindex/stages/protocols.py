"""What the stages ask of an engine. Adapters in ``engines/`` keep these promises; tests may too.

Audio is always mono float32 in [-1, 1] at 16 kHz; positions are seconds of decoded audio (stages turn them into
source time). ``identity`` names engine, model and weights (sha256) and goes into the fingerprint; reading it must not
load the model.
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
    """Anything that loads weights."""

    @property
    def identity(self) -> str:
        """Engine, model and weights, for example ``silero-vad 6.2.3 sha256:1a2b…``."""
        ...


class SpeechDetector(Engine, Protocol):
    """Voice activity."""

    frame_seconds: float

    def probabilities(self, samples: Samples) -> Samples:
        """P(speech) for each frame of ``frame_seconds``, shape (frames,)."""
        ...


class SampleSource(Protocol):
    """A recording read piece by piece: no engine ever holds a day of it. ``stages.audio.Audio`` is one."""

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
    """Speaker spans in seconds of decoded audio: as heard (may overlap), and one speaker at a time."""

    spans: tuple[SpeakerSpan, ...]
    exclusive: tuple[SpeakerSpan, ...]


class Diarizer(Engine, Protocol):
    """Who speaks when."""

    def diarize(self, audio: SampleSource, speakers: int | None) -> Diarized:
        """``speakers``: their number if it is known. Labels are ``SPEAKER_00``, … in order of appearance.

        A label is one person from the first second to the last, however long the recording is.
        """
        ...


class LanguageIdentifier(Engine, Protocol):
    """Which language is spoken in one window of at most 30 s."""

    def probabilities(self, samples: Samples) -> Mapping[str, float]:
        """P(language) by ISO 639-1 code, over all languages the model knows."""
        ...


class Recogniser(Engine, Protocol):
    """Speech to words."""

    name: str
    languages: frozenset[str]  # ISO 639-1 codes it can write

    def recognise(
        self, chunks: Sequence[Samples], language: str, vocabulary: Sequence[str] = ()
    ) -> list[tuple[Word, ...]]:
        """Words of each chunk (each at most ~30 s), times in seconds from the start of that chunk.

        ``vocabulary``: names and terms to be heard rather than what sounds like them. Safe to call from several
        threads at once: chunks of several recordings then share the machine.
        """
        ...


@dataclass(frozen=True, slots=True)
class Entity:
    """A name in a text: characters ``start`` to ``end`` of it, and its kind (PERSON, ORG, GPE, …)."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class ReadText:
    """What a topic finder sees in one text."""

    entities: tuple[Entity, ...]
    phrases: tuple[tuple[int, int], ...]


class TextReader(Engine, Protocol):
    """Names and noun phrases in running text."""

    languages: frozenset[str]

    def read(self, texts: Sequence[str]) -> list[ReadText]:
        """Entities and noun phrases of each text, as character offsets into the text that was given."""
        ...


class CaseRestorer(Engine, Protocol):
    """Capital letters for a recogniser that writes none."""

    def restore(self, text: str) -> str:
        """The same text, same length in words, with case; offsets are kept where the length is."""
        ...


@dataclass(frozen=True, slots=True)
class SpokenNumber:
    """Words ``first`` to before ``end`` are one number, written ``digits``: ``206``, ``0.5``, ``21st``."""

    first: int
    end: int
    digits: str
    ordinal: bool = False


class NumberFinder(Engine, Protocol):
    """Numbers spoken in words."""

    languages: frozenset[str]

    def numbers(self, words: Sequence[str], language: str, apart: Sequence[bool]) -> list[SpokenNumber]:
        """The numbers in order, none over another; ``apart[i]``: a pause keeps word i from going on with the last."""
        ...
