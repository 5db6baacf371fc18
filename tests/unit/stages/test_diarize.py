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


class FixedSpans:
    """A diarizer that returns the given spans."""

    identity = "said"

    def __init__(self, *spans: SpeakerSpan) -> None:
        self.spans = spans
        self.requested: int | None = None

    def diarize(self, samples, speakers):
        self.requested = speakers
        return Diarized(self.spans, self.spans)


@pytest.fixture
def audio(tmp_path):
    path = tmp_path / "audio.flac"
    soundfile.write(path, [0.0] * 16_000, 16_000)
    return Audio(path, 30.0, LATE)


def test_spans_are_on_the_sources_clock(audio):
    speakers = diarize(audio, FixedSpans(SpeakerSpan(1.0, 3.0, "x"), SpeakerSpan(11.0, 14.0, "y")), DiarizeSettings())
    assert [(span.start, span.end) for span in speakers.spans] == [(101.0, 103.0), (121.0, 124.0)]


def test_a_span_across_a_jump_of_the_clock_is_cut(audio):
    speakers = diarize(audio, FixedSpans(SpeakerSpan(8.0, 12.0, "x")), DiarizeSettings())
    assert [(span.start, span.end) for span in speakers.spans] == [(108.0, 110.0), (120.0, 122.0)]
    assert speakers.exclusive == speakers.spans
    assert speakers.count == 1


def test_the_short_end_of_a_span_after_a_jump_is_kept(audio):
    speakers = diarize(audio, FixedSpans(SpeakerSpan(8.0, 10.05, "x")), DiarizeSettings())
    assert [(span.start, span.end) for span in speakers.spans] == [(108.0, 110.0), (120.0, 120.05)]


def test_a_gap_does_not_make_a_brief_speaker_longer(audio):
    diarizer = FixedSpans(SpeakerSpan(0.0, 9.0, "a"), SpeakerSpan(9.8, 10.1, "ghost"), SpeakerSpan(11.0, 20.0, "a"))
    assert diarize(audio, diarizer, DiarizeSettings()).count == 1


@given(clocks(), st.lists(SPEAKER_SPANS, max_size=5))
def test_spans_are_not_longer_than_those_of_the_diarizer(clock, diarizer):
    speakers = diarize(Audio(Path("unread"), 1e6, clock), FixedSpans(*diarizer), DiarizeSettings(), speakers=3)
    rounding = 0.0011 * len(diarizer) * (len(clock.anchors) + 1)
    longest = max((span.duration for span in diarizer), default=0.0)
    assert all(span.duration <= longest + 0.0011 for span in speakers.spans)
    assert sum(span.duration for span in speakers.spans) == pytest.approx(
        sum(span.duration for span in diarizer if span.duration >= DiarizeSettings().shortest_span), abs=rounding
    )


def test_labels_count_up_in_order_of_appearance_in_time(audio):
    diarizer = FixedSpans(SpeakerSpan(5.0, 9.0, "a"), SpeakerSpan(0.0, 4.0, "b"))
    speakers = diarize(audio, diarizer, DiarizeSettings())
    assert [span.speaker for span in speakers.spans] == ["SPEAKER_00", "SPEAKER_01"]
    assert speakers.spans[0].start == 100.0


def test_clicks_and_a_speaker_of_half_a_second_are_removed(audio):
    diarizer = FixedSpans(SpeakerSpan(0.0, 0.05, "click"), SpeakerSpan(1.0, 9.0, "a"), SpeakerSpan(9.5, 9.8, "ghost"))
    speakers = diarize(audio, diarizer, DiarizeSettings())
    assert speakers.count == 1
    assert {span.speaker for span in (*speakers.spans, *speakers.exclusive)} == {"SPEAKER_00"}


def test_a_brief_speaker_is_kept_if_the_number_is_known(audio):
    diarizer = FixedSpans(SpeakerSpan(1.0, 9.0, "a"), SpeakerSpan(9.5, 9.8, "brief"))
    assert diarize(audio, diarizer, DiarizeSettings(), speakers=2).count == 2
    assert diarizer.requested == 2


def test_a_brief_speaker_of_a_short_recording_is_kept(audio):
    assert (
        diarize(audio, FixedSpans(SpeakerSpan(0.0, 1.2, "a"), SpeakerSpan(1.3, 1.6, "b")), DiarizeSettings()).count == 2
    )


def test_silence_has_no_speakers(audio):
    speakers = diarize(audio, FixedSpans(), DiarizeSettings())
    assert (speakers.spans, speakers.exclusive, speakers.count) == ((), (), 0)


def test_a_number_of_speakers_below_one_is_refused(audio):
    with pytest.raises(ValueError, match="0 speakers"):
        diarize(audio, FixedSpans(), DiarizeSettings(), speakers=0)
