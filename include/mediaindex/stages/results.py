"""What each stage hands to the next: frozen, on the source's clock, the content of an artifact.

Every class here survives ``pydantic.TypeAdapter(cls)`` to JSON and back unchanged (``runner.codec``).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mediaindex.timeline import Clock, Span, SpeakerSpan, Transcript, Word


@dataclass(frozen=True, slots=True)
class NormalizedAudio:
    """Facts about the 16 kHz mono FLAC that ``normalize`` wrote.

    ``audio_sha256`` hashes the decoded PCM (16 kHz mono s16le) before loudness or noise treatment: the recording's
    identity whatever its container, name or our settings. ``duration`` is seconds of decoded audio; ``clock`` leads to
    source time.
    """

    audio_sha256: str
    duration: float
    clock: Clock
    container: str
    codec: str
    source_sample_rate: int
    source_channels: int
    stream_index: int
    has_video: bool
    loudness_lufs: float | None  # None where the audio is silent: there is no loudness to measure
    gain_db: float
    peak_dbfs: float | None
    title: str | None = None
    channels_kept: int = 1
    warnings: tuple[str, ...] = ()  # what is wrong with a recording that could be used all the same

    @property
    def start(self) -> float:
        """Source time (s) of the first sample."""
        return self.clock.to_source(0.0)

    @property
    def end(self) -> float:
        """Source time (s) just after the last sample."""
        return self.clock.anchors[-1].source + self.duration - self.clock.anchors[-1].audio


@dataclass(frozen=True, slots=True)
class Speech:
    """Where somebody speaks. ``snr_db``: level of speech over level of the rest, None where one of them is absent."""

    spans: tuple[Span, ...]
    speech_seconds: float
    speech_share: float
    mean_probability: float
    snr_db: float | None


@dataclass(frozen=True, slots=True)
class Speakers:
    """Who speaks when: ``spans`` as heard (may overlap), ``exclusive`` one at a time (for words)."""

    spans: tuple[SpeakerSpan, ...]
    exclusive: tuple[SpeakerSpan, ...]
    count: int


@dataclass(frozen=True, slots=True)
class LanguageWindow:
    """The best language of one window of speech."""

    span: Span
    language: str
    probability: float


@dataclass(frozen=True, slots=True)
class Language:
    """``language``: ISO 639-1, or ``und`` without speech. ``allowed``: P mass on the allowed languages before they were
    renormalised; near 0 says that the recording is in a language nobody expected."""

    language: str
    confidence: float
    probabilities: dict[str, float] = field(default_factory=dict)
    windows: tuple[LanguageWindow, ...] = ()
    allowed: float = 1.0


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch that was to be recognised and could not be, and why."""

    span: Span
    reason: str


@dataclass(frozen=True, slots=True)
class Recognition:
    """Words in order, without speakers. ``fallback`` says why the preferred recogniser was not used, if so."""

    language: str
    recogniser: str
    words: tuple[Word, ...]
    chunks: tuple[Span, ...]
    gaps: tuple[Gap, ...] = ()
    fallback: str | None = None


@dataclass(frozen=True, slots=True)
class Assessment:
    """The transcript with speakers, how far it can be trusted, and why it needs a person if it does.

    ``coverage``: share of speech seconds that have a word within reach. ``confidence``: mean P(word is right), None
    without words.
    """

    transcript: Transcript
    confidence: float | None
    coverage: float
    needs_review: bool
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mention:
    """A topic in one turn: the turn's index, and the time of the first word."""

    turn: int
    start: float


@dataclass(frozen=True, slots=True)
class Topic:
    """``kind``: ``entity`` or ``phrase``; ``label``: the entity's type (PERSON, ORG, …), None for phrases."""

    kind: str
    text: str
    label: str | None
    mentions: tuple[Mention, ...]


@dataclass(frozen=True, slots=True)
class Topics:
    """Names and key phrases, most mentioned first. ``texts``: each turn's text as people read it (case restored)."""

    topics: tuple[Topic, ...]
    texts: tuple[str, ...] = ()
