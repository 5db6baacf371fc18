"""Let ffmpeg report the time stamp and number of samples of each frame that it writes, and read the report.

Decoding and reporting in one run takes half the time of two, and the report is about the very samples. It is a file and
not a pipe, because ffmpeg writes it in blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .commands import Option

# Bytes of a line, and lines per second: ten times as many as usual codecs have.
LINE, MOST_PER_SECOND = 64, 500
# ffmpeg raises a decoding time stamp that is not above the one before, and the time stamp with it. Those of the report
# are therefore numbers from far below; the time stamps stay as they are.
NUMBERED = "setts=dts=N-1000000000000000"


def report(max_seconds: float) -> dict[str, Option]:
    """The options of the output that reports frames of 16-bit PCM."""
    largest = int(LINE * MOST_PER_SECOND * max_seconds)
    return {"format": "framecrc", "acodec": "pcm_s16le", "bsf:a": NUMBERED, "fs": largest}


def reported(path: Path) -> Iterator[tuple[int, int]]:
    """The time stamp of each frame, in samples, and its number of samples."""
    with path.open("rb") as file:
        for line in file:
            fields = line.split(b",")
            if len(fields) >= 6:  # others are headers; the last line is cut off if the disk is full
                yield int(fields[2]), int(fields[3])
