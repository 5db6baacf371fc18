"""Results of the stages: the content of artifacts, immutable, with times on the source's clock.

Every class survives ``pydantic.TypeAdapter(cls)`` to JSON and back unchanged (see ``contract.artifacts``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Self

from mediaindex.timeline import Clock, Span, SpeakerSpan, Transcript, Word, scripts

from .states import DoubtReason, TopicKind


@dataclass(frozen=True, slots=True)
class NormalizedAudio:
    """Facts about the 16 kHz mono FLAC that ``normalize`` wrote.

    ``audio_sha256`` is the hash of the decoded PCM (16 kHz mono s16le) before loudness or noise treatment: it
    identifies the recording independently of container, name and settings. ``duration`` is seconds of decoded audio;
    ``clock`` converts to source time. ``file_start`` is the source time (s) of the earliest stream, pictures included:
    players that do not show the source's clock count from there.
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
    loudness_lufs: float | None  # None if the audio is silent
    gain_db: float
    peak_dbfs: float | None
    title: str | None = None
    channels_kept: int = 1
    file_start: float = 0.0
    tracks: tuple[int, ...] = ()  # indexes of the streams that the audio has; empty: only `stream_index`
    speaker_per_channel: bool = False  # each kept channel is a track with a speaker of its own
    warnings: tuple[str, ...] = ()  # defects of a recording that is usable nevertheless

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
    """Spans of speech. ``snr_db``: level of speech over level of the rest; None if either is absent."""

    spans: tuple[Span, ...]
    speech_seconds: float
    speech_share: float
    mean_probability: float
    snr_db: float | None


@dataclass(frozen=True, slots=True)
class Speakers:
    """Who speaks when. ``spans`` may overlap; ``exclusive`` has one speaker at a time, to assign words."""

    spans: tuple[SpeakerSpan, ...]
    exclusive: tuple[SpeakerSpan, ...]
    count: int
    warnings: tuple[str, ...] = ()  # expectations that the recording does not meet


@dataclass(frozen=True, slots=True)
class LanguageWindow:
    """The most probable language of a window of speech. A window with a jump of the source's clock is cut there."""

    span: Span
    language: str
    probability: float


@dataclass(frozen=True, slots=True)
class LanguageSpan:
    """Time in one language, from its first to its last speech; ``probability`` is P(language) over all of it.

    Cut at each jump of the source's clock into neighbours with the same language and probability."""

    span: Span
    language: str
    probability: float


@dataclass(frozen=True, slots=True)
class Language:
    """The language of a recording. ``language``: ISO 639-1, or ``und`` without speech.

    ``allowed``: total probability of the allowed languages before renormalisation; near 0 means that the recording is
    in another language. ``spans``: if the recording has several languages, their spans in order, over all speech, and
    ``language`` is that of most of it; else empty."""

    language: str
    confidence: float
    probabilities: dict[str, float] = field(default_factory=dict)
    windows: tuple[LanguageWindow, ...] = ()
    allowed: float = 1.0
    spans: tuple[LanguageSpan, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """Speech that could not be recognised, and why."""

    span: Span
    reason: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """Time whose words cannot all be right, and why."""

    span: Span
    reason: DoubtReason


@dataclass(frozen=True, slots=True)
class Part:
    """The recogniser and language of a part of the recording."""

    span: Span
    language: str
    recogniser: str


@dataclass(frozen=True, slots=True)
class Recognition:
    """Words in order, without speakers. ``fallback``: why the preferred recogniser was not used; None if it was.

    ``language`` and ``recogniser`` are those of most of the speech; ``parts`` (in order) has those of each part.
    ``second``: spans that were decoded a second time; ``doubts``: spans that are doubtful nevertheless.
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
    """The transcript with speakers, its estimated quality, and the reasons for a review, if any.

    ``coverage``: share of the seconds of speech that have a word within reach. ``confidence``: mean P(word is right);
    None without words.
    """

    transcript: Transcript
    confidence: float | None
    coverage: float
    needs_review: bool
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mention:
    """An occurrence of a topic: the index of the turn, and the start of the first word (s)."""

    turn: int
    start: float


@dataclass(frozen=True, slots=True)
class Topic:
    """A name or a key phrase. ``label``: the entity's type, such as PERSON or ORG; None for phrases."""

    kind: TopicKind
    text: str
    label: str | None
    mentions: tuple[Mention, ...]


@dataclass(frozen=True, slots=True)
class TurnText:
    """The readable text of a turn. ``places``: per token of ``text`` (``timeline.scripts.tokens``), the index of the
    word in the turn that it begins with; words between two places belong to the preceding token, or were left out."""

    text: str
    places: tuple[int, ...]

    def __post_init__(self) -> None:
        # Several tokens may be characters of one word.
        step = 0 if scripts.is_spaceless(self.text) else 1
        rising = all(before + step <= after for before, after in pairwise((-step, *self.places)))
        # Texts of earlier versions have a space between any two words.
        if not rising or len(self.places) not in {len(scripts.tokens(self.text)), len(self.text.split())}:
            raise ValueError(f"{self!r}: each token of the text needs the index of its first word, in rising order")

    @classmethod
    def joined(cls, texts: Sequence[str], places: Sequence[int]) -> Self:
        """Texts that begin with the words at ``places``, joined as their script is written."""
        text = scripts.joined(texts)
        if not scripts.is_spaceless(text):
            return cls(text, tuple(places))
        return cls(text, tuple(places[index] for index in scripts.first_pieces(texts)))


@dataclass(frozen=True, slots=True)
class Topics:
    """Names and key phrases, most mentioned first. ``texts``: the readable text of each turn."""

    topics: tuple[Topic, ...]
    texts: tuple[TurnText, ...] = ()
