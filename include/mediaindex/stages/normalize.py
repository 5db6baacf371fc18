"""The stage ``normalize``: any recording to 16 kHz mono FLAC at one loudness, on its source's clock.

Two passes: the source is decoded once (again only if its channels may cancel each other out) to PCM that is hashed and
measured; loudness and noise treatment then work on the PCM. Memory does not grow with the duration; the stage takes
about 115 MB of disk space per hour of audio while it runs.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mediaindex.contract.results import NormalizedAudio
from mediaindex.contract.settings import NormalizeSettings
from mediaindex.errors import ConfigError
from mediaindex.stages.media.cancellation import cancelled, suspected
from mediaindex.stages.media.decode import Pcm, decode
from mediaindex.stages.media.encode import encode_flac, noise_filter
from mediaindex.stages.media.loudness import Loudness, gain_db, measure
from mediaindex.stages.media.plausibility import check_length
from mediaindex.stages.media.probe import AudioStream, SourceFile, choose_stream, has_clock, probe
from mediaindex.stages.media.source_clock import read_clock
from mediaindex.timeline import round_to_ms

from .audio import Audio
from .media.process import too_long

if TYPE_CHECKING:
    from mediaindex.contract.job import RawFormat
    from mediaindex.timeline import Clock

VERSION = 1
AUDIO = "audio.flac"
CHANNELS = "channels.flac"


def normalize(
    source: Path, out_dir: Path, settings: NormalizeSettings, raw_format: RawFormat | None = None
) -> NormalizedAudio:
    """Write ``out_dir/audio.flac`` (and ``channels.flac``, if kept) and describe it.

    ``raw_format``: the format of headerless audio. Raises BadMediaError (its code is the reason), ConfigError if ffmpeg
    is missing, TransientError if ffmpeg was killed, DoubtfulError if it crashed, reached a limit, or the file claims
    more than it can hold, OSError if the disk fails or is full.
    """
    if source.resolve() == (out_dir / AUDIO).resolve():
        raise ConfigError(f"{source}: the output would replace the source; choose another folder")
    probed = probe(source, raw_format)
    stream = choose_stream(probed)
    _check_length(probed, stream, settings)
    out_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".normalize-", dir=out_dir) as folder:
        pcm, mix_warnings = _one_channel(probed, stream, Path(folder), settings)
        check_length(source, probed.container, stream.index, stream.codec, pcm.seconds)
        prepare = noise_filter(pcm.path) if settings.reduce_noise else None
        loudness, gain = _level(pcm.path, 1, pcm.seconds, prepare, settings, out_dir / AUDIO)
        if pcm.channels_path:  # with its own gain: a speaker is louder on a channel than in the mix
            _level(pcm.channels_path, pcm.channels, pcm.seconds, prepare, settings, out_dir / CHANNELS)
    clock = read_clock(probed, stream, pcm.seconds, settings.gap_tolerance)
    return NormalizedAudio(
        audio_sha256=pcm.sha256,
        duration=round_to_ms(pcm.seconds),
        clock=clock,
        container=probed.container,
        codec=stream.codec,
        source_sample_rate=stream.sample_rate,
        source_channels=stream.channels,
        stream_index=stream.index,
        has_video=probed.has_video,
        loudness_lufs=loudness.integrated,
        gain_db=gain,
        peak_dbfs=None if loudness.true_peak is None else round(loudness.true_peak + gain, 2),
        title=probed.title,
        channels_kept=pcm.channels,
        warnings=(*mix_warnings, *_warnings(probed, stream, pcm, clock, settings)),
    )


def audio_of(normalized: NormalizedAudio, out_dir: Path) -> Audio:
    """The audio that ``normalize`` wrote to ``out_dir``, for the other stages."""
    channels = (lambda: out_dir / CHANNELS) if normalized.channels_kept > 1 else None
    return Audio(out_dir / AUDIO, normalized.duration, normalized.clock, channels)


def files_of(normalized: NormalizedAudio) -> tuple[str, ...]:
    """The names of the files that ``normalize`` wrote."""
    return (AUDIO, CHANNELS) if normalized.channels_kept > 1 else (AUDIO,)


def _one_channel(
    source: SourceFile, stream: AudioStream, folder: Path, settings: NormalizeSettings
) -> tuple[Pcm, tuple[str, ...]]:
    """The mix of all channels, or the loudest channel if they cancel each other out; and warnings."""
    limit = settings.max_seconds
    mix = decode(source, stream, folder, keep_channels=settings.keep_channels, max_seconds=limit)
    cancellation = cancelled(source, stream, mix, limit) if suspected(mix) else None
    if cancellation is None:
        return mix, ()
    alone = decode(source, stream, folder, keep_channels=False, max_seconds=limit, alone=cancellation.channel)
    return replace(alone, channels_path=mix.channels_path, channels=mix.channels), (cancellation.warning,)


def _level(
    pcm: Path, channels: int, length: float, prepare: str | None, settings: NormalizeSettings, target: Path
) -> tuple[Loudness, float]:
    """Write ``target`` through the filter ``prepare`` at the target loudness; returns measurement and gain (dB)."""
    loudness = measure(pcm, channels, length, prepare)
    gain = gain_db(loudness, settings.target_lufs, settings.max_true_peak_dbtp, settings.max_gain_db)
    volume = f"volume={gain}dB" if gain else None
    encode_flac(pcm, channels, length, [part for part in (prepare, volume) if part], target)
    return loudness, gain


def _check_length(source: SourceFile, stream: AudioStream, settings: NormalizeSettings) -> None:
    # A header may be wrong by a factor (bit rate estimates), so only a gross excess is refused before decoding. Only
    # the stream's duration is used: that of the container includes jumps of the time stamps.
    if (stream.duration or 0.0) > 2 * settings.max_seconds:
        raise too_long(source.path.name, settings.max_seconds)


def _warnings(
    source: SourceFile, stream: AudioStream, pcm: Pcm, clock: Clock, settings: NormalizeSettings
) -> tuple[str, ...]:
    """Defects of a recording that is usable nevertheless."""
    warnings = []
    declared = stream.duration or (None if source.has_video else source.duration)
    # Formats without a clock of their own estimate their length from the bit rate; that proves nothing.
    exact = has_clock(source.container) or source.container in {"wav", "w64", "aiff", "caf", "flac"}
    reached = clock.to_source(pcm.seconds) - clock.to_source(0.0)  # a gap of its clock is no loss
    if exact and declared and declared - reached > max(1.0, 0.02 * declared):
        warnings.append(f"truncated: {pcm.seconds:.1f} s of {declared:.1f} s could be decoded")
    if pcm.complaints:
        warnings.append(f"damaged: {pcm.complaints[0]}")
    if settings.keep_channels and pcm.channels < stream.channels:
        warnings.append(f"channels not kept: {stream.channels} are more than FLAC supports")
    return tuple(warnings)
