from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.contract.settings import DiarizeSettings
from mediaindex.stages.audio import Audio
from mediaindex.stages.diarize import diarize
from mediaindex.stages.protocols import Diarized
from mediaindex.timeline import Anchor, Clock, SpeakerSpan
from tests.unit.timeline.strategies import SPEAKER_SPANS, clocks

soundfile = pytest.importorskip("soundfile", reason="the stage reads audio in the speech environment only")

LATE = Clock((Anchor(0.0, 100.0), Anchor(10.0, 120.0)))


class Said:
    """A diarizer that hears what the test says."""

    identity = "said"

    def __init__(self, *spans: SpeakerSpan) -> None:
        self.spans = spans
        self.asked: int | None = None

    def diarize(self, samples, speakers):
        self.asked = speakers
        return Diarized(self.spans, self.spans)


@pytest.fixture
def audio(tmp_path):
    path = tmp_path / "audio.flac"
    soundfile.write(path, [0.0] * 16_000, 16_000)
    return Audio(path, 30.0, LATE)


def test_spans_are_on_the_sources_clock(audio):
    speakers = diarize(audio, Said(SpeakerSpan(1.0, 3.0, "x"), SpeakerSpan(11.0, 14.0, "y")), DiarizeSettings())
    assert [(span.start, span.end) for span in speakers.spans] == [(101.0, 103.0), (121.0, 124.0)]


def test_a_span_over_a_jump_of_the_clock_is_cut_and_nobody_speaks_in_the_gap(audio):
    speakers = diarize(audio, Said(SpeakerSpan(8.0, 12.0, "x")), DiarizeSettings())
    assert [(span.start, span.end) for span in speakers.spans] == [(108.0, 110.0), (120.0, 122.0)]
    assert speakers.exclusive == speakers.spans
    assert speakers.count == 1


def test_the_short_end_of_a_span_behind_a_jump_is_kept(audio):
    speakers = diarize(audio, Said(SpeakerSpan(8.0, 10.05, "x")), DiarizeSettings())
    assert [(span.start, span.end) for span in speakers.spans] == [(108.0, 110.0), (120.0, 120.05)]


def test_a_gap_makes_no_speaker_of_half_a_second_believed(audio):
    heard = Said(SpeakerSpan(0.0, 9.0, "a"), SpeakerSpan(9.8, 10.1, "ghost"), SpeakerSpan(11.0, 20.0, "a"))
    assert diarize(audio, heard, DiarizeSettings()).count == 1


@given(clocks(), st.lists(SPEAKER_SPANS, max_size=5))
def test_nobody_speaks_for_longer_than_was_heard(clock, heard):
    speakers = diarize(Audio(Path("unread"), 1e6, clock), Said(*heard), DiarizeSettings(), speakers=3)
    rounding = 0.0011 * len(heard) * (len(clock.anchors) + 1)
    longest = max((span.duration for span in heard), default=0.0)
    assert all(span.duration <= longest + 0.0011 for span in speakers.spans)
    assert sum(span.duration for span in speakers.spans) == pytest.approx(
        sum(span.duration for span in heard if span.duration >= DiarizeSettings().shortest_span), abs=rounding
    )


def test_labels_count_up_in_order_of_appearance_in_time(audio):
    heard = Said(SpeakerSpan(5.0, 9.0, "a"), SpeakerSpan(0.0, 4.0, "b"))
    speakers = diarize(audio, heard, DiarizeSettings())
    assert [span.speaker for span in speakers.spans] == ["SPEAKER_00", "SPEAKER_01"]
    assert speakers.spans[0].start == 100.0


def test_clicks_and_a_speaker_of_half_a_second_are_not_believed(audio):
    heard = Said(SpeakerSpan(0.0, 0.05, "click"), SpeakerSpan(1.0, 9.0, "a"), SpeakerSpan(9.5, 9.8, "ghost"))
    speakers = diarize(audio, heard, DiarizeSettings())
    assert speakers.count == 1
    assert {span.speaker for span in (*speakers.spans, *speakers.exclusive)} == {"SPEAKER_00"}


def test_a_speaker_of_half_a_second_is_believed_where_their_number_is_known(audio):
    heard = Said(SpeakerSpan(1.0, 9.0, "a"), SpeakerSpan(9.5, 9.8, "brief"))
    assert diarize(audio, heard, DiarizeSettings(), speakers=2).count == 2
    assert heard.asked == 2


def test_in_a_short_recording_a_short_answer_is_believed(audio):
    assert diarize(audio, Said(SpeakerSpan(0.0, 1.2, "a"), SpeakerSpan(1.3, 1.6, "b")), DiarizeSettings()).count == 2


def test_silence_has_no_speakers(audio):
    speakers = diarize(audio, Said(), DiarizeSettings())
    assert (speakers.spans, speakers.exclusive, speakers.count) == ((), (), 0)


def test_a_number_of_speakers_below_one_is_refused(audio):
    with pytest.raises(ValueError, match="0 speakers"):
        diarize(audio, Said(), DiarizeSettings(), speakers=0)
