"""Detect channels that cancel each other out: a wrongly wired balanced line inverts one of them.

The mix is then silence, or the small difference between the channels. A recording whose mix is loud enough most of the
time is not affected, so only quiet recordings are decoded once more to measure each channel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .decode import Pcm, read_channels
from .layouts import low_channel
from .levels import AUDIBLE, FLOOR, SecondPowers
from .process import PIECE

if TYPE_CHECKING:
    from .levels import Powers
    from .probe import AudioStream, SourceFile

# dB below full scale, per second: a channel is rarely louder than -15 dB, so a mix above this has lost little.
QUIET_DB = -35.0
# Unrelated channels never add up to less than the loudest channel's share of the mix, which is 1/n for n channels. A
# mix that is this far below it (18 dB below the louder of two channels) means that they cancel each other out.
CANCELLED_DB = 12.0


@dataclass(frozen=True, slots=True)
class Cancelled:
    """``channel`` (from 0) is the loudest one during lost sound; the mix is ``below_db`` dB quieter."""

    channel: int
    below_db: float

    @property
    def warning(self) -> str:
        """The warning of the result; it counts channels from 1."""
        return (
            f"channels cancel each other out: their mix is {self.below_db:.0f} dB below channel {self.channel + 1}, "
            "which is used alone"
        )


def suspected(mix: Pcm) -> bool:
    """Whether to measure the channels: there are several, and their mix is quiet most of the time."""
    return mix.level is not None and mix.level < QUIET_DB


def cancelled(source: SourceFile, stream: AudioStream, mix: Pcm, max_seconds: float) -> Cancelled | None:
    """The loudest channel of ``stream`` if ``mix`` has lost most of the sound, or most of the seconds with sound.

    All channels are compared at 16 kHz, so that sound above the band of the mix does not count. Decodes the source once
    more; memory does not grow with the duration. Raises BadMediaError (``timed_out``).
    """
    measured = SecondPowers(stream.channels)
    read_channels(source, stream, measured.take, max_seconds=max_seconds)
    channels = measured.all()
    if (low := low_channel(stream.layout, stream.channels)) is not None:
        channels[:, low] = 0  # the mix omits it, so that it may well be louder
    return compare(channels, _powers(mix.path))


def compare(channels: Powers, mix: Powers) -> Cancelled | None:
    """Like ``cancelled``, from powers of shapes (seconds, channels) and (seconds,)."""
    import numpy as np

    length = min(len(channels), len(mix))
    channels, left = channels[:length], np.maximum(mix[:length], FLOOR)
    loudest = channels.max(axis=1)
    audible = loudest > AUDIBLE
    lost = audible & (loudest > left * 10 ** (CANCELLED_DB / 10) * channels.shape[1] ** 2)
    if 2 * lost.sum() <= audible.sum() and 2 * loudest[lost].sum() <= loudest[audible].sum():
        return None
    powers = channels[lost].sum(axis=0)
    channel = int(np.argmax(powers > 0.9 * powers.max()))  # the first of equally loud ones
    missed = (left > AUDIBLE) & (channels[:, channel] < left / 4)  # audible in the mix, but not on this channel
    if missed.sum() >= lost.sum():
        return None
    return Cancelled(channel, 10 * math.log10(float(powers[channel]) / float(left[lost].sum())))


def _powers(pcm: Path) -> Powers:
    measured = SecondPowers(1)
    with pcm.open("rb") as file:
        while piece := file.read(PIECE):
            measured.take(piece)
    powers: Powers = measured.all()[:, 0]
    return powers
