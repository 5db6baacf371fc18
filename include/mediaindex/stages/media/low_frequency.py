"""Detect low-frequency channels that carry speech: microphones that the header mislabels.

FLAC and plain multichannel WAV files do not name their channels, so that readers assume a layout by their number: the
fourth of six microphones is then called a low-frequency channel, which mixes omit.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from .decode import read_channel
from .layouts import low_channel
from .levels import FLOOR, SecondPowers

if TYPE_CHECKING:
    from .probe import AudioStream, SourceFile

# Low-frequency channels carry sound up to 120 Hz. These filters attenuate it by 80 dB, and speech by a few dB.
ABOVE_EFFECTS = (("highpass", 400),) * 4
AUDIBLE_DB = -60.0  # dB below full scale, of the loudest second


def with_true_layout(source: SourceFile, stream: AudioStream, max_seconds: float) -> AudioStream:
    """The stream without its layout if its low-frequency channel carries more than low frequencies.

    Decodes that channel, so it takes time only for streams that have one. Raises BadMediaError (``timed_out``).
    """
    low = low_channel(stream.layout, stream.channels)
    if low is None:
        return stream
    measured = SecondPowers(1)
    read_channel(source, stream, low, ABOVE_EFFECTS, measured.take, max_seconds=max_seconds)
    loudest = float(measured.all().max(initial=FLOOR))
    return replace(stream, layout=None) if 10 * math.log10(loudest) > AUDIBLE_DB else stream
