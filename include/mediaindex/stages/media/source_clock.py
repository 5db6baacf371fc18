"""The source's own clock, from the time stamps of its packets (nothing is decoded for it)."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable
from dataclasses import dataclass

from mediaindex.timeline import Anchor, Clock, round_to_ms

from .commands import inspect
from .probe import ALLOWED, AudioStream, SourceFile, has_clock
from .process import printable, run

# Containers keep time stamps in milliseconds or coarser, so steps that differ from a packet's length by no more than
# rounding say nothing, and adding them up would make gaps out of nothing.
ROUNDING = 0.0021  # s
# A jump that is taken back this soon (s of audio) was a wrong time stamp, not a gap.
TAKEN_BACK = 1.0
LONGEST_GAP = 24 * 3600.0  # s; a longer jump is damage, and links beyond it would help nobody
LATEST_START = 7 * 24 * 3600.0  # s; MPEG-TS wraps after 26.5 hours
MOST_JUMPS = 20_000  # more say that the time stamps are noise

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Packet:
    """Presentation time and length (s) of a packet, None where the container does not say."""

    start: float | None
    duration: float | None


@dataclass(slots=True)
class Jump:
    """The source's clock jumps ``length`` seconds forward after ``audio`` seconds of audio."""

    audio: float
    length: float


class JumpFinder:
    """Fed with packets in order, keeps the jumps; memory grows with jumps only, and those are bounded."""

    def __init__(self, start: float, tolerance: float) -> None:
        self.tolerance = tolerance
        self.jumps: list[Jump] = []
        self.hopeless = False
        self._offset = start  # packet time minus position in the audio
        self._end: float | None = None  # where the packet before ended
        self._slack = 0.0  # small differences not yet worth a jump; those of both signs cancel

    def feed(self, packet: Packet) -> None:
        """Take the next packet."""
        if self._end is not None and packet.start is not None and not self.hopeless:
            step = packet.start - self._end
            if abs(step) > ROUNDING:
                self._step(self._end - self._offset, step)
                self._offset += step
        # Without time or length a packet says nothing about a gap behind it.
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
                self.jumps, self.hopeless = [], True
        elif self._slack <= -self.tolerance:
            self._take_back(audio)

    def _take_back(self, audio: float) -> None:
        """The clock went back: that undoes a jump just before, or is a stream that began anew and runs on."""
        if self.jumps and audio - self.jumps[-1].audio <= TAKEN_BACK:
            left = self.jumps[-1].length + self._slack
            if left >= self.tolerance:
                self.jumps[-1].length = left
            else:
                self.jumps.pop()
        self._slack = 0.0


def clock_of(start: float | None, jumps: Iterable[Jump], duration: float) -> Clock:
    """The clock of ``duration`` seconds of audio. A start before 0, or absurdly late, is 0."""
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
    """The clock of a source of which ``duration`` seconds were decoded.

    ``tolerance`` (s): smaller gaps are not kept. Damaged time stamps leave the clock running on; nothing is raised for
    them, because the audio is good.
    """
    if "format" in source.options or not has_clock(source.container):
        return Clock()
    finder = JumpFinder(stream.start or 0.0, tolerance)
    _scan(source, stream, finder)
    if finder.hopeless:
        log.warning("%s: its time stamps are noise; time runs on from its start", printable(source.path.name))
    return clock_of(stream.start, finder.jumps, duration)


def _scan(source: SourceFile, stream: AudioStream, finder: JumpFinder) -> None:
    asked = {
        "format_whitelist": ALLOWED,
        "select_streams": str(stream.index),
        "show_entries": "packet=pts_time,dts_time,duration_time",
        "of": "csv=p=0",
    }
    command = inspect(source.url, asked)
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
    """A line of ffprobe (``pts,dts,duration`` in seconds, ``N/A`` where unknown); None for a line without them."""
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
