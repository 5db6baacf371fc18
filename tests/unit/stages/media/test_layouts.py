"""Which channels a mix has, by the layout that the header declares."""

from __future__ import annotations

import subprocess

import pytest

from mediaindex.stages.media.layouts import MIXABLE, low_channel, to_average, usable


def test_every_layout_is_one_of_ffmpegs() -> None:
    listed = subprocess.run(["ffmpeg", "-hide_banner", "-layouts"], capture_output=True, text=True, check=True).stdout
    assert {line.split()[0] for line in listed.splitlines() if line} >= MIXABLE


@pytest.mark.parametrize(
    ("layout", "channels", "low"),
    [
        ("2.1", 3, 2),
        ("3.1", 4, 3),
        ("5.1", 6, 3),
        ("5.1(side)", 6, 3),
        ("6.1", 7, 3),
        ("6.1(front)", 7, 2),
        ("7.1", 8, 3),
        ("5.0", 5, None),
        ("stereo", 2, None),
        ("5.1", 3, None),  # the header contradicts itself
        (None, 6, None),
    ],
)
def test_the_low_frequency_channel_is_that_of_the_layout(layout: str | None, channels: int, low: int | None) -> None:
    assert low_channel(layout, channels) == low


@pytest.mark.parametrize(
    ("layout", "channels", "mean"),
    [
        (None, 1, None),
        (None, 2, None),
        (None, 3, [0, 1, 2]),
        ("5.1", 6, None),
        ("ambisonic 1", 4, [0]),
        ("ambisonic 1", 6, [0, 4, 5]),  # two microphones beside the field
        ("ambisonic 2+stereo", 11, [0, 9, 10]),
    ],
)
def test_channels_without_a_position_are_averaged(layout: str | None, channels: int, mean: list[int] | None) -> None:
    found = to_average(layout, channels)
    assert (None if found is None else list(found)) == mean


def test_only_layouts_that_can_be_mixed_are_used() -> None:
    for layout in ("mono", "5.1(side)", "ambisonic 1", "ambisonic 2+stereo"):
        assert usable(layout) == layout
    for layout in ("22.2", "None", "6 channels", "downmix", "x ambisonic 1"):
        assert usable(layout) is None
