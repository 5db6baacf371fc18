"""Which containers and codecs are read, and how exact source time is: known clicks, with and without holes and offsets.

    python tests/bench/media.py [CONTAINER ...]

A row per container and codec that ffmpeg can write here: whether it is accepted, or refused with which reason; the
delay at the clicks (ms, median) and how far clicks are from it (largest), for a plain file and for one that starts late
and has holes. Encoders begin with silence; where the container does not declare it, it delays all clicks alike.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np

from mediaindex.contract.settings import NormalizeSettings
from mediaindex.errors import MediaindexError
from mediaindex.stages.media.clock_checks import missing_seconds
from mediaindex.stages.media.parts import extract_parts
from mediaindex.stages.media.probe import probe
from mediaindex.stages.media.tracks import choose_tracks
from tests.builders.clicks import CODECS, CONTAINERS, Clicks, errors, heard

HOLES, START = ((2.05, 2.11), (4.4, 4.75), (6.0, 7.3)), 100.0
BOUND_MS = 20.0
AT_ONCE = 2  # files; each has processes of its own


@dataclass(frozen=True)
class Cell:
    """A file: the code of its refusal, or the delay of its clicks (ms), the largest deviation from it, and warnings."""

    name: str
    code: str = ""
    delay: float = 0.0
    spread: float = 0.0
    warnings: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return self.code or f"{self.delay:.1f} ±{self.spread:.1f}{' !' if self.warnings else ''}"


def main() -> int:
    """Print the table and a summary; 1 if a click is not where it should be."""
    tell, begun = sys.stdout.write, time.monotonic()
    containers = sys.argv[1:] or CONTAINERS
    tell(
        f"{'container':<10} {'codec':<14} {'plain':>18} {'late, with holes':>18}   delay and spread, ms; !: warnings\n"
    )
    found: list[Cell] = []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(AT_ONCE) as pool:
        pairs = list(product(containers, CODECS))
        rows = pool.map(lambda pair: row(pair[0], pair[1], Path(folder)), pairs)
        for (container, codec), cells in zip(pairs, rows, strict=True):
            found += cells
            if cells:
                tell(f"{container:<10} {codec:<14} " + " ".join(f"{cell.text:>18}" for cell in cells) + "\n")
                sys.stdout.flush()
    tell(summary(found) + f"{time.monotonic() - begun:.0f} s\n")
    return int(any(cell.spread > BOUND_MS for cell in found))


def row(container: str, codec: str, folder: Path) -> list[Cell]:
    """The plain file, and the one with holes if there can be one; nothing if ffmpeg cannot write it."""
    plain = Clicks(codec, container)
    files = {"plain": plain} if plain.counted else {"plain": plain, "holes": Clicks(codec, container, HOLES, START)}
    cells = (measured(f"{container} {codec} {name}", clicks, folder) for name, clicks in files.items())
    return [cell for cell in cells if cell is not None]


def measured(name: str, clicks: Clicks, folder: Path) -> Cell | None:
    """What becomes of one file; None if it cannot be made."""
    with tempfile.TemporaryDirectory(dir=folder) as own:
        path = clicks.write(Path(own))
        if path is None:
            return None
        try:
            source = probe(path)
            tracks = choose_tracks(source, "mix")
            # Clicks in silence are no speech: levels are not adjusted to them.
            tracks = replace(tracks, main=replace(tracks.main, wide=False))
            found = extract_parts(source, tracks, Path(own), NormalizeSettings())
        except MediaindexError as error:
            return Cell(name, str(error.code))
        positions = heard(np.fromfile(found.pcm.path, dtype="<i2") / 32768)
        lost = missing_seconds(source, tracks.main, found.clock, found.pcm.seconds)
    told = [*source.warnings, *found.warnings, *map("damaged: {}".format, found.pcm.complaints[:1])]
    told += [f"truncated: {lost[1]:.1f} s of {lost[0]:.1f} s are missing"] if lost else []
    late = [1000 * error for error in errors(clicks.times, list(map(found.clock.to_source, positions)))]
    delay = statistics.median(late)
    return Cell(name, "", delay, max(abs(error - delay) for error in late), tuple(told))


def summary(cells: list[Cell]) -> str:
    """Counts, and every file that is not as it should be."""
    read = [cell for cell in cells if not cell.code]
    refusals = Counter(cell.code for cell in cells if cell.code)
    lines = [f"{len(read)} files read; refused: {dict(refusals) or 'none'}"]
    if read:
        spreads, delays = sorted(cell.spread for cell in read), sorted(abs(cell.delay) for cell in read)
        lines += [
            f"spread of clicks: p50 {statistics.median(spreads):.1f} ms, max {spreads[-1]:.1f} ms",
            f"delay of all clicks: p50 {statistics.median(delays):.1f} ms, max {delays[-1]:.1f} ms",
        ]
    lines += [f"  refused: {cell.name}: {cell.code}" for cell in cells if cell.code]
    lines += [f"  beyond {BOUND_MS:.0f} ms: {cell.name}: {cell.text}" for cell in read if cell.spread > BOUND_MS]
    lines += [f"  {cell.name}: {warning}" for cell in read if "plain" in cell.name for warning in cell.warnings]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
