"""Pass 1: decode the source to 16 kHz 16-bit PCM, hash it, and read its clock."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mediaindex.stages.protocols import SAMPLE_RATE

from . import codecs
from .commands import HARDENING, Filters, Option, Output, convert
from .frames import NUMBERED, report, reported
from .layouts import to_average
from .levels import BYTES, TypicalLevel
from .probe import AudioStream, SourceFile, has_clock
from .process import check_disk, run, too_long, undecodable, without_audio
from .source_clock import ClockFinder

SHORTEST = 0.02  # s: a stream with less is empty
MOST_FLAC_CHANNELS = 8
# Codecs that send few frames in pauses. ffmpeg does not decode those, and reports each as corrupt.
WITH_SILENT_FRAMES = frozenset(("amr_nb", "amr_wb"))
# What "-ac 1 -ar 16000" would do at the end of the chain, but before it is shared.
IN_PCM_FORMAT = ("aformat", "s16", SAMPLE_RATE, "mono")
PCM: dict[str, Option] = {
    "format": "s16le",
    "acodec": "pcm_s16le",
    "ar": SAMPLE_RATE,
    "bsf:a": NUMBERED,  # ffmpeg refuses packets whose time stamps step back, although PCM has none
}


@dataclass(frozen=True, slots=True)
class Pcm:
    """Raw 16 kHz s16le on disk; ``complaints``: messages of the decoder; ``times``: what its time stamps say.

    ``level``: for a mix of several channels, that of its median second (dB below full scale); None for one channel.
    ``scale_db``: gain of the source before its samples were rounded to 16 bits.
    """

    path: Path
    samples: int
    sha256: str
    channels_path: Path | None
    channels: int
    complaints: tuple[str, ...]
    level: float | None = None
    times: ClockFinder | None = None
    scale_db: float = 0.0

    @property
    def seconds(self) -> float:
        """The duration in seconds."""
        return self.samples / SAMPLE_RATE


def decode(
    source: SourceFile,
    stream: AudioStream,
    folder: Path,
    *,
    keep_channels: bool,
    max_seconds: float,
    gap_tolerance: float,
    alone: int | None = None,
) -> Pcm:
    """Decode ``stream`` to mono (and its separate channels, if kept: at most 8) into ``folder``.

    ``gap_tolerance``: of its clock (s). ``alone``: the channel, from 0, to use instead of the mix of all channels.
    The decodable part of a damaged file is kept; the caller compares durations. Raises BadMediaError
    (``decode_failed``, ``empty_audio``, ``too_long`` or ``timed_out``), OSError if the disk is full.
    """
    name = source.path.name
    channels = stream.channels if keep_channels and 1 < stream.channels <= MOST_FLAC_CHANNELS else 1
    channels_path = folder / "channels.pcm" if channels > 1 else None
    frames_path = folder / "frames.txt"
    command = decode_command(source, stream, frames_path, channels_path, max_seconds, alone)
    writer = _Writer(name, max_seconds, measured=stream.channels > 1 and alone is None)
    path = folder / "mono.pcm"
    with path.open("wb") as file:

        def consume(piece: bytes) -> None:
            writer.take(piece)
            file.write(piece)

        ended = run(command, _deadline_s(source, stream, max_seconds), consume, name=name)
    check_disk(ended.messages, channels_path or frames_path)  # ffmpeg may continue, and the files would be incomplete
    if writer.seconds < SHORTEST:
        if ended.code != 0 and ended.messages:
            raise undecodable(name, stream.codec, ended.messages)
        raise without_audio(name, writer.seconds)
    samples, sha256 = writer.size // BYTES, writer.sha256.hexdigest()
    complaints = () if stream.codec in WITH_SILENT_FRAMES else codecs.complaints(ended.messages)
    times = _times(source, frames_path, gap_tolerance)
    return Pcm(path, samples, sha256, channels_path, channels, complaints, writer.level, times, stream.scale_db)


def _times(source: SourceFile, frames_path: Path, gap_tolerance: float) -> ClockFinder:
    timed = "format" not in source.options and has_clock(source.container)
    times = ClockFinder(gap_tolerance, from_zero=not timed)
    times.read(reported(frames_path))
    frames_path.unlink()
    return times


def read_channels(
    source: SourceFile, stream: AudioStream, consume: Callable[[bytes], None], *, max_seconds: float
) -> None:
    """Pass all channels of ``stream``, interleaved, to ``consume``, as ``decode`` writes them to a file.

    Raises BadMediaError (``timed_out``).
    """
    _read(source, stream, Output("pipe:1", _all_channels(stream, max_seconds), _heard(stream)), consume, max_seconds)


def read_channel(
    source: SourceFile,
    stream: AudioStream,
    channel: int,
    filters: Filters,
    consume: Callable[[bytes], None],
    *,
    max_seconds: float,
) -> None:
    """Pass one channel of ``stream``, from 0, through ``filters`` to ``consume``.

    Raises BadMediaError (``timed_out``).
    """
    options = {**PCM, "fs": int(max_seconds * SAMPLE_RATE * BYTES)}
    chain = (*_heard(stream), ("pan", _only(channel)), *filters)
    _read(source, stream, Output("pipe:1", options, chain), consume, max_seconds)


def read_samples(
    source: SourceFile, stream: AudioStream, consume: Callable[[bytes], None], *, max_seconds: float
) -> None:
    """Pass the mix of ``stream``, as 32-bit floating point of any scale, to ``consume``.

    Raises BadMediaError (``timed_out``).
    """
    size = int(max_seconds * SAMPLE_RATE * 4)
    options: dict[str, Option] = {"format": "f32le", "acodec": "pcm_f32le", "ar": SAMPLE_RATE, "ac": 1, "fs": size}
    chain = (*_heard(stream), *_one_channel(stream, None))
    _read(source, stream, Output("pipe:1", options, chain), consume, max_seconds)


def _read(
    source: SourceFile,
    stream: AudioStream,
    output: Output,
    consume: Callable[[bytes], None],
    max_seconds: float,
) -> None:
    command = convert(source.url, str(stream.index), [output], reading=_reading(source), overwrite=False)
    run(command, _deadline_s(source, stream, max_seconds), consume, name=source.path.name)


def decode_command(
    source: SourceFile,
    stream: AudioStream,
    frames_path: Path,
    channels_path: Path | None,
    max_seconds: float,
    alone: int | None,
) -> list[str]:
    """The ffmpeg command: mono to standard output, a report of its frames and, if asked for, all channels to files."""
    chain = (*_heard(stream), *_one_channel(stream, alone), IN_PCM_FORMAT)
    outputs = [
        Output("pipe:1", PCM, chain),
        Output(f"file:{frames_path.absolute()}", report(max_seconds), chain),
    ]
    if channels_path:
        url, options = f"file:{channels_path.absolute()}", _all_channels(stream, max_seconds)
        outputs.append(Output(url, options, _heard(stream)))
    return convert(source.url, str(stream.index), outputs, reading=_reading(source))


def _reading(source: SourceFile) -> dict[str, Option]:
    # copyts: ffmpeg would move the start to 0, and restarted clocks to where they should continue.
    return {**HARDENING, **source.options, "codec_whitelist": ",".join(codecs.DECODERS), "copyts": None}


def _heard(stream: AudioStream) -> tuple[tuple[str, str], ...]:
    """The filters of every output: they leave out what ffmpeg plays in empty edits, and scale the samples."""
    silent = "+".join(f"gte(t,{span.start:.6f})*lt(t,{span.end:.6f})" for span in stream.silent)
    heard = (("aselect", f"not({silent})"),) if silent else ()
    return (*heard, ("volume", f"{stream.scale_db}dB")) if stream.scale_db else heard


def _one_channel(stream: AudioStream, alone: int | None) -> tuple[tuple[str, str], ...]:
    """The filter that mixes the channels or selects one; none if the format of the PCM is enough."""
    if alone is not None:
        return (("pan", _only(alone)),)
    averaged = to_average(stream.layout, stream.channels)
    return () if averaged is None else (("pan", _only(*averaged)),)


def _only(*channels: int) -> str:
    """The argument of ``pan`` for the mean of these channels: after "<", gains add up to 1."""
    return "mono|c0<" + "+".join(f"c{channel}" for channel in channels)


def _all_channels(stream: AudioStream, max_seconds: float) -> dict[str, Option]:
    # fs instead of t: a limit in time would count a jump of the time stamps as audio.
    return {**PCM, "fs": int(max_seconds * SAMPLE_RATE * BYTES * stream.channels)}


def _deadline_s(source: SourceFile, stream: AudioStream, max_seconds: float) -> float:
    """The time limit of decoding in seconds: four times real time; usual speeds are 20 times and more.

    Headers may understate the duration (a broadcast that was cut off), so the size counts too, at 4 kB per second.
    """
    claimed = stream.duration or source.duration or 0.0
    return 120.0 + min(max(claimed, source.path.stat().st_size / 4000), max_seconds) / 4


class _Writer:
    """Counts and hashes decoded audio, and measures its level if requested."""

    def __init__(self, name: str, max_seconds: float, *, measured: bool) -> None:
        self.name = name
        self.max_seconds = max_seconds
        self.size = 0
        self.sha256 = hashlib.sha256()
        self._measured = TypicalLevel() if measured else None

    @property
    def seconds(self) -> float:
        return self.size / (BYTES * SAMPLE_RATE)

    @property
    def level(self) -> float | None:
        return self._measured.decibels() if self._measured else None

    def take(self, piece: bytes) -> None:
        self.size += len(piece)
        if self.seconds > self.max_seconds:
            raise too_long(self.name, self.max_seconds)
        self.sha256.update(piece)
        if self._measured:
            self._measured.take(piece)
