"""The source's own clock: the time stamps of decoded frames, held against the number of their samples.

Lengths that a container declares for its packets play no part: those of Vorbis are wrong, and a packet that cannot be
decoded has a length, but no samples.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mediaindex.stages.protocols import SAMPLE_RATE
from mediaindex.timeline import RESOLUTION, Anchor, Clock, round_to_ms

# Time stamps that are this soon (s of audio) back where they were before were wrong, and are ignored.
REVERTED_WITHIN = 1.0
LONGEST_GAP = 24 * 3600.0  # s; a longer jump is damage
# s that time stamps may step back, in all within ``RECENT`` seconds of audio. Those of overlaps and of slow clocks do;
# more belongs to a clock that was restarted, or to one that stands still: muxers repeat a time stamp rather than step
# back.
LONGEST_WAIT = 1.0
RECENT = 10.0
LATEST_START = 7 * 24 * 3600.0  # s; MPEG-TS wraps after 26.5 hours
MOST_STEPS = 20_000  # in memory


@dataclass(frozen=True, slots=True)
class Step:
    """From ``audio`` seconds of decoded audio on, the source's clock is ahead of the audio by ``offset`` seconds."""

    audio: float
    offset: float


class ClockFinder:
    """Finds the steps of the source's clock in frames that are fed in order.

    Time stamps that are within ``tolerance`` (s) of those expected are ignored, as rounding or jitter. Memory does not
    grow with the duration: of too many steps, those before the shortest runs of audio are left out, because no word
    fits into them.
    """

    def __init__(self, tolerance: float, *, from_zero: bool = False) -> None:
        """``from_zero``: the source starts at 0, whatever the first time stamp is."""
        self.tolerance = tolerance
        self.samples = 0
        self.steps: list[Step] = []
        self.restarts: list[float] = []  # seconds of each step back, or absurd jump, that was ignored
        self._waits: list[Step] = []  # recent steps back, with their (negative) lengths
        self._from_zero = from_zero
        self._added = 0.0  # to all time stamps since the clock was restarted
        self._pending: list[Step] = []  # frames whose time stamps differ from those expected

    @property
    def seconds(self) -> float:
        """Seconds of audio in the frames so far."""
        return self.samples / SAMPLE_RATE

    def read(self, frames: Iterable[tuple[int, int]]) -> None:
        """Process all frames: the time stamp of each, in samples, and its number of samples."""
        for stamp, samples in frames:
            self.feed(stamp, samples)
        self.finish()

    def feed(self, stamp: int, samples: int) -> None:
        """Process the next frame."""
        position = self.seconds
        self.samples += samples
        if not samples:
            return
        frame = Step(position, stamp / SAMPLE_RATE - position + self._added)
        if not self.steps:
            self.steps.append(self._first(frame))
        elif self._expected(frame):
            self._pending.clear()
        else:
            self._pending.append(frame)
            if position - self._pending[0].audio >= REVERTED_WITHIN:
                self._settle(self._pending[0].audio + REVERTED_WITHIN / 2)

    def finish(self) -> None:
        """Process what is left; a single last frame proves nothing."""
        while len(self._pending) > 1:
            self._settle(math.inf)

    def _first(self, frame: Step) -> Step:
        if self._from_zero or not -LONGEST_WAIT <= frame.offset <= LATEST_START:
            self._added = -frame.offset
            return Step(0.0, 0.0)
        return Step(0.0, 0.0 if -self.tolerance <= frame.offset < 0.0 else frame.offset)

    def _expected(self, frame: Step) -> bool:
        return abs(frame.offset - self.steps[-1].offset) <= self.tolerance

    def _settle(self, until: float) -> None:
        """Process the pending frames before ``until``, and all of those that are back where they should be."""
        now = self.steps[-1].offset
        ahead = self._pending[0].offset > now
        same = next((i for i, frame in enumerate(self._pending) if (frame.offset > now) != ahead), len(self._pending))
        if same < len(self._pending):  # first to one side, then to the other: the first ones were wrong
            self._pending = self._pending[same:]
            return
        if ahead:
            self._advance(until)
        else:
            self._step_back()
        last = max((i for i, frame in enumerate(self._pending) if self._expected(frame)), default=-1)
        self._pending = self._pending[last + 1 :]

    def _advance(self, until: float) -> None:
        """Jump forward as far as no later frame contradicts."""
        levels = _lowest_from_here_on(self._pending)
        for done, (frame, level) in enumerate(zip(self._pending, levels, strict=True)):
            if frame.audio >= until:
                self._pending = self._pending[done:]
                return
            jump = level - self.steps[-1].offset
            if jump > LONGEST_GAP:
                self._pending = self._pending[done:]
                self._restart(jump)
                return
            if jump > self.tolerance:
                self._add(Step(frame.audio, level))
        self._pending = []

    def _step_back(self) -> None:
        at, level = self._pending[0].audio, max(frame.offset for frame in self._pending)
        self._waits = [wait for wait in self._waits if wait.audio > at - RECENT]
        self._waits.append(Step(at, level - self.steps[-1].offset))
        if sum(wait.offset for wait in self._waits) >= -LONGEST_WAIT:
            self._add(Step(at, level))
            return
        while len(self.steps) > 1 and self.steps[-1].audio >= self._waits[0].audio:
            self.steps.pop()
        self._waits = [Step(at, -LONGEST_WAIT)]  # the rest of a clock that stands still, soon after, is no wait either
        self._restart(level - self.steps[-1].offset)

    def _restart(self, step: float) -> None:
        self.restarts.append(step)
        del self.restarts[MOST_STEPS:]
        self._added -= step
        self._pending = [Step(frame.audio, frame.offset - step) for frame in self._pending]

    def _add(self, step: Step) -> None:
        self.steps.append(step)
        if len(self.steps) > MOST_STEPS:
            self.steps = thinned(self.steps)


