from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.contract.settings import TriageSettings
from mediaindex.stages.triage import TriageFacts, code_of, triage

CLEAN = TriageFacts(
    duration=60.0,
    speech_seconds=50.0,
    speech_share=0.83,
    snr_db=25.0,
    mean_probability=0.97,
    language="en",
    language_confidence=0.98,
    allowed=0.99,
)


def codes(facts: TriageFacts) -> list[str]:
    return [code_of(reason) for reason in triage(facts, TriageSettings()).reasons]


def test_clean_speech_is_transcribed():
    decision = triage(CLEAN, TriageSettings())
    assert decision.transcribe
    assert decision.reasons == ()


def test_a_recording_without_speech_needs_no_review():
    silence = TriageFacts(5.0, 0.0, 0.0, None, 0.0, "und", 0.0, 0.0)
    assert triage(silence, TriageSettings()).way == "transcribe"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"language_confidence": 0.41}, "language_uncertain"),
        ({"allowed": 0.02}, "language_not_allowed"),
        ({"language": "und"}, "language_undetermined"),
        ({"speech_share": 0.01}, "little_speech"),
        ({"snr_db": -2.0}, "noisy"),
        ({"mean_probability": 0.5}, "speech_uncertain"),
    ],
)
def test_each_weakness_alone_needs_a_review_with_its_code(change, code):
    decision = triage(replace(CLEAN, **change), TriageSettings())
    assert decision.way == "review"
    assert [code_of(reason) for reason in decision.reasons] == [code]


def test_a_reason_has_the_value_and_the_limit():
    (reason,) = triage(replace(CLEAN, snr_db=-2.0), TriageSettings()).reasons
    assert "-2.0 dB" in reason
    assert "3.0 dB" in reason


def test_all_weaknesses_are_reported():
    assert codes(replace(CLEAN, snr_db=0.0, language_confidence=0.3)) == ["language_uncertain", "noisy"]


def test_an_unknown_snr_is_not_a_weakness():
    assert codes(replace(CLEAN, snr_db=None)) == []


def test_language_and_quality_of_half_a_second_are_not_judged():
    assert codes(replace(CLEAN, speech_seconds=0.5, language_confidence=0.2, snr_db=0.0, mean_probability=0.4)) == []


def test_facts_come_from_the_summaries_of_the_stages():
    summaries: dict[str, dict[str, Any]] = {
        "normalize": {"duration": 60.0, "codec": "flac"},
        "detect_speech": {"speech_seconds": 50.0, "speech_share": 0.83, "snr_db": 25.0, "mean_probability": 0.97},
        "identify_language": {"language": "en", "confidence": 0.98, "allowed": 0.99},
    }
    assert TriageFacts.from_summaries(summaries) == CLEAN


shares = st.floats(0, 1)
any_facts = st.builds(
    TriageFacts,
    duration=st.just(1e5),
    speech_seconds=st.floats(0, 1e5),
    speech_share=shares,
    snr_db=st.none() | st.floats(-60, 90),
    mean_probability=shares,
    language=st.sampled_from(["en", "und"]),
    language_confidence=shares,
    allowed=shares,
)


@given(any_facts)
def test_only_review_has_reasons(facts):
    decision = triage(facts, TriageSettings())
    assert (decision.way == "review") == bool(decision.reasons)
