"""Which containers and codecs are read, and how exact source time is: known clicks, with and without holes and offsets.

    python tests/bench/media.py

A row per container and codec that ffmpeg can write here: whether it is accepted, or refused with which reason; the
error of the clock at the clicks (ms, median and largest), for a plain file and for one that starts late and has holes.
Of codecs with a delay that the container does not declare, the delay is part of the error.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from itertools import product
from pathlib import Path

from mediaindex.contract.settings import NormalizeSettings
from mediaindex.errors import MediaindexError
from mediaindex.stages.normalize import audio_of, normalize
from tests.builders.clicks import CODECS, CONTAINERS, Clicks, errors, heard

HOLES, START = ((2.05, 2.11), (4.4, 4.75), (6.0, 7.3)), 100.0


def main() -> None:
    """Print the table and a summary."""
    tell = sys.stdout.write
    tell(f"{'container':<10} {'codec':<14} {'plain':>18} {'late, with holes':>18}   p50 and max, ms\n")
    worst: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        for container, codec in product(CONTAINERS, CODECS):
            files = [Clicks(codec, container)]
            files += [] if files[0].counted else [Clicks(codec, container, HOLES, START)]
            cells = [measured(clicks, Path(folder), worst) for clicks in files]
            if cells[0] is not None:
                tell(f"{container:<10} {codec:<14} " + " ".join(f"{cell or '-':>18}" for cell in cells) + "\n")
    middle, largest = statistics.median(worst), max(worst)
    tell(f"{len(worst)} files read; largest error of a click: p50 {middle:.1f} ms, max {largest:.1f} ms\n")


def measured(clicks: Clicks, folder: Path, worst: list[float]) -> str | None:
    """The errors of one file, or the reason why it is refused; None if it cannot be made."""
    path = clicks.write(folder)
    if path is None:
        return None
    try:
        normalized = normalize(path, folder / "out", NormalizeSettings())
    except MediaindexError as error:
        return str(error.code)
    positions = heard(audio_of(normalized, folder / "out").read())
    found = [abs(error) * 1000 for error in errors(clicks.times, list(map(normalized.clock.to_source, positions)))]
    worst.append(max(found))
    return f"{statistics.median(found):.1f} {max(found):.1f}"


if __name__ == "__main__":
    main()
