"""Extract the audio of a source: of one track, or of several on one timeline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mediaindex.errors import BadMediaError, ErrorCode
from mediaindex.timeline import Clock

from .cancellation import cancelled, suspected
from .clock_checks import SourceClock, source_clock
from .decode import MOST_FLAC_CHANNELS, Pcm, decode
from .levels import AUDIBLE, SecondPowers
from .low_frequency import with_true_layout
from .mixing import Placed, common_clock, mix, overlap
from .plausibility import check_length
from .process import PIECE, too_long
from .scale import raised, with_scale
from .tracks import Tracks, left_out_warning, track_name

if TYPE_CHECKING:
    from mediaindex.contract.settings import NormalizeSettings

    from .probe import AudioStream, SourceFile

# Sound of an alternative track that lies within the sound of the recording, as a share: less is a programme that
# continues on another track.
MOST_OVERLAP = 0.1
CHANGING = {"mpegts", "mpeg"}  # containers in which a track may take the place of another
UNUSABLE = {ErrorCode.DECODE_FAILED, ErrorCode.EMPTY_AUDIO}


@dataclass(frozen=True, slots=True)
class Extracted:
    """``pcm`` holds ``streams``; ``channel_per_track``: its channels, if kept, are these streams."""

    pcm: Pcm
    clock: Clock
    streams: tuple[AudioStream, ...]
    warnings: tuple[str, ...] = ()
    channel_per_track: bool = False


@dataclass(frozen=True, slots=True)
class _Track:
    """A decoded track; ``warnings`` name it."""

    stream: AudioStream
    found: Extracted
    warnings: tuple[str, ...]

    @property
    def placed(self) -> Placed:
        return Placed(self.found.pcm.path, self.found.pcm.seconds, self.found.clock)


def extract(source: SourceFile, tracks: Tracks, folder: Path, settings: NormalizeSettings) -> Extracted:
    """Decode the tracks into ``folder``. A silent track is not used, unless all are.

    Raises BadMediaError (``decode_failed``, ``empty_audio``, ``too_long`` or ``timed_out``), DoubtfulError
    (``implausible_media``), OSError if the disk is full.
    """
    if not tracks.others and not tracks.alternatives:
        return _single(source, tracks.main, folder, settings, tracks.warnings)
    decoding = _Decoding(source, folder, settings)
    used = decoding.audible((tracks.main, *tracks.others))
    left_out = tracks.alternatives
    if not used or source.container in CHANGING:
        used, left_out = _with_alternatives(used, decoding.audible(tracks.alternatives))
    if left_out:
        why = "they are in another language or programme than the main track"
        decoding.warnings.append(left_out_warning(source, left_out, why))
    used = used or decoding.silent[:1]
    if not used:
        raise decoding.errors[0]
    warnings = (*tracks.warnings, *decoding.warnings)
    if len(used) > 1:
        return _mixed(source, used, folder, settings, warnings)
    if settings.keep_channels:
        return _single(source, used[0].stream, folder, settings, warnings)
    return replace(used[0].found, warnings=(*warnings, *used[0].found.warnings))


def _single(
    source: SourceFile, stream: AudioStream, folder: Path, settings: NormalizeSettings, warnings: Sequence[str]
) -> Extracted:
    pcm, mix_warnings = _one_channel(source, stream, folder, settings)
    check_length(source, stream, pcm.seconds)
    timed = source_clock(source, stream, pcm.times) if pcm.times else SourceClock(Clock())
    return Extracted(pcm, timed.clock, (stream,), (*warnings, *mix_warnings, *timed.warnings))


@dataclass(slots=True)
class _Decoding:
    """Decodes tracks one by one, and keeps what is wrong with them."""

    source: SourceFile
    folder: Path
    settings: NormalizeSettings
    silent: list[_Track] = field(default_factory=list)
    errors: list[BadMediaError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def audible(self, streams: Iterable[AudioStream]) -> list[_Track]:
        """Those that can be decoded and are not silent."""
        found = (self._decoded(stream) for stream in streams)
        return [track for track in found if track is not None]

    def _decoded(self, stream: AudioStream) -> _Track | None:
        own = self.folder / f"track{stream.index}"
        own.mkdir()
        try:
            found = _single(
                self.source, replace(stream, wide=False), own, replace(self.settings, keep_channels=False), ()
            )
        except BadMediaError as error:
            if error.code not in UNUSABLE:
                raise
            self.errors.append(error)
            self.warnings.append(left_out_warning(self.source, [stream], error.message))
            return None
        name = track_name(self.source, stream)
        track = _Track(stream, found, tuple(f"track {name}: {warning}" for warning in found.warnings))
        if _is_audible(found.pcm.path):
            return track
        self.silent.append(track)
        return None


def _is_audible(pcm: Path) -> bool:
    measured = SecondPowers(1)
    with pcm.open("rb") as file:
        while piece := file.read(PIECE):
            measured.take(piece)
    return float(measured.all().max(initial=0.0)) >= AUDIBLE


def _with_alternatives(used: list[_Track], alternatives: list[_Track]) -> tuple[list[_Track], tuple[AudioStream, ...]]:
    """The used tracks, with alternatives that sound at other times than these; and the other alternatives."""
    used, left_out = [*used], []
    for track in alternatives:
        bounds = track.placed.bounds()
        shared = max((overlap(bounds, other.placed.bounds()) for other in used), default=0.0)
        if shared <= MOST_OVERLAP * track.found.pcm.seconds:
            used.append(track)
        else:
            left_out.append(track.stream)
    return used, tuple(left_out)


def _mixed(
    source: SourceFile, used: list[_Track], folder: Path, settings: NormalizeSettings, warnings: Sequence[str]
) -> Extracted:
    placed = [track.placed for track in used]
    clock, seconds = common_clock(placed, settings.gap_tolerance)
    if seconds > settings.max_seconds:
        raise too_long(source.path.name, settings.max_seconds)
    keep = settings.keep_channels or settings.tracks == "each"
    channels_path = folder / "channels.pcm" if keep and len(used) <= MOST_FLAC_CHANNELS else None
    path = folder / "mono.pcm"
    samples, sha256 = mix(placed, clock, seconds, path, channels_path)
    for track in used:
        track.placed.path.unlink()
    pcm = Pcm(
        path, samples, sha256, channels_path, len(used) if channels_path else 1,
        tuple(complaint for track in used for complaint in track.found.pcm.complaints),
    )  # fmt: skip
    own = tuple(warning for track in used for warning in track.warnings)
    return Extracted(pcm, clock, tuple(track.stream for track in used), (*warnings, *own), channels_path is not None)


def _one_channel(
    source: SourceFile, stream: AudioStream, folder: Path, settings: NormalizeSettings
) -> tuple[Pcm, tuple[str, ...]]:
    """The mix of all channels, or the loudest channel if they cancel each other out; and warnings."""
    limit = settings.max_seconds
    stream = with_scale(source, with_true_layout(source, stream, limit), limit)
    to_mono = partial(decode, source, folder=folder, max_seconds=limit, gap_tolerance=settings.gap_tolerance)
    mixed = to_mono(stream, keep_channels=settings.keep_channels)
    cancellation = cancelled(source, stream, mixed, limit) if suspected(mixed) else None
    if cancellation is None:
        louder = raised(stream, mixed)
        return mixed if louder is None else to_mono(louder, keep_channels=settings.keep_channels), ()
    alone = to_mono(stream, keep_channels=False, alone=cancellation.channel)
    return replace(alone, channels_path=mixed.channels_path, channels=mixed.channels), (cancellation.warning,)