def _lowest_from_here_on(frames: Sequence[Step]) -> list[float]:
    lowest, levels = math.inf, []
    for frame in reversed(frames):
        lowest = min(lowest, frame.offset)
        levels.append(lowest)
    return levels[::-1]


def thinned(steps: Sequence[Step]) -> list[Step]:
    """About half of the steps, without those before the shortest runs of audio; the first and the last are kept."""
    runs = [after.audio - step.audio for step, after in itertools.pairwise(steps)]
    middle = sorted(runs)[len(runs) // 2]
    kept = [
        step
        for index, (step, run) in enumerate(zip(steps, runs, strict=False))
        if index == 0 or run > middle + RESOLUTION or (run > middle - RESOLUTION and index % 2)
    ]
    return [*kept, steps[-1]]


def clock_of(steps: Iterable[Step], duration: float) -> Clock:
    """The clock of ``duration`` seconds of audio."""
    anchors: list[Anchor] = [Anchor(0.0, 0.0)]
    for step in _possible(steps, duration):
        anchor = Anchor(round_to_ms(step.audio), max(0.0, round_to_ms(step.audio + step.offset)))
        while len(anchors) > 1 and anchor.audio <= anchors[-1].audio:
            anchors.pop()  # two steps at one place are one
        if anchor.audio == 0.0:
            anchors = [anchor]
        elif anchor.source - anchor.audio != round_to_ms(anchors[-1].source - anchors[-1].audio):
            anchors.append(Anchor(anchor.audio, max(anchor.source, anchors[-1].source)))
    return Clock(tuple(anchors))


def _possible(steps: Iterable[Step], duration: float) -> Iterator[Step]:
    """The steps, in order and in the audio; one back is delayed until the source's clock need not run backward."""
    before = Step(0.0, 0.0)
    for step in steps:
        audio = max(step.audio, before.audio, before.audio + before.offset - step.offset)
        if audio >= duration:
            return
        before = Step(audio, step.offset)
        yield before
