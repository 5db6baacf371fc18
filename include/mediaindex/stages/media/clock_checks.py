"""Hold the source's clock against the number of samples and the header, and say which is believed."""

from __future__ import annotations

from dataclasses import dataclass

from mediaindex.timeline import Anchor, Clock, round_to_ms

from .probe import AudioStream, SourceFile, has_clock
from .riff import declared_size
from .source_clock import ClockFinder, clock_of

WORTH_TELLING = 0.1  # s by which time stamps and samples differ
# Containers whose duration is the time of their end, and not that from start to end.
ENDS_DECLARED = frozenset(("matroska", "ogg", "asf", "nut", "wtv"))
# Containers without time stamps whose header has the number of samples. The duration of others without time stamps is
# estimated from the bit rate and proves nothing.
SAMPLES_DECLARED = frozenset(("wav", "w64", "aiff", "caf", "flac"))
# Time stamps of these containers are numbers of packets or bytes, and say nothing unless packets have one length, as
# those of these codecs; of others the samples are counted.
PACKETS_COUNTED = frozenset(("avi", "caf"))
EQUAL_PACKETS = frozenset(("mp1", "mp2", "mp3", "ac3", "eac3", "dts"))
AVI = "avi"  # whose length is often an estimate by the size of the file, headers of packets included


@dataclass(frozen=True, slots=True)
class SourceClock:
    """The clock of a source, and ``warnings`` if its time stamps, its samples and its header disagree."""

    clock: Clock
    warnings: tuple[str, ...] = ()


def source_clock(source: SourceFile, stream: AudioStream, times: ClockFinder) -> SourceClock:
    """The clock by the time stamps of decoded frames, unless samples and header agree that it ends sooner.

    With an edit list that leaves out audio, the number of samples proves nothing.
    """
    audio = times.seconds
    clock = clock_of(times.steps, audio)
    if source.container in PACKETS_COUNTED and stream.codec not in EQUAL_PACKETS:
        return SourceClock(Clock((Anchor(0.0, max(0.0, stream.start or 0.0)),)))
    declared = declared_length(source, stream, clock.anchors[0].source)
    if (
        not stream.silent
        and declared is not None
        and abs(audio - declared) <= slack(declared) < _span(clock, audio) - declared
    ):
        first = clock.anchors[0].source
        plain = Clock((Anchor(0.0, min(first, max(0.0, first if stream.start is None else stream.start))),))
        return SourceClock(plain, (f"{_found(times, clock)}; the samples and the header agree, and are believed",))
    differs = abs(_span(clock, audio) - audio) >= WORTH_TELLING
    told = [f"{_found(times, clock)}; the time stamps are believed"] if differs else []
    if times.restarts:
        far = max(times.restarts, key=abs)
        told.append(
            f"clock: time stamps break off {len(times.restarts)} times (at most by {far:+.1f} s); from there on, the "
            "samples are counted"
        )
    return SourceClock(clock, tuple(told))


def file_start(source: SourceFile, clock: Clock) -> float:
    """Source time (s) of the earliest stream, pictures included."""
    audio = clock.to_source(0.0)
    return audio if source.start is None else round_to_ms(min(audio, max(0.0, source.start)))


def missing_seconds(source: SourceFile, stream: AudioStream, clock: Clock, audio: float) -> tuple[float, float] | None:
    """The length that the header declares and how much of it is missing at the end; None if that is within the slack.

    ``audio``: seconds of decoded audio. A gap of the source's clock is no loss.
    """
    if source.container == AVI:
        size = source.path.stat().st_size
        lost = audio * max(0, declared_size(source.path) - size) / size
        return (audio + lost, lost) if lost > slack(audio + lost) else None
    declared = declared_length(source, stream, clock.anchors[0].source)
    if declared is None:
        return None
    missing = declared - _span(clock, audio)
    return (declared, missing) if missing > slack(declared) else None


def declared_length(source: SourceFile, stream: AudioStream, start: float) -> float | None:
    """Seconds from start to end by the header; None if it does not say, or is a guess."""
    kinds = set(source.container.split(","))
    declared = stream.duration or (None if source.has_video else source.duration)
    if not declared or source.container == AVI or not (has_clock(source.container) or kinds & SAMPLES_DECLARED):
        return None
    return declared - start if kinds & ENDS_DECLARED and declared > start else declared


def slack(declared: float) -> float:
    """Seconds by which a declared length may be wrong."""
    return max(1.0, 0.02 * declared)


def _span(clock: Clock, audio: float) -> float:
    return clock.to_source(audio) - clock.to_source(0.0)


def _found(times: ClockFinder, clock: Clock) -> str:
    audio, jumps = times.seconds, len(clock.anchors) - 1
    return (
        f"clock: time stamps span {_span(clock, audio):.2f} s, but there are samples for {audio:.2f} s "
        f"({jumps} jump{'s' if jumps > 1 else ''})"
    )
