"""Extract a file whose parts have different formats: each part is read as a file of its own, and they are joined."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from mediaindex.errors import BadMediaError, ErrorCode
from mediaindex.timeline import Anchor, Clock, round_to_ms

from .decode import Pcm
from .extract import Extracted, extract
from .joints import joints
from .probe import has_clock, probe
from .process import PIECE, too_long
from .source_clock import LONGEST_GAP, LONGEST_WAIT
from .tracks import Tracks, choose_tracks

if TYPE_CHECKING:
    from mediaindex.contract.settings import NormalizeSettings

    from .probe import SourceFile

# A part with one of these problems is left out, if another has audio.
UNUSABLE = frozenset({
    ErrorCode.NOT_MEDIA, ErrorCode.FORMAT_NOT_ALLOWED, ErrorCode.TRUNCATED, ErrorCode.NO_AUDIO_STREAM,
    ErrorCode.ABSURD_PARAMETERS, ErrorCode.DECODE_FAILED, ErrorCode.EMPTY_AUDIO, ErrorCode.ENCRYPTED,
})  # fmt: skip


def extract_parts(source: SourceFile, tracks: Tracks, folder: Path, settings: NormalizeSettings) -> Extracted:
    """``extract``, of each part of the source. Raises like it."""
    places = [] if "format" in source.options else joints(source.path, source.container)
    if not places:
        return extract(source, tracks, folder, settings)
    found: list[Extracted] = []
    errors: list[BadMediaError] = []
    warnings = [f"joined: the file is {len(places) + 1} recordings of different formats, which are all read"]
    for number, path in enumerate(_cut(source.path, places, folder), start=1):
        try:
            found.append(_extracted(path, settings))
        except BadMediaError as error:
            if error.code not in UNUSABLE:
                raise
            errors.append(error)
            warnings.append(f"part {number} left out: {error.message}")
        path.unlink()
    if not found:
        raise errors[0]
    return _joined(found, source, folder, settings, warnings)


def _cut(path: Path, places: Sequence[int], folder: Path) -> Iterator[Path]:
    """A copy of each part, with the name of the file; one at a time."""
    with path.open("rb") as file:
        for number, (start, end) in enumerate(pairwise([0, *places, path.stat().st_size])):
            own = folder / f"part{number}"
            own.mkdir()
            file.seek(start)
            with (own / path.name).open("wb") as part:
                left = end - start
                while left and (piece := file.read(min(PIECE, left))):
                    part.write(piece)
                    left -= len(piece)
            yield own / path.name


def _extracted(path: Path, settings: NormalizeSettings) -> Extracted:
    source = probe(path)
    tracks = choose_tracks(source, settings.tracks)
    # All parts have the same scale: that of 16 bits.
    main, *others = (replace(stream, wide=False) for stream in (tracks.main, *tracks.others))
    found = extract(source, replace(tracks, main=main, others=tuple(others)), path.parent, settings)
    return replace(found, warnings=(*source.warnings, *found.warnings))


def _joined(
    found: Sequence[Extracted],
    source: SourceFile,
    folder: Path,
    settings: NormalizeSettings,
    warnings: Iterable[str],
) -> Extracted:
    seconds = sum(part.pcm.seconds for part in found)
    if seconds > settings.max_seconds:
        raise too_long(source.path.name, settings.max_seconds)
    path = folder / "mono.pcm"
    sha256 = _append([part.pcm.path for part in found], path)
    separate = [part.pcm.channels_path for part in found]
    alike = len({(part.pcm.channels, part.channel_per_track) for part in found}) == 1
    channels_path = None
    if alike and None not in separate:
        channels_path = folder / "channels.pcm"
        _append([part for part in separate if part], channels_path)
    told = [*warnings, *(warning for part in found for warning in part.warnings)]
    if not alike:
        told.append("channels not kept: the recordings have different ones")
    scales = {part.pcm.scale_db for part in found}
    pcm = Pcm(
        path, sum(part.pcm.samples for part in found), sha256, channels_path,
        found[0].pcm.channels if channels_path else 1,
        tuple(complaint for part in found for complaint in part.pcm.complaints),
        scale_db=scales.pop() if len(scales) == 1 else 0.0,
    )  # fmt: skip
    clock = joined_clock([(part.clock, part.pcm.seconds) for part in found], timed=has_clock(source.container))
    return Extracted(
        pcm, clock, found[0].streams, tuple(told), found[0].channel_per_track and channels_path is not None
    )


def _append(parts: Sequence[Path], target: Path) -> str:
    """Move the bytes of the parts to ``target``; returns its SHA-256."""
    sha256 = hashlib.sha256()
    with target.open("wb") as file:
        for part in parts:
            with part.open("rb") as piece_of:
                while piece := piece_of.read(PIECE):
                    sha256.update(piece)
                    file.write(piece)
            part.unlink()
    return sha256.hexdigest()


def joined_clock(parts: Iterable[tuple[Clock, float]], *, timed: bool) -> Clock:
    """The clock of parts, each with its seconds of audio.

    ``timed``: a part that begins soon after the end of the one before keeps its own time; others follow without a gap.
    """
    anchors: list[Anchor] = []
    audio = end = 0.0
    for clock, seconds in parts:
        first = clock.anchors[0].source
        follows = timed and -LONGEST_WAIT <= first - end <= LONGEST_GAP
        shift = 0.0 if follows or not anchors else end - first
        for anchor in clock.anchors:
            latest = anchors[-1].source if anchors else 0.0
            now = Anchor(round_to_ms(audio + anchor.audio), max(latest, round_to_ms(anchor.source + shift)))
            if not anchors or round_to_ms(now.source - now.audio) != round_to_ms(
                anchors[-1].source - anchors[-1].audio
            ):
                anchors.append(now)
        end = clock.to_source(seconds) + shift
        audio = round_to_ms(audio + seconds)
    return Clock(tuple(anchors))
