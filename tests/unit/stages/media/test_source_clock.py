from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.stages.media import source_clock
from mediaindex.stages.media.source_clock import MOST_STEPS, ClockFinder, Step, clock_of, thinned
from mediaindex.timeline import Clock

TOLERANCE = 0.01
LENGTH = 0.02  # s of a frame
SAMPLES = 320
RATE = 16_000


def found(stamps: list[float], *, from_zero: bool = False) -> ClockFinder:
    finder = ClockFinder(TOLERANCE, from_zero=from_zero)
    finder.read((round(stamp * RATE), SAMPLES) for stamp in stamps)
    return finder


def clock_by(stamps: list[float]) -> Clock:
    finder = found(stamps)
    return clock_of(finder.steps, finder.seconds)


def steady(count: int, start: float = 0.0) -> list[float]:
    return [start + index * LENGTH for index in range(count)]


gaps = st.lists(st.tuples(st.integers(1, 200), st.floats(0.02, 3600)), max_size=8)


@given(st.floats(0, 90_000), gaps)
def test_every_frame_is_where_its_time_stamp_says(start: float, gaps: list[tuple[int, float]]) -> None:
    stamps: list[float] = []
    now = start
    for count, length in gaps:
        stamps += steady(count, now)
        now += count * LENGTH + length
    stamps += steady(60, now)
    clock = clock_by(stamps)
    for index, stamp in enumerate(stamps):
        assert clock.to_source(index * LENGTH + 0.001) == pytest.approx(stamp + 0.001, abs=TOLERANCE + 0.002)


@given(st.lists(st.floats(-0.04, 0.04), min_size=1, max_size=300))
def test_jitter_moves_nothing_by_more_than_itself(jitter: list[float]) -> None:
    clock = clock_by([1.0 + index * LENGTH + shift for index, shift in enumerate(jitter)])
    for index in range(len(jitter)):
        assert clock.to_source(index * LENGTH) == pytest.approx(1.0 + index * LENGTH, abs=0.05)


@given(st.floats(0.001, 0.5))
def test_rounded_time_stamps_do_not_add_up(length: float) -> None:
    finder = ClockFinder(TOLERANCE)
    position = 0
    for _ in range(2000):
        finder.feed(round(round(position / RATE, 3) * RATE), round(length * RATE))
        position += round(length * RATE)
    assert clock_of(finder.steps, finder.seconds) == Clock()


