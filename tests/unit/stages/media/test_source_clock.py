from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.stages.media.source_clock import Jump, JumpFinder, Packet, clock_of, parse_packet
from mediaindex.timeline import Clock

TOLERANCE = 0.1
LENGTH = 0.02  # s of a packet


def jumps_of(starts: list[float | None], start: float = 0.0, length: float | None = LENGTH) -> list[Jump]:
    finder = JumpFinder(start, TOLERANCE)
    for time in starts:
        finder.feed(Packet(time, length))
    return finder.jumps


def steady(count: int, start: float = 0.0) -> list[float | None]:
    return [start + index * LENGTH for index in range(count)]


gaps = st.lists(st.tuples(st.integers(1, 200), st.floats(0.15, 3600)), max_size=8)


@given(st.floats(0, 90_000), gaps)
def test_every_gap_is_found(start: float, gaps: list[tuple[int, float]]) -> None:
    starts: list[float | None] = []
    now, expected, position = start, [], 0.0
    for count, length in gaps:
        starts += steady(count, now)
        now += count * LENGTH + length
        position += count * LENGTH
        expected.append((position, length))
    starts += steady(5, now)
    jumps = jumps_of(starts, start)
    assert [jump.audio for jump in jumps] == pytest.approx([audio for audio, _ in expected], abs=1e-6)
    assert [jump.length for jump in jumps] == pytest.approx([length for _, length in expected], abs=1e-6)
    clock = clock_of(start, jumps, position + 5 * LENGTH)
    for packet in range(1, 5):  # after the last gap the clock agrees with the time stamps
        assert clock.to_source(position + packet * LENGTH) == pytest.approx(now + packet * LENGTH, abs=0.01)


@given(st.lists(st.floats(-0.04, 0.04), min_size=1, max_size=300))
def test_jitter_is_not_a_gap(jitter: list[float]) -> None:
    starts = [index * LENGTH + shift for index, shift in enumerate(jitter)]
    assert jumps_of([max(0.0, time) for time in starts]) == []


@given(st.floats(0.001, 0.5))
def test_rounded_time_stamps_do_not_add_up(length: float) -> None:
    starts: list[float | None] = [round(index * length, 3) for index in range(2000)]
    assert jumps_of(starts, length=round(length, 3)) == []


def test_small_losses_add_up() -> None:
    starts = [index * LENGTH + (index // 10) * 0.02 for index in range(200)]  # every eleventh packet is lost
    assert sum(jump.length for jump in jumps_of(list(starts))) == pytest.approx(0.38, abs=TOLERANCE)


def test_a_reverted_jump_is_ignored() -> None:
    assert jumps_of([*steady(50), 500.0, *steady(50, 51 * LENGTH)]) == []


def test_a_restarted_clock_is_continued_and_later_gaps_are_found() -> None:
    jumps = jumps_of([*steady(100, 1000.0), *steady(100), *steady(10, 100 * LENGTH + 5.0)], start=1000.0)
    assert [(round(jump.audio, 2), round(jump.length, 2)) for jump in jumps] == [(4.0, 5.0)]


def test_packets_without_times_are_no_gap() -> None:
    assert jumps_of([*steady(10), None, *steady(10, 50.0)]) == []
    assert jumps_of([0.0, 9.0, 18.0], length=None) == []


@given(st.lists(st.floats(-1e9, 1e9) | st.sampled_from([0.0, 1e308, -1e308])), st.floats(0, 1e6))
def test_hostile_time_stamps_always_give_a_clock(starts: list[float], duration: float) -> None:
    clock = clock_of(starts[0] if starts else None, jumps_of(list(starts)), duration)
    assert isinstance(clock, Clock)
    assert clock.to_source(0.0) >= 0.0


@given(
    st.none() | st.floats(),
    st.lists(st.builds(Jump, st.floats(-10, 1e5), st.floats(0, 1e5)), max_size=30),
    st.floats(0.02, 1e5),
)
def test_any_jumps_give_a_valid_clock_inside_the_audio(start: float | None, jumps: list[Jump], duration: float) -> None:
    clock = clock_of(start, sorted(jumps, key=lambda jump: jump.audio), duration)
    assert clock.anchors[-1].audio <= duration + 0.001


@pytest.mark.parametrize("start", [-0.02, None, 1e12, float("nan"), float("inf")])
def test_an_impossible_start_is_zero(start: float | None) -> None:
    assert clock_of(start, [], 10.0) == Clock()


def test_random_time_stamps_are_ignored_with_bounded_memory() -> None:
    finder = JumpFinder(0.0, TOLERANCE)
    for index in range(30_000):
        finder.feed(Packet(index * 1.0, LENGTH))
    assert finder.unreliable
    assert finder.jumps == []


@pytest.mark.parametrize(
    ("line", "packet"),
    [
        (b"1.5,1.4,0.02", Packet(1.5, 0.02)),
        (b"N/A,1.4,0.02,", Packet(1.4, 0.02)),
        (b"1.5,1.4,N/A", Packet(1.5, None)),
        (b"N/A,N/A,N/A", Packet(None, None)),
        (b"", None),
        (b"garbage", None),
        (b"nan,inf,0.02", Packet(None, 0.02)),
    ],
)
def test_lines_of_ffprobe(line: bytes, packet: Packet | None) -> None:
    assert parse_packet(line) == packet
