from __future__ import annotations

import httpcore
import pytest

from mediaindex.feeds.connecting import Pace, WebLimits

LIMITS = WebLimits(silence_s=10, head_s=20, window_s=30, window_bytes=100, whole_s=1_000)


def test_a_wait_is_at_most_the_allowed_silence() -> None:
    assert Pace(LIMITS).left() == 10


def test_a_slow_head_times_out() -> None:
    pace = Pace(LIMITS)
    for _ in range(4):
        assert pace.left() > 0
        pace.waited(5, 1_000)
    with pytest.raises(httpcore.ReadTimeout, match="too slow"):
        pace.left()


def test_a_slow_body_times_out() -> None:
    pace = Pace(LIMITS)
    pace.begin_body()
    for _ in range(6):
        pace.left()
        pace.waited(5, 16)
    with pytest.raises(httpcore.ReadTimeout, match="96 bytes in 30 s"):
        pace.left()


def test_a_body_at_a_fair_pace_times_out_at_the_total_limit() -> None:
    pace = Pace(LIMITS)
    pace.begin_body()
    for _ in range(112):  # 1008 s
        pace.left()
        pace.waited(9, 50)
    with pytest.raises(httpcore.ReadTimeout):
        pace.left()