def test_small_losses_add_up() -> None:
    stamps = [index * LENGTH + (index // 10) * 0.005 for index in range(2000)]
    assert clock_by(stamps).to_source(1990 * LENGTH) == pytest.approx(stamps[1990], abs=TOLERANCE + 0.001)


@pytest.mark.parametrize("wrong", [500.0, 0.0, -500.0])
def test_a_wrong_time_stamp_is_ignored(wrong: float) -> None:
    clock = clock_by([*steady(50, 10.0), wrong, *steady(50, 10 + 51 * LENGTH)])
    assert clock == clock_by(steady(101, 10.0))


def test_a_last_wrong_time_stamp_is_ignored() -> None:
    assert clock_by([*steady(50), 500.0]) == Clock()


def test_a_restarted_clock_is_continued_and_later_gaps_are_found() -> None:
    finder = found([*steady(100, 1000.0), *steady(100), *steady(80, 100 * LENGTH + 5.0)])
    clock = clock_of(finder.steps, finder.seconds)
    assert clock.to_source(3.0) == pytest.approx(1003.0, abs=0.001)
    assert clock.to_source(5.0) == pytest.approx(1010.0, abs=0.001)
    assert finder.restarts == [pytest.approx(-1002.0, abs=0.001)]


def test_an_absurd_gap_is_the_start_of_another_clock() -> None:
    finder = found([*steady(100), *steady(100, 1e6)])
    assert clock_of(finder.steps, finder.seconds) == Clock()
    assert len(finder.restarts) == 1


@pytest.mark.parametrize("speed", [0.95, 0.98, 0.999, 1.001, 1.1])
def test_a_clock_of_another_speed_is_followed(speed: float) -> None:
    stamps = [index * LENGTH * speed for index in range(5000)]
    clock = clock_by(stamps)
    for index in range(0, 4900, 100):
        # A step is seen when the time stamps are off by the tolerance, for as long as wrong ones would be ignored.
        late = abs(1 - speed) * 1.5
        assert clock.to_source(index * LENGTH) == pytest.approx(stamps[index], abs=TOLERANCE + late + 0.002)


def test_a_clock_that_stands_still_is_not_followed() -> None:
    finder = found([*steady(100), *[2.0 + index / 1000 for index in range(2000)]])  # as ffmpeg writes a restart
    clock = clock_of(finder.steps, finder.seconds)
    assert finder.restarts
    assert clock.to_source(42.0) == pytest.approx(42.0, abs=1.1)


def test_a_step_back_at_the_start_is_a_wait() -> None:
    clock = clock_by(steady(100, -0.05))
    assert clock.to_source(0.0) == 0.0
    assert clock.to_source(1.0) == pytest.approx(0.95, abs=0.001)


def test_a_start_just_before_zero_is_zero() -> None:
    assert found(steady(100, -TOLERANCE / 2)).steps == [Step(0.0, 0.0)]


def test_restarts_are_counted_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_clock, "MOST_STEPS", 3)
    finder = found([stamp for _ in range(6) for stamp in steady(100, 1000.0)])
    assert finder.restarts == [pytest.approx(-2.0, abs=0.01)] * 3


def test_a_source_without_clock_starts_at_zero() -> None:
    finder = found([*steady(100, 0.025), *steady(100, 5.0)], from_zero=True)
    clock = clock_of(finder.steps, finder.seconds)
    assert clock.to_source(0.0) == 0.0
    assert clock.to_source(3.0) == pytest.approx(5.975, abs=0.001)


@given(st.lists(st.floats(-1e9, 1e9) | st.sampled_from([0.0, 1e12, -1e12])), st.floats(0, 1e6))
def test_hostile_time_stamps_always_give_a_clock(stamps: list[float], duration: float) -> None:
    finder = found(stamps)
    clock = clock_of(finder.steps, duration)
    assert isinstance(clock, Clock)
    assert clock.to_source(0.0) >= 0.0


@given(
    st.lists(st.builds(Step, st.floats(0, 1e5), st.floats(-1e5, 1e5)), max_size=30),
    st.floats(0.02, 1e5),
)
def test_any_steps_give_a_valid_clock_inside_the_audio(steps: list[Step], duration: float) -> None:
    clock = clock_of(sorted(steps, key=lambda step: step.audio), duration)
    assert clock.anchors[-1].audio <= duration + 0.001


@pytest.mark.parametrize("start", [-3600.0, 1e7, 1e12])
def test_an_impossible_start_is_zero(start: float) -> None:
    assert clock_by(steady(10, start)) == Clock()


def test_memory_is_bounded_and_speech_stays_where_it_is() -> None:
    finder = ClockFinder(TOLERANCE)
    finder.read((round(index * 0.4 * RATE), SAMPLES) for index in range(3 * MOST_STEPS))
    assert len(finder.steps) <= MOST_STEPS
    begin = 3 * MOST_STEPS * 0.4
    finder.read((round((begin + index * LENGTH) * RATE), SAMPLES) for index in range(500))
    clock = clock_of(finder.steps, finder.seconds)
    assert clock.to_source(finder.seconds - 5.0) == pytest.approx(begin + 5.0, abs=0.001)


def test_steps_before_the_shortest_runs_are_left_out() -> None:
    runs = [0.02, 2.0, 0.02, 3.0, 0.02, 4.0]
    steps = [Step(sum(runs[:index]), float(index)) for index in range(len(runs) + 1)]
    assert [step.offset for step in thinned(steps)] == [0.0, 1.0, 3.0, 5.0, 6.0]
