"""Put the decoded audio of several tracks on one timeline, by their clocks."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import accumulate, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from mediaindex.stages.protocols import SAMPLE_RATE
from mediaindex.timeline import Anchor, Clock, round_to_ms

if TYPE_CHECKING:
    import numpy as np

    Rows: TypeAlias = np.ndarray[Any, np.dtype[np.float32]]

BLOCK = 60 * SAMPLE_RATE  # samples in memory at a time, per track
LAP = 0.5  # s; programmes that follow each other share as much
Bounds: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Placed:
    """The decoded audio of one track: 16 kHz mono s16le, ``seconds`` long."""

    path: Path
    seconds: float
    clock: Clock

    def bounds(self) -> list[Bounds]:
        """Start and end (s of the source's clock) of each piece between jumps of the clock."""
        return [(piece.source, piece.source + piece.length) for piece in _pieces(self)]


@dataclass(frozen=True, slots=True)
class _Piece:
    audio: float
    source: float
    length: float


def overlap(first: Sequence[Bounds], second: Sequence[Bounds]) -> float:
    """Seconds in which both have sound; each in order, without overlap."""
    ends = [end for _, end in second]
    total = 0.0
    for start, end in first:
        for low, high in second[bisect_right(ends, start) :]:
            if low >= end:
                break
            total += max(0.0, min(end, high) - max(start, low))
    return total


def common_clock(tracks: Sequence[Placed], tolerance: float) -> tuple[Clock, float]:
    """The clock of the time in which any track has sound, and its length (s); gaps up to ``tolerance`` are filled."""
    joined: list[list[float]] = []
    for start, end in sorted(bounds for track in tracks for bounds in track.bounds()):
        if joined and start - joined[-1][1] <= tolerance:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([start, end])
    anchors, audio = [], 0.0
    for start, end in joined:
        anchors.append(Anchor(round_to_ms(audio), round_to_ms(start)))
        audio += end - start
    return Clock(tuple(anchors)), audio


def mix(tracks: Sequence[Placed], clock: Clock, seconds: float, mono: Path, separate: Path | None) -> tuple[int, str]:
    """Write the mix to ``mono``, and a channel per track to ``separate``; returns its samples and its SHA-256.

    No sum of tracks can exceed full scale: each is divided by the number of tracks that have sound at the same time.
    """
    import numpy as np

    sources = [np.memmap(track.path, dtype="<i2", mode="r") for track in tracks]
    places = [_targets(track, clock) for track in tracks]
    total, most, sha256 = _samples(seconds), most_at_once(tracks), hashlib.sha256()
    with mono.open("wb") as file, separate.open("wb") if separate else nullcontext() as beside:
        for start in range(0, total, BLOCK):
            rows = np.zeros((len(tracks), min(BLOCK, total - start)), dtype=np.float32)
            for row, samples, targets in zip(rows, sources, places, strict=True):
                _fill(row, samples, targets, start)
            data = np.round(rows.sum(axis=0) / most).clip(-32768, 32767).astype("<i2").tobytes()
            sha256.update(data)
            file.write(data)
            if beside:
                beside.write(rows.T.astype("<i2").tobytes())
    return total, sha256.hexdigest()


def most_at_once(tracks: Sequence[Placed]) -> int:
    """The largest number of tracks that have sound at the same time."""
    all_bounds = [bounds for track in tracks for bounds in track.bounds()]
    steps = [(start, 1) for start, _ in all_bounds] + [(max(start, end - LAP), -1) for start, end in all_bounds]
    counts = accumulate(step for _, step in sorted(steps))  # at the same time, ends come before starts
    return max(1, *counts)


def _pieces(track: Placed) -> Iterator[_Piece]:
    for anchor, after in zip_longest(track.clock.anchors, track.clock.anchors[1:]):
        length = track.seconds - anchor.audio
        if after:  # samples that the clock waits for are left out
            length = min(after.audio - anchor.audio, after.source - anchor.source)
        if length > 0:
            yield _Piece(anchor.audio, anchor.source, length)


def _targets(track: Placed, clock: Clock) -> list[tuple[int, int, int]]:
    """Per piece, in samples: where it begins in the mix, where in the track, and its length."""
    return [
        (_samples(clock.to_audio(round_to_ms(piece.source))), _samples(piece.audio), _samples(piece.length))
        for piece in _pieces(track)
    ]


def _samples(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE)


def _fill(row: Rows, samples: Any, targets: Sequence[tuple[int, int, int]], start: int) -> None:
    """Add what the pieces have in the block of the mix that begins at ``start``."""
    end = start + len(row)
    first = max(0, bisect_right(targets, start, key=lambda target: target[0]) - 1)
    for target, audio, length in targets[first:]:
        if target >= end:
            break
        low, high = max(target, start), min(target + length, end)
        piece = samples[audio + low - target : audio + high - target] if low < high else ()
        row[low - start : low - start + len(piece)] += piece
