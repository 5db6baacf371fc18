from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mediaindex.contract.results import (
    Assessment,
    Doubt,
    Gap,
    Language,
    NormalizedAudio,
    Part,
    Recognition,
    Speakers,
    Speech,
)
from mediaindex.contract.settings import AssessSettings
from mediaindex.contract.states import DoubtReason
from mediaindex.stages.assess import assess
from mediaindex.stages.triage import code_of
from mediaindex.timeline import Anchor, Clock, Span, SpeakerSpan, Word, round_to_ms

AUDIO = NormalizedAudio(
    audio_sha256="0" * 64,
    duration=20.0,
    clock=Clock((Anchor(0.0, 5.0),)),
    container="wav",
    codec="pcm_s16le",
    source_sample_rate=16_000,
    source_channels=1,
    stream_index=0,
    has_video=False,
    loudness_lufs=-23.0,
    gain_db=0.0,
    peak_dbfs=-3.0,
)
SPEECH = Speech((Span(5.0, 25.0),), 20.0, 1.0, 0.95, 20.0)
SILENCE = Speech((), 0.0, 0.0, 0.0, None)
TWO = (SpeakerSpan(5.0, 15.0, "SPEAKER_00"), SpeakerSpan(15.0, 25.0, "SPEAKER_01"))
SPEAKERS = Speakers(TWO, TWO, 2)
ENGLISH = Language("en", 0.98)


def words(confidence: float = 0.9) -> tuple[Word, ...]:
    return tuple(Word(5.0 + i, 5.5 + i, f"word{i}", confidence) for i in range(20))


def recognition(recognised: tuple[Word, ...], **changes: Any) -> Recognition:
    return replace(Recognition("en", "conformer", recognised, (Span(5.0, 25.0),)), **changes)


def judge(recognised: tuple[Word, ...], speech: Speech = SPEECH, **changes: Any) -> Assessment:
    return assess(AUDIO, speech, SPEAKERS, ENGLISH, recognition(recognised, **changes), AssessSettings())


def codes(assessment: Assessment) -> list[str]:
    assert assessment.needs_review == bool(assessment.reasons)
    return [code_of(reason) for reason in assessment.reasons]


def test_good_words_need_no_review():
    assessment = judge(words())
    assert codes(assessment) == []
    assert [(turn.speaker, len(turn.words)) for turn in assessment.transcript.turns] == [
        ("SPEAKER_00", 10),
        ("SPEAKER_01", 10),
    ]
    assert assessment.confidence == assessment.transcript.confidence
    assert assessment.coverage == 1.0


def test_no_speech_gives_an_empty_transcript_and_no_review():
    assessment = judge((), SILENCE)
    assert codes(assessment) == []
    assert assessment.transcript.turns == ()
    assert assessment.transcript.language == "und"
    assert assessment.confidence is None


def test_speech_without_words_needs_a_review():
    assert codes(judge(())) == ["no_words"]


def test_a_cough_without_words_needs_no_review():
    assert codes(judge((), replace(SILENCE, spans=(Span(6.0, 6.4),), speech_seconds=0.4))) == []


def test_words_of_low_confidence_need_a_review():
    assert codes(judge(words(0.2))) == ["low_confidence"]


def test_speech_with_few_words_needs_a_review():
    assert codes(judge(words()[:5])) == ["low_coverage"]


def test_gaps_are_reported_with_their_reason():
    assessment = judge(words(), gaps=(Gap(Span(6.0, 14.0), "out of memory"),))
    assert codes(assessment) == ["not_recognised"]
    assert "8.0 s" in assessment.reasons[0]
    assert "out of memory" in assessment.reasons[0]


def test_doubts_are_reported_with_their_time():
    assessment = judge(words(), doubts=(Doubt(Span(8.0, 13.0), DoubtReason.NO_WORDS),))
    assert codes(assessment) == ["doubtful_no_words"]
    assert "5.0 s of speech at 0:00:08" in assessment.reasons[0]


def test_no_words_at_all_is_one_reason():
    assert codes(judge((), doubts=(Doubt(Span(5.0, 25.0), DoubtReason.NO_WORDS),))) == ["no_words"]


def test_turns_have_the_language_of_their_part():
    parts = (Part(Span(5.0, 12.0), "en", "conformer"), Part(Span(12.0, 25.0), "de", "whisper"))
    turns = judge(words(), parts=parts).transcript.turns
    assert [(turn.speaker, turn.language, len(turn.words)) for turn in turns] == [
        ("SPEAKER_00", "en", 7),
        ("SPEAKER_00", "de", 3),
        ("SPEAKER_01", "de", 10),
    ]


def test_a_word_past_the_end_is_clipped():
    assessment = judge((*words(), Word(24.9, 25.04, "end", 0.9), Word(25.04, 25.08, "late", 0.9)))
    assert max(turn.end for turn in assessment.transcript.turns) == 25.0
    assert [word.text for word in assessment.transcript.words][-2:] == ["end", "late"]


@st.composite
def word_lists(draw):
    starts = sorted(draw(st.lists(st.floats(0, 40).map(round_to_ms), max_size=40)))
    length = draw(st.floats(0.01, 2).map(round_to_ms))
    return tuple(Word(s, round_to_ms(s + length), f"w{i}", draw(st.floats(0, 1))) for i, s in enumerate(starts))


@st.composite
def span_lists(draw):
    drawn = draw(st.lists(st.tuples(st.floats(0, 40), st.floats(0.05, 9), st.sampled_from("ABC")), max_size=9))
    return tuple(SpeakerSpan(round_to_ms(s), round_to_ms(s + length), speaker) for s, length, speaker in drawn)


@given(word_lists(), span_lists(), st.integers(0, 3))
def test_no_word_is_lost_and_invariants_hold(recognised, spans, smooth):
    settings = AssessSettings(smooth_words=smooth, longest_turn=5.0)
    assessment = assess(AUDIO, SPEECH, Speakers(spans, spans, 3), ENGLISH, recognition(recognised), settings)
    assert [word.text for word in assessment.transcript.words] == [word.text for word in recognised]
    assert 0.0 <= assessment.coverage <= 1.0
    assert (assessment.transcript.start, assessment.transcript.end) == (5.0, 25.0)
