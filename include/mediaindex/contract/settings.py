"""The settings of the stages and of triage. A sources file may override each field under ``stages:`` or ``triage:``.

A changed value changes the fingerprint of the stage, so that its artifacts and those of its readers are computed again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from mediaindex.errors import ConfigError

LONGEST_CHUNK = 30.0  # s: the window of Whisper, and the longest for which full attention is cheap

Share = Annotated[float, Field(ge=0, le=1)]  # or a probability
Seconds = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
TrackPolicy = Literal["mix", "first", "each"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Base of the settings below. Ranges are checked when overrides are read, not when code makes an instance."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", allow_inf_nan=False)


S = TypeVar("S", bound=Settings)


@dataclass(frozen=True, slots=True)
class NormalizeSettings(Settings):
    """How recordings are converted to one format."""

    # Programme loudness, LUFS; that of EBU R128.
    target_lufs: Annotated[float, Field(gt=-70, lt=0)] = -23.0
    # No gain raises a true peak above this, dBTP; that of EBU R128.
    max_true_peak_dbtp: Annotated[float, Field(ge=-70, le=0)] = -1.0
    # Largest gain, dB, so that near silence is not raised to the level of speech.
    max_gain_db: Annotated[float, Field(ge=0, le=100)] = 30.0
    # Noise reduction. It helps listeners; recognisers trained on noisy speech are mostly more accurate without it.
    reduce_noise: bool = False
    # Also keep the channels (2 to 8) separately, so that speakers on channels of their own stay separable.
    keep_channels: bool = False
    # Which audio tracks of a file are used: all that belong together, mixed; the main one; or all, as a speaker each.
    tracks: TrackPolicy = "mix"
    # Longer audio is refused: this bounds disk and time, whatever the header claims.
    max_seconds: Annotated[float, Field(gt=0)] = 26 * 3600.0
    # Seconds; the source's clock is kept to this precision, so that smaller gaps of its time stamps are ignored.
    gap_tolerance: Annotated[float, Field(ge=0.01)] = 0.01


@dataclass(frozen=True, slots=True)
class DetectSpeechSettings(Settings):
    """Which frames count as speech. Times in seconds."""

    # P(speech) at which speech begins.
    enter: Annotated[float, Field(gt=0, lt=1)] = 0.5
    # P(speech) below which speech may end; lower than `enter`, so that the decision does not flicker.
    leave: Annotated[float, Field(gt=0, lt=1)] = 0.35
    # Shorter bursts are clicks and coughs.
    min_speech: Seconds = 0.25
    # Shorter pauses are inside a sentence.
    min_silence: Seconds = 0.3
    # Added on both sides: the first and last consonants are too quiet for the detector.
    padding: Seconds = 0.1

    def __post_init__(self) -> None:
        if self.leave > self.enter:
            raise ValueError(f"leave is {self.leave:g}, above enter ({self.enter:g}); write a leave of at most enter")


@dataclass(frozen=True, slots=True)
class DiarizeSettings(Settings):
    """How the diarizer's spans are used; the diarizer's own parameters belong to the engine and its identity."""

    # Seconds; shorter spans are breaths and clicks, in which no word fits.
    shortest_span: Seconds = 0.1
    # Seconds. A speaker with less speech than this and than `briefest_share` is an error of the clustering: too little
    # to recognise a voice. The words go to the neighbouring speaker. Ignored if the number of speakers is given.
    briefest_speaker: Seconds = 2.0
    # Share of the time of all speakers, see `briefest_speaker`.
    briefest_share: Share = 0.05
    # dB above the level of cross-talk from another channel, from which speech on a channel is its own speaker's: twice
    # the amplitude. Only for recordings with one speaker per channel.
    cross_talk_margin: Annotated[float, Field(gt=0, le=100)] = 6.0


@dataclass(frozen=True, slots=True)
class IdentifyLanguageSettings(Settings):
    """How much of a recording is examined."""

    # Seconds up to which a recording is examined as a whole; Whisper takes 30.
    whole: Annotated[float, Field(ge=0, le=LONGEST_CHUNK)] = 30.0
    # Seconds of one window of a longer recording. Eight windows of 10 s are as accurate as five of 30 s, show a short
    # part in another language, and take little more than half of the time.
    window: Annotated[float, Field(ge=1, le=LONGEST_CHUNK)] = 10.0
    # Windows, spread evenly, in a recording of up to ten minutes; longer ones get more, by the square root of length.
    windows: Count = 8
    # Windows at most, however long the recording is.
    most_windows: Count = 32
    # P of another language in a window from which the window is examined in pieces of some seconds, and all speech if
    # another language is found; above 1: never. Low, because the check is cheap and a missed language loses its words.
    other_language: Annotated[float, Field(ge=0)] = 0.1
    # P(speech) from which a frame counts as speech.
    speech_threshold: Share = 0.5
    # Seconds of speech that a window must contain.
    min_speech: Seconds = 0.5


@dataclass(frozen=True, slots=True)
class TranscribeSettings(Settings):
    """How speech is cut into chunks, and what is decoded twice. Times in seconds."""

    # Longest chunk. The cost of attention grows with its square; less than 20 s costs words at the edges.
    max_chunk: Annotated[float, Field(ge=4, le=LONGEST_CHUNK)] = 28.0
    # A longer pause ends a chunk: silence costs time, and recognisers invent words in it.
    max_pause: Seconds = 2.0
    # Chunks read into memory together; the recogniser forms its batches from them.
    group: Annotated[int, Field(ge=1, le=1000)] = 16
    # The language assumed for speech that is too short to identify its language.
    default_language: Annotated[str, Field(pattern="^[a-z]{2,3}$")] = "en"
    # Whether doubtful stretches are decoded again by the next recogniser that supports the language.
    second_decoding: bool = True
    # Seconds of speech without a word nearby that are no loss: breath, laughter, a cough.
    unwritten: Annotated[float, Field(gt=0)] = 2.0
    # Speech this near to a word counts as transcribed, and a word this near to speech as spoken: recognisers and
    # detectors place the same word up to half a second apart.
    reach: Seconds = 0.5
    # Mean P(word is right) of some seconds of words below which they are doubtful: more are wrong than right.
    min_confidence: Share = 0.5


@dataclass(frozen=True, slots=True)
class AssessSettings(Settings):
    """How words become turns, and the limits below which a person reviews the transcript."""

    # Seconds; a word outside every speaker's span belongs to the nearest span at most this far away.
    speaker_reach: Seconds = 1.0
    # Seconds; a change of speaker moves to a longer pause at most this far away; 0 leaves it where the diarizer has
    # it. Simulated boundaries 0.05 to 0.3 s off, pauses of 0.04 to 0.6 s between turns: words with a wrong speaker
    # fall by a seventh (2.2 to 1.9 %), and nowhere rise by more than 0.1 points.
    snap_reach: Seconds = 0.4
    # By how much longer that pause must be, in seconds per second of distance. Values from 0.25 to 0.75 help.
    snap_worth: Annotated[float, Field(ge=0)] = 0.5
    # At most so many words inside another speaker's turn are taken for a diarization error; 0 keeps all.
    smooth_words: Annotated[int, Field(ge=0)] = 0
    # Seconds; a longer silence ends a turn.
    turn_pause: Seconds = 2.0
    # Seconds; longer turns are cut, so that a search hit leads to the passage and not to half an hour.
    longest_turn: Annotated[float, Field(ge=1)] = 60.0
    # Seconds; if a long turn is cut, a pause of this length counts as the end of a sentence.
    good_pause: Seconds = 0.4
    # Seconds; speech this near to a word counts as transcribed.
    coverage_reach: Seconds = 1.0
    # Mean P(word is right), calibrated, below which too many words are wrong to publish unread: three in ten.
    min_confidence: Share = 0.7
    # Share of the speech that must have words near it.
    min_coverage: Share = 0.6
    # Seconds of speech from which a missing word is suspicious; less may be a cough.
    words_expected_from: Seconds = 1.0
    # Seconds in all that could not be recognised, from which a person looks.
    max_gap_seconds: Seconds = 5.0
    # Seconds of one doubtful stretch (no words for speech, loops, impossible rates) from which a person looks.
    doubt_seconds: Seconds = 10.0
    # Share of the speech that is doubtful in all, from which a person looks.
    max_doubt_share: Share = 0.1
    # Seconds of doubtful speech from which `max_doubt_share` counts: in a short clip a cough is a large share.
    doubt_share_from: Seconds = 3.0


@dataclass(frozen=True, slots=True)
class FindTopicsSettings(Settings):
    """How turns are written, and how many topics are kept."""

    # Numbers as digits ("1984", "25 percent"), as people type them; search finds the words as well.
    digits: bool = True
    # Whether "um" and "uh" stay in the readable text. They always stay in the words.
    fillers: bool = True
    # Seconds of silence that end a sentence, at the speaker's own pace. For ten readers, compared with Whisper's
    # punctuation, 0.6 and 0.7 are equally good, 0.5 and 0.8 worse (tests/bench/sentence_ends.py).
    sentence_pause: Annotated[float, Field(gt=0)] = 0.6
    # Names that are kept at most.
    max_names: Annotated[int, Field(ge=0)] = 100
    # Phrases that are kept at most.
    max_phrases: Annotated[int, Field(ge=0)] = 30
    # Mentions that a single word needs to be a topic; several words need one.
    single_word_mentions: Count = 2
    # Letters; fewer are initials, noise or half a word.
    shortest: Count = 3


@dataclass(frozen=True, slots=True)
class TriageSettings(Settings):
    """Limits below which a person reviews the recording. The defaults pass clean speech and stop garbled speech."""

    # P(language) of the chosen language. Whisper base is above 0.9 on clear speech; near 0.5 it wavers between two.
    min_language_confidence: Share = 0.6
    # Probability of all allowed languages together, before renormalisation. A low one means an unexpected language.
    min_allowed: Share = 0.3
    # Share of the recording that is speech. Music with a few shouts gives a useless transcript.
    min_speech_share: Share = 0.05
    # Seconds of speech below which language and quality are guesses; such a clip is judged by its transcript alone.
    judge_from_speech_seconds: Seconds = 1.0
    # Speech over background, dB. Word error rates climb steeply below about 5 dB.
    min_snr_db: Annotated[float, Field(ge=-100, le=100)] = 3.0
    # Mean P(speech) inside the detected speech: how sure the detector itself is.
    min_speech_probability: Share = 0.6


def validated(kind: type[S], overrides: object) -> S:
    """``kind`` with these fields. Raises pydantic's ValidationError with one entry per unknown or invalid field.

    Rules over several fields are checked only if each field is valid.
    """
    wanted: Any = kind
    value: S = _adapter(wanted).validate_python(overrides)
    return value


def read_settings(kind: type[S], overrides: Mapping[str, Any], place: str) -> S:
    """``kind`` with these fields. Raises ConfigError that names ``place``, each invalid field and the valid ones."""
    try:
        return validated(kind, overrides)
    except ValidationError as error:
        faults = [_fault_message(kind, fault) for fault in error.errors(include_url=False)]
        raise ConfigError(f"{place}: {'; '.join(faults)}") from error


def _fault_message(kind: type[Settings], fault: Any) -> str:
    name = ".".join(map(str, fault["loc"]))
    if fault["type"] == "unexpected_keyword_argument":
        return f"unknown setting {name}; valid settings: {', '.join(field.name for field in fields(kind))}"
    return f"setting {name} is {fault['input']!r}: {fault['msg']}" if name else str(fault["ctx"]["error"])


@cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
