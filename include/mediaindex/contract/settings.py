"""The settings of the stages and of triage. A sources file may override each field under ``stages:`` or ``triage:``.

A changed value changes the fingerprint of the stage, so that its artifacts and those of its readers are computed again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from mediaindex.errors import ConfigError

T = TypeVar("T")


LONGEST_CHUNK = 30.0  # s: the window of Whisper, and as far as full attention is cheap


@dataclass(frozen=True, slots=True)
class NormalizeSettings:
    """How recordings are brought to one form."""

    # Programme loudness, LUFS; that of EBU R128.
    target_lufs: float = -23.0
    # No gain raises a true peak above this, dBTP; that of EBU R128.
    max_true_peak_dbtp: float = -1.0
    # Largest gain, dB: a recording of almost nothing stays one.
    max_gain_db: float = 30.0
    # Noise reduction. It helps listeners; recognisers that were trained on noise mostly do better without.
    reduce_noise: bool = False
    # Also keep the channels apart (2 to 8 of them), so that speakers on channels of their own stay separable.
    keep_channels: bool = False
    # Longer audio is refused: this bounds disk and time, whatever a header claims.
    max_seconds: float = 26 * 3600.0
    # Seconds; smaller gaps of the source's time stamps are not kept.
    gap_tolerance: float = 0.1

    def __post_init__(self) -> None:
        if not -70.0 < self.target_lufs < 0.0 or self.max_true_peak_dbtp > 0.0 or self.max_gain_db < 0.0:
            raise ValueError("normalize: target_lufs in (-70, 0), max_true_peak_dbtp at most 0, max_gain_db at least 0")
        if self.max_seconds <= 0.0 or self.gap_tolerance < 0.01:
            raise ValueError("normalize: max_seconds above 0, gap_tolerance at least 0.01")


@dataclass(frozen=True, slots=True)
class DetectSpeechSettings:
    """When a run of frames counts as speech. Times in seconds."""

    # P(speech) at which speech begins.
    enter: float = 0.5
    # P(speech) below which it may end; lower than `enter`, so that the decision does not flicker.
    leave: float = 0.35
    # Shorter bursts are clicks and coughs.
    min_speech: float = 0.25
    # Shorter pauses are inside a sentence.
    min_silence: float = 0.3
    # Added on both sides: the first and last consonants are too quiet for the detector.
    padding: float = 0.1

    def __post_init__(self) -> None:
        if not 0.0 < self.leave <= self.enter < 1.0:
            raise ValueError("detect_speech: 0 < leave <= enter < 1")
        if min(self.min_speech, self.min_silence, self.padding) < 0.0:
            raise ValueError("detect_speech: min_speech, min_silence and padding are at least 0")


@dataclass(frozen=True, slots=True)
class DiarizeSettings:
    """What becomes of the spans that the diarizer hears; its own parameters belong to the engine and its identity."""

    # Seconds; shorter spans are breaths and clicks, in which no word fits.
    shortest_span: float = 0.1
    # Seconds. A speaker with less speech than this and than `briefest_share` is an error of the clustering: too little
    # to recognise a voice. The words go to the neighbouring speaker. Ignored if the number of speakers is given.
    briefest_speaker: float = 2.0
    # Share of the time of all speakers, see `briefest_speaker`.
    briefest_share: float = 0.05
    # dB above the level of cross-talk from another channel, from which speech on a channel is its own speaker's: twice
    # the amplitude. Only for recordings with one speaker per channel.
    cross_talk_margin: float = 6.0

    def __post_init__(self) -> None:
        if self.cross_talk_margin <= 0.0:
            raise ValueError("diarize: cross_talk_margin above 0")


@dataclass(frozen=True, slots=True)
class IdentifyLanguageSettings:
    """How much of a recording is listened to."""

    # Seconds up to which a recording is examined as a whole; Whisper takes 30.
    whole: float = 30.0
    # Seconds of one window of a longer recording. Eight windows of 10 s are as accurate as five of 30 s, do not hide
    # another language in what surrounds it, and take little more than half of the time.
    window: float = 10.0
    # Windows, spread evenly, in a recording of up to ten minutes; longer ones get more, by the square root of length.
    windows: int = 8
    # Windows at most, however long the recording is.
    most_windows: int = 32
    # P of another language in a window from which the window is examined in stretches of some seconds, and all speech
    # if another language is found; above 1: never. Low, because looking is cheap and a missed language loses its words.
    other_language: float = 0.1
    # P(speech) from which a frame counts as speech.
    speech_threshold: float = 0.5
    # Seconds of speech that a window must contain.
    min_speech: float = 0.5


@dataclass(frozen=True, slots=True)
class TranscribeSettings:
    """How speech is cut and shared out, and what is heard twice. Times in seconds."""

    # Seconds of one chunk. The cost of attention grows with its square; less than 20 s costs words at the edges.
    max_chunk: float = 28.0
    # A longer pause ends a chunk: silence costs time, and recognisers invent words in it.
    max_pause: float = 2.0
    # Chunks read into memory together; the recogniser batches among them.
    group: int = 16
    # The language of speech that is too short to identify it.
    default_language: str = "en"
    # Whether doubtful stretches are decoded again by the next recogniser that supports the language.
    second_decoding: bool = True
    # Seconds of speech without a word nearby that are no loss: breath, laughter, a cough.
    unwritten: float = 2.0
    # Speech this near to a word counts as transcribed, and a word this near to speech as spoken: recognisers and
    # detectors place the same word up to half a second apart.
    reach: float = 0.5
    # Mean P(word is right) of some seconds of words below which they are doubtful: more are wrong than right.
    min_confidence: float = 0.5

    def __post_init__(self) -> None:
        if not 4.0 <= self.max_chunk <= LONGEST_CHUNK:
            raise ValueError(f"transcribe: max_chunk lies between 4 and {LONGEST_CHUNK:.0f} seconds")
        if self.max_pause < 0.0 or self.group < 1:
            raise ValueError("transcribe: max_pause is at least 0 seconds, group at least 1 chunk")
        if self.unwritten <= 0.0 or self.reach < 0.0 or not 0.0 <= self.min_confidence <= 1.0:
            raise ValueError("transcribe: unwritten is above 0 s, reach at least 0 s, min_confidence between 0 and 1")


@dataclass(frozen=True, slots=True)
class AssessSettings:
    """How words become turns, and below what a person looks at the transcript."""

    # Seconds; a word outside every speaker's span belongs to the nearest span at most this far away.
    speaker_reach: float = 1.0
    # Seconds; a change of speaker moves to a longer pause at most this far away; 0 leaves it where the diarizer has
    # it. Simulated boundaries 0.05 to 0.3 s off, pauses of 0.04 to 0.6 s between turns: words with a wrong speaker
    # fall by a seventh (2.2 to 1.9 %), and nowhere rise by more than 0.1 points.
    snap_reach: float = 0.4
    # By how much longer that pause must be, in seconds per second of distance. Values from 0.25 to 0.75 help.
    snap_worth: float = 0.5
    # At most so many words inside another speaker's turn are taken for a diarization error; 0 keeps all.
    smooth_words: int = 0
    # Seconds; a longer silence ends a turn.
    turn_pause: float = 2.0
    # Seconds; longer turns are cut, so that a search hit leads to the passage and not to half an hour.
    longest_turn: float = 60.0
    # Seconds; if a long turn is cut, a pause of this length counts as the end of a sentence.
    good_pause: float = 0.4
    # Seconds; speech this near to a word counts as transcribed.
    coverage_reach: float = 1.0
    # Mean P(word is right), calibrated, below which too many words are wrong to publish unread: three in ten.
    min_confidence: float = 0.7
    # Share of the speech that must have words near it.
    min_coverage: float = 0.6
    # Seconds of speech from which a missing word is suspicious; less may be a cough.
    words_expected_from: float = 1.0
    # Seconds in all that could not be recognised, from which a person looks.
    max_gap_seconds: float = 5.0
    # Seconds of one doubtful stretch (no words for speech, loops, impossible rates) from which a person looks.
    doubt_seconds: float = 10.0
    # Share of the speech that is doubtful in all, from which a person looks.
    max_doubt_share: float = 0.1
    # Seconds of doubtful speech from which `max_doubt_share` counts: in a short clip a cough is a large share.
    doubt_share_from: float = 3.0


@dataclass(frozen=True, slots=True)
class FindTopicsSettings:
    """How turns are written, and how many topics are kept."""

    # Numbers as digits ("1984", "25 percent"), as people type them; search finds the words as well.
    digits: bool = True
    # Whether "um" and "uh" stay in the readable text. They always stay in the words.
    fillers: bool = True
    # Seconds of silence that end a sentence, at the speaker's own pace. For ten readers, compared with Whisper's
    # punctuation, 0.6 and 0.7 are equally good, 0.5 and 0.8 worse (tests/bench/sentence_ends.py).
    sentence_pause: float = 0.6
    # Names that are kept at most.
    max_names: int = 100
    # Phrases that are kept at most.
    max_phrases: int = 30
    # Mentions that a single word needs to be a topic; several words need one.
    single_word_mentions: int = 2
    # Letters; fewer are initials, noise or half a word.
    shortest: int = 3


@dataclass(frozen=True, slots=True)
class TriageSettings:
    """Below any of these limits a person looks first. The defaults pass clean speech and stop what would be garbled."""

    # P(language) of the chosen language. Whisper base is above 0.9 on clear speech; near 0.5 it wavers between two.
    min_language_confidence: float = 0.6
    # Probability of all allowed languages together, before renormalisation. A low one means an unexpected language.
    min_allowed: float = 0.3
    # Share of the recording that is speech. Music with a few shouts gives a useless transcript.
    min_speech_share: float = 0.05
    # Seconds of speech below which language and quality are guesses; such a clip is judged by its transcript alone.
    judge_from_speech_seconds: float = 1.0
    # Speech over background, dB. Word error rates climb steeply below about 5 dB.
    min_snr_db: float = 3.0
    # Mean P(speech) inside the detected speech: how sure the detector itself is.
    min_speech_probability: float = 0.6


def read_settings(kind: type[T], overrides: Mapping[str, Any], place: str) -> T:
    """``kind`` with these fields; ConfigError names ``place``, the unknown or wrong field, and the valid ones."""
    known = getattr(kind, "__dataclass_fields__", {})
    if unknown := sorted(set(overrides) - set(known)):
        raise ConfigError(f"{place}: unknown setting {', '.join(unknown)}; valid settings: {', '.join(known)}")
    try:
        return TypeAdapter(kind).validate_python(overrides)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{place}: setting {field} is {first['input']!r}: {first['msg']}") from error
