"""The stage ``normalize``: any recording to 16 kHz mono FLAC at one loudness, on its source's clock.

Two passes: the source is decoded once (again only if its channels may cancel each other out) to PCM that is hashed and
measured; loudness and noise treatment then work on the PCM. Memory does not grow with the duration; the stage takes
about 125 MB of disk space per hour of audio while it runs.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mediaindex.contract.results import NormalizedAudio
from mediaindex.contract.settings import NormalizeSettings
from mediaindex.errors import ConfigError
from mediaindex.stages.media.clock_checks import file_start, missing_seconds
from mediaindex.stages.media.decode import MOST_FLAC_CHANNELS, Pcm
from mediaindex.stages.media.encode import encode_flac, noise_filter
from mediaindex.stages.media.extract import Extracted
from mediaindex.stages.media.loudness import Loudness, gain_db, join, measure_speech
from mediaindex.stages.media.parts import extract_parts
from mediaindex.stages.media.probe import AudioStream, SourceFile, probe
from mediaindex.stages.media.tracks import choose_tracks
from mediaindex.timeline import round_to_ms

from .audio import Audio
from .media.process import too_long

if TYPE_CHECKING:
    from mediaindex.contract.job import RawFormat

VERSION = 5
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
    tracks = choose_tracks(probed, settings.tracks)
    stream = tracks.main
    _check_length(probed, stream, settings)
    out_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".normalize-", dir=out_dir) as folder:
        extracted = extract_parts(probed, tracks, Path(folder), settings)
        pcm, clock = extracted.pcm, extracted.clock
        loudness, gain = _write(pcm, settings, out_dir)
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
        file_start=file_start(probed, clock),
        tracks=tuple(used.index for used in extracted.streams) if len(extracted.streams) > 1 else (),
        speaker_per_channel=extracted.channel_per_track and settings.tracks == "each",
        warnings=(*probed.warnings, *extracted.warnings, *_warnings(probed, extracted, settings)),
    )


def audio_of(normalized: NormalizedAudio, out_dir: Path) -> Audio:
    """The audio that ``normalize`` wrote to ``out_dir``, for the other stages."""
    channels = (lambda: out_dir / CHANNELS) if normalized.channels_kept > 1 else None
    return Audio(out_dir / AUDIO, normalized.duration, normalized.clock, channels)


def files_of(normalized: NormalizedAudio) -> tuple[str, ...]:
    """The names of the files that ``normalize`` wrote."""
    return (AUDIO, CHANNELS) if normalized.channels_kept > 1 else (AUDIO,)


def _write(pcm: Pcm, settings: NormalizeSettings, out_dir: Path) -> tuple[Loudness, float]:
    """Write the FLAC files; returns measurement and gain (dB) of the mix."""
    prepare = noise_filter(pcm.path) if settings.reduce_noise else None
    if pcm.channels_path:  # with its own gain: a speaker is louder on a channel than in the mix
        _level(replace(pcm, path=pcm.channels_path), prepare, settings, out_dir / CHANNELS)
    return _level(replace(pcm, channels=1), prepare, settings, out_dir / AUDIO)


def _level(pcm: Pcm, prepare: str | None, settings: NormalizeSettings, target: Path) -> tuple[Loudness, float]:
    """Write ``target`` through the filter ``prepare`` at the target loudness; returns measurement and gain (dB)."""
    measured = measure_speech(pcm.path, pcm.channels, pcm.seconds, prepare, settings.max_gain_db)
    loudness = measured.loudness.shifted(-pcm.scale_db)  # that of the source
    gain = gain_db(loudness, settings.target_lufs, settings.max_true_peak_dbtp, settings.max_gain_db)
    missing = round(gain - pcm.scale_db, 2)
    volume = f"volume={missing}dB" if missing else None
    encode_flac(pcm.path, pcm.channels, pcm.seconds, join([measured.chain, volume]), target)
    return loudness, gain


def _check_length(source: SourceFile, stream: AudioStream, settings: NormalizeSettings) -> None:
    # A header may be wrong by a factor (bit rate estimates), so only a gross excess is refused before decoding. Only
    # the stream's duration is used: that of the container includes jumps of the time stamps.
    if (stream.duration or 0.0) > 2 * settings.max_seconds:
        raise too_long(source.path.name, settings.max_seconds)


def _warnings(source: SourceFile, extracted: Extracted, settings: NormalizeSettings) -> tuple[str, ...]:
    """Defects of a recording that is usable nevertheless."""
    pcm, clock, (stream, *others) = extracted.pcm, extracted.clock, extracted.streams
    warnings = []
    if missing := missing_seconds(source, stream, clock, pcm.seconds):
        declared, lost = missing
        warnings.append(f"truncated: {declared - lost:.1f} s of {declared:.1f} s could be decoded")
    if pcm.complaints:
        warnings.append(f"damaged: {pcm.complaints[0]}")
    wanted = 1 + len(others) if others else stream.channels
    if (settings.keep_channels or settings.tracks == "each") and wanted > MOST_FLAC_CHANNELS:
        warnings.append(f"channels not kept: {wanted} are more than FLAC supports")
    return tuple(warnings)
