"""Read the source's own clock from the time stamps of its packets, without decoding."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable
from dataclasses import dataclass

from mediaindex.timeline import Anchor, Clock, round_to_ms

from .commands import inspect
from .probe import AudioStream, SourceFile, allowed_formats, has_clock
from .process import printable, run

# Containers store time stamps in milliseconds or coarser. Differences from a packet's duration within rounding are
# ignored, because their sum would be taken for a gap.
ROUNDING = 0.0021  # s
# A jump that is reverted this soon (s of audio) was a wrong time stamp, not a gap.
REVERTED_WITHIN = 1.0
LONGEST_GAP = 24 * 3600.0  # s; a longer jump is damage
LATEST_START = 7 * 24 * 3600.0  # s; MPEG-TS wraps after 26.5 hours
MOST_JUMPS = 20_000  # more jumps mean that the time stamps are random

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Packet:
    """Presentation time and duration (s) of a packet; None if the container does not have them."""

    start: float | None
    duration: float | None


@dataclass(slots=True)
class Jump:
    """A forward jump of the source's clock by ``length`` seconds after ``audio`` seconds of audio."""

    audio: float
    length: float


class JumpFinder:
    """Finds jumps in packets that are fed in order. Memory grows only with the number of jumps, which is bounded."""

    def __init__(self, start: float, tolerance: float) -> None:
        self.tolerance = tolerance
        self.jumps: list[Jump] = []
        self.unreliable = False
        self._offset = start  # packet time minus position in the audio
        self._end: float | None = None  # end of the previous packet
        self._slack = 0.0  # sum of small differences; those of opposite sign cancel

    def feed(self, packet: Packet) -> None:
        """Process the next packet."""
        if self._end is not None and packet.start is not None and not self.unreliable:
            step = packet.start - self._end
            if abs(step) > ROUNDING:
                self._step(self._end - self._offset, step)
                self._offset += step
        # Without time or duration, a packet cannot show a gap after it.
        known = packet.start is not None and packet.duration is not None
        self._end = packet.start + packet.duration if known else None  # type: ignore[operator]

    def _step(self, audio: float, step: float) -> None:
        if step > LONGEST_GAP:
            return
        self._slack += step
        if self._slack >= self.tolerance:
            self.jumps.append(Jump(audio, self._slack))
            self._slack = 0.0
            if len(self.jumps) > MOST_JUMPS:
                self.jumps, self.unreliable = [], True
        elif self._slack <= -self.tolerance:
            self._step_back(audio)

    def _step_back(self, audio: float) -> None:
        """Handle a step back: it reverts a recent jump, or is ignored as the restart of a stream."""
        if self.jumps and audio - self.jumps[-1].audio <= REVERTED_WITHIN:
            left = self.jumps[-1].length + self._slack
            if left >= self.tolerance:
                self.jumps[-1].length = left
            else:
                self.jumps.pop()
        self._slack = 0.0


def clock_of(start: float | None, jumps: Iterable[Jump], duration: float) -> Clock:
    """The clock of ``duration`` seconds of audio. A ``start`` before 0, or absurdly late, counts as 0."""
    first = start if start is not None and math.isfinite(start) and 0.0 <= start <= LATEST_START else 0.0
    offsets = {0.0: round_to_ms(first)}  # source minus audio time, by position in the audio
    position, offset = 0.0, first
    for jump in jumps:
        if jump.audio >= duration:
            break
        position = max(position, round_to_ms(jump.audio))  # two jumps at one place are one
        offset += jump.length
        if round_to_ms(offset) > next(reversed(offsets.values())):
            offsets[position] = round_to_ms(offset)
    return Clock(tuple(Anchor(audio, round_to_ms(audio + offset)) for audio, offset in offsets.items()))


def read_clock(source: SourceFile, stream: AudioStream, duration: float, tolerance: float) -> Clock:
    """The clock of a source; ``duration``: seconds of decoded audio.

    ``tolerance`` (s): smaller gaps are ignored. Damaged time stamps are ignored, without an error, because the audio is
    good.
    """
    if "format" in source.options or not has_clock(source.container):
        return Clock()
    finder = JumpFinder(stream.start or 0.0, tolerance)
    _scan(source, stream, finder)
    if finder.unreliable:
        log.warning("%s: the time stamps are random; time is counted from the start", printable(source.path.name))
    return clock_of(stream.start, finder.jumps, duration)


def _scan(source: SourceFile, stream: AudioStream, finder: JumpFinder) -> None:
    options = {
        "format_whitelist": allowed_formats(),
        "select_streams": str(stream.index),
        "show_entries": "packet=pts_time,dts_time,duration_time",
        "of": "csv=p=0",
    }
    command = inspect(source.url, options)
    rest = b""

    def consume(piece: bytes) -> None:
        nonlocal rest
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if packet := parse_packet(line):
                finder.feed(packet)

    size = source.path.stat().st_size
    run(command, 120.0 + size / 2e6, consume, name=source.path.name)


def parse_packet(line: bytes) -> Packet | None:
    """Parse a line of ffprobe, ``pts,dts,duration`` in seconds, ``N/A`` if unknown. None if fields are missing."""
    fields = line.strip().split(b",")
    if len(fields) < 3:
        return None
    shown, decoded, length = (_time(field) for field in fields[:3])
    return Packet(shown if shown is not None else decoded, length)


def _time(field: bytes) -> float | None:
    try:
        value = float(field)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
