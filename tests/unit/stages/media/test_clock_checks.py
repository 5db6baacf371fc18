"""Time stamps, samples and header: which of them is believed, and what is said about it."""

from __future__ import annotations

from typing import Any

import pytest

from mediaindex.stages.media.clock_checks import declared_length, file_start, missing_seconds, slack, source_clock
from mediaindex.stages.media.source_clock import ClockFinder, Step
from mediaindex.timeline import Anchor, Clock, Span
from tests.builders.probed import audio_stream, source_file

RATE = 16_000


def found(seconds: float, *steps: tuple[float, float], restarts: tuple[float, ...] = ()) -> ClockFinder:
    """As if these steps (audio, offset) had been found in so many seconds of samples."""
    finder = ClockFinder(0.01)
    finder.samples = round(seconds * RATE)
    finder.steps = [Step(*step) for step in steps or ((0.0, 0.0),)]
    finder.restarts = list(restarts)
    return finder


def test_time_stamps_that_agree_with_samples_give_no_warning() -> None:
    stream = audio_stream(duration=10.0)
    checked = source_clock(source_file(stream), stream, found(10.0, (0.0, 2.0)))
    assert (checked.clock, checked.warnings) == (Clock((Anchor(0.0, 2.0),)), ())


@pytest.mark.parametrize(("jump", "warned"), [(0.05, False), (0.2, True), (-0.2, True)])
def test_a_large_difference_is_a_warning(jump: float, warned: bool) -> None:
    stream = audio_stream()
    checked = source_clock(source_file(stream), stream, found(10.0, (0.0, 1.0), (5.0, 1.0 + jump)))
    assert bool(checked.warnings) is warned
    assert checked.clock.to_source(9.0) == pytest.approx(10.0 + jump)


def test_a_warning_counts_the_jumps() -> None:
    stream = audio_stream()
    for steps, told in (
        (((0.0, 0.0), (5.0, 30.0)), "span 40.00 s, but there are samples for 10.00 s (1 jump);"),
        (((0.0, 0.0), (5.0, 30.0), (6.0, 60.0)), "span 70.00 s, but there are samples for 10.00 s (2 jumps);"),
    ):
        (warning,) = source_clock(source_file(stream), stream, found(10.0, *steps)).warnings
        assert told in warning


@pytest.mark.parametrize(
    ("header", "jump", "believes_samples"),
    [
        (10.0, 30.0, True),  # the header knows nothing of the jump
        (40.0, 30.0, False),  # it does
        (None, 30.0, False),
        (10.0, 0.5, False),  # within what a header may be wrong by
        (13.0, 30.0, False),  # it agrees with neither
        (8.0, 30.0, False),
    ],
)
def test_samples_are_used_if_only_they_agree_with_the_header(
    header: float | None, jump: float, believes_samples: bool
) -> None:
    stream = audio_stream(duration=header)
    checked = source_clock(source_file(stream), stream, found(10.0, (0.0, 0.0), (5.0, jump)))
    assert (checked.clock == Clock()) is believes_samples
    (warning,) = checked.warnings
    believed = "the samples and the header agree, and are" if believes_samples else "the time stamps are"
    assert warning.endswith(f"{believed} believed")


def test_time_stamps_are_used_if_there_is_an_empty_edit() -> None:
    stream = audio_stream(duration=10.0, silent=(Span(5.0, 35.0),))
    checked = source_clock(source_file(stream), stream, found(10.0, (0.0, 0.0), (5.0, 30.0)))
    assert checked.clock.to_source(6.0) == pytest.approx(36.0)


@pytest.mark.parametrize(("start", "first"), [(None, 3.0), (1.0, 1.0), (-0.02, 0.0), (5.0, 3.0)])
def test_the_clock_of_samples_begins_at_the_earlier_start(start: float | None, first: float) -> None:
    stream = audio_stream(duration=10.0, start=start)
    checked = source_clock(source_file(stream), stream, found(10.0, (0.0, 3.0), (5.0, 33.0)))
    assert checked.clock == Clock((Anchor(0.0, first),))


def test_the_warning_of_several_restarts_has_the_largest_step() -> None:
    stream = audio_stream()
    (warning,) = source_clock(source_file(stream), stream, found(10.0, restarts=(2.0, -1000.0, 50.0))).warnings
    assert "break off 3 times (at most by -1000.0 s)" in warning


@pytest.mark.parametrize(
    ("container", "stream", "more", "expected"),
    [
        ("mov,mp4,m4a,3gp,3g2,mj2", 30.0, {}, 30.0),
        ("mov,mp4,m4a,3gp,3g2,mj2", 30.0, {"duration": 99.0}, 30.0),
        ("mov,mp4,m4a,3gp,3g2,mj2", None, {"duration": 99.0}, 99.0),
        ("mov,mp4,m4a,3gp,3g2,mj2", None, {"duration": 99.0, "has_video": True}, None),  # of the pictures, perhaps
        ("matroska,webm", None, {"duration": 30.0}, 20.0),  # the time of the end
        ("matroska,webm", None, {"duration": 8.0}, 8.0),
        ("wav", 30.0, {}, 30.0),
        ("flac", 30.0, {}, 30.0),
        ("mp3", 30.0, {}, None),  # by the bit rate
        ("aac", 30.0, {}, None),
    ],
)
def test_a_length_is_declared_only_if_the_header_knows_it(
    container: str, stream: float | None, more: dict[str, Any], expected: float | None
) -> None:
    one = audio_stream(duration=stream)
    assert declared_length(source_file(one, container=container, **more), one, 10.0) == expected


def test_headers_may_be_wrong_by_a_second_or_two_percent() -> None:
    assert [slack(seconds) for seconds in (1.0, 50.0, 100.0, 3600.0)] == [1.0, 1.0, 2.0, 72.0]


@pytest.mark.parametrize(("audio", "missing"), [(10.0, (20.0, 10.0)), (19.5, None), (19.0, None), (25.0, None)])
def test_what_is_missing_at_the_end_is_measured(audio: float, missing: tuple[float, float] | None) -> None:
    stream = audio_stream(duration=20.0)
    assert missing_seconds(source_file(stream), stream, Clock(), audio) == missing
    assert missing_seconds(source_file(audio_stream()), audio_stream(), Clock(), audio) is None


def test_a_gap_of_the_clock_is_no_loss() -> None:
    stream = audio_stream(duration=20.0)
    clock = Clock((Anchor(0.0, 3.0), Anchor(5.0, 18.0)))
    assert missing_seconds(source_file(stream), stream, clock, 10.0) is None


@pytest.mark.parametrize(("start", "expected"), [(None, 5.0), (3.0, 3.0), (7.0, 5.0), (-1.0, 0.0)])
def test_a_file_starts_with_its_earliest_stream_and_never_before_zero(start: float | None, expected: float) -> None:
    assert file_start(source_file(start=start), Clock((Anchor(0.0, 5.0),))) == expected
