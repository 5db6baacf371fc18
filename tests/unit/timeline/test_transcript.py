from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import assume, given

from mediaindex.timeline import TimelineError, Transcript
from tests.unit.timeline.strategies import transcripts


@given(transcripts())
def test_words_speakers_and_confidence_are_those_of_the_turns(transcript: Transcript) -> None:
    words = list(transcript.words)
    assert [word for turn in transcript.turns for word in turn.words] == words
    assert set(transcript.speakers) == {turn.speaker for turn in transcript.turns}
    assert len(set(transcript.speakers)) == len(transcript.speakers)
    if words:
        assert transcript.confidence == pytest.approx(sum(word.confidence for word in words) / len(words))
    else:
        assert transcript.confidence is None


@given(transcripts())
def test_turns_out_of_order_are_an_error(transcript: Transcript) -> None:
    assume(len(transcript.turns) > 1 and transcript.turns[0].start < transcript.turns[-1].start)
    with pytest.raises(TimelineError, match="sort turns by start"):
        replace(transcript, turns=transcript.turns[::-1])


@given(transcripts())
def test_turns_outside_the_recording_are_an_error(transcript: Transcript) -> None:
    assume(transcript.turns)
    last = max(turn.end for turn in transcript.turns)
    with pytest.raises(TimelineError, match="outside"):
        replace(transcript, end=last - 0.001)
    with pytest.raises(TimelineError, match="outside"):
        replace(transcript, start=transcript.turns[0].start + 0.0005, end=last + 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"start": -1.0},
        {"start": 11.0},
        {"end": math.inf},
        {"end": math.nan},
        {"language": ""},
        {"language_confidence": 1.1},
        {"language_confidence": math.nan},
    ],
)
def test_an_impossible_transcript_is_an_error(wrong: dict[str, float | str]) -> None:
    good = {"start": 0.0, "end": 10.0, "language": "und", "recogniser": "none", "turns": ()}
    Transcript(**good)  # type: ignore[arg-type]
    with pytest.raises(TimelineError):
        Transcript(**{**good, **wrong})  # type: ignore[arg-type]
