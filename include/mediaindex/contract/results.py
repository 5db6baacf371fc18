"""What each stage hands to the next: frozen, on the source's clock, the content of an artifact.

Every class here survives ``pydantic.TypeAdapter(cls)`` to JSON and back unchanged (``runner.codec``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from mediaindex.timeline import Clock, Span, SpeakerSpan, Transcript, Word

from .states import DoubtReason, TopicKind


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
    warnings: tuple[str, ...] = ()  # what was expected of the recording and is not so


@dataclass(frozen=True, slots=True)
class LanguageWindow:
    """The best language of one window of speech; one on each side where the source's clock jumps inside it."""

    span: Span
    language: str
    probability: float


@dataclass(frozen=True, slots=True)
class LanguageSpan:
    """A stretch in one language, from its first to its last speech; ``probability`` is P(language) over all of it.

    Cut where the source's clock jumps: the pieces are neighbours of the same language and probability."""

    span: Span
    language: str
    probability: float


@dataclass(frozen=True, slots=True)
class Language:
    """``language``: ISO 639-1, or ``und`` without speech. ``allowed``: P mass on the allowed languages before they were
    renormalised; near 0 says that the recording is in a language nobody expected. ``spans``: who switches languages
    has them here, in order, over all speech; empty where all of it is in ``language``, else that is most of it."""

    language: str
    confidence: float
    probabilities: dict[str, float] = field(default_factory=dict)
    windows: tuple[LanguageWindow, ...] = ()
    allowed: float = 1.0
    spans: tuple[LanguageSpan, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch that was to be recognised and could not be, and why."""

    span: Span
    reason: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """A stretch whose words cannot all be right, and why."""

    span: Span
    reason: DoubtReason


@dataclass(frozen=True, slots=True)
class Part:
    """Who wrote a stretch, and in which language."""

    span: Span
    language: str
    recogniser: str


@dataclass(frozen=True, slots=True)
class Recognition:
    """Words in order, without speakers. ``fallback`` says why the preferred recogniser was not used, if so.

    ``language`` and ``recogniser`` are those of most of the speech, ``parts`` (in order) those of each stretch.
    ``second``: what was decoded a second time; ``doubts``: what is doubtful all the same.
    """

    language: str
    recogniser: str
    words: tuple[Word, ...]
    chunks: tuple[Span, ...]
    gaps: tuple[Gap, ...] = ()
    fallback: str | None = None
    parts: tuple[Part, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    second: tuple[Span, ...] = ()


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
    """A name or a key phrase. ``label``: the entity's type (PERSON, ORG, …), None for phrases."""

    kind: TopicKind
    text: str
    label: str | None
    mentions: tuple[Mention, ...]


@dataclass(frozen=True, slots=True)
class TurnText:
    """A turn as people read it. ``places``: for each token of ``text`` (split at white space) the index of the turn's
    word that it begins with; words between two places belong to the token before them, or were left out."""

    text: str
    places: tuple[int, ...]

    def __post_init__(self) -> None:
        rising = all(before < after for before, after in pairwise((-1, *self.places)))
        if not rising or len(self.text.split()) != len(self.places):
            raise ValueError(f"{self!r}: each token of a text begins with a word of its own, in order")


@dataclass(frozen=True, slots=True)
class Topics:
    """Names and key phrases, most mentioned first. ``texts``: each turn as people read it."""

    topics: tuple[Topic, ...]
    texts: tuple[TurnText, ...] = ()
