"""Layouts of channels, in ffmpeg's names: which of them ffmpeg mixes to one channel without losing sound."""

from __future__ import annotations

import re

# Layouts whose mix has all channels except a low-frequency one. ffmpeg refuses to mix others, or loses channels.
# fmt: off
MIXABLE = frozenset((
    "mono", "stereo", "2.1", "3.0", "3.0(back)", "4.0", "quad", "quad(side)", "3.1", "5.0", "5.0(side)", "4.1", "5.1",
    "5.1(side)", "6.0", "6.0(front)", "hexagonal", "6.1", "6.1(back)", "6.1(front)", "7.0", "7.0(front)", "7.1",
    "7.1(wide)", "7.1(wide-side)", "octagonal",
))
# fmt: on
# Index of the low-frequency channel by layout, most often the fourth.
LOW, LOW_ELSEWHERE = 3, {"2.1": 2, "6.1(front)": 2}

_AMBISONIC = re.compile(r"^ambisonic (\d+)")


def usable(layout: str) -> str | None:
    """The layout if it tells how to mix its channels; None if it is unknown or cannot be mixed by position."""
    return layout if layout in MIXABLE or _AMBISONIC.match(layout) else None


def low_channel(layout: str | None, channels: int) -> int | None:
    """The channel (from 0) that the layout calls low-frequency, and mixes omit; None if there is none."""
    low = LOW_ELSEWHERE.get(layout or "", LOW if ".1" in (layout or "") else None)
    return low if low is not None and low < channels else None


def to_average(layout: str | None, channels: int) -> range | list[int] | None:
    """The channels whose mean is the mix; None if ffmpeg mixes them by position.

    Of a sound field (ambisonic) they are its first component, which holds every sound, and channels beside the field.
    """
    if field := _AMBISONIC.match(layout or ""):
        return [0, *range((int(field[1]) + 1) ** 2, channels)]
    return range(channels) if layout is None and channels > 2 else None
