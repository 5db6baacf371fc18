"""Choose the audio streams (tracks) of a file to index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mediaindex.contract.settings import TrackPolicy
from mediaindex.errors import BadMediaError, ErrorCode
from mediaindex.printable import logger, printable

from .probe import MOST_CHANNELS, SAMPLE_RATES, AudioStream, SourceFile

MOST_TRACKS = 16  # each takes disk space and a decoding of its own

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Tracks:
    """The tracks of a file: ``main`` gives the facts about the recording, ``others`` belong to it as well.

    ``alternatives`` are in another language or programme than ``main``: they are of use only when it has no sound.
    """

    main: AudioStream
    others: tuple[AudioStream, ...] = ()
    alternatives: tuple[AudioStream, ...] = ()
    warnings: tuple[str, ...] = ()


def choose_tracks(source: SourceFile, policy: TrackPolicy) -> Tracks:
    """The tracks to index by this policy. Raises BadMediaError like ``choose_stream``."""
    main = choose_stream(source)
    rest = [stream for stream in source.streams if stream is not main]
    if policy == "first" or not rest:
        return Tracks(main)
    unknown = [stream for stream in rest if not _is_usable(stream)]
    side = [stream for stream in rest if stream.side and stream not in unknown]
    usable = [stream for stream in rest if stream not in unknown and stream not in side]
    usable, surplus = usable[: MOST_TRACKS - 1], usable[MOST_TRACKS - 1 :]
    alternatives = [stream for stream in usable if _is_alternative(stream, main, policy)]
    left_out = (
        (unknown, "their format is unknown"),
        (side, "they are marked as commentary, description or dub"),
        (surplus, f"at most {MOST_TRACKS} are used"),
    )
    return Tracks(
        main,
        tuple(stream for stream in usable if stream not in alternatives),
        tuple(alternatives),
        tuple(left_out_warning(source, streams, why) for streams, why in left_out if streams),
    )


def choose_stream(source: SourceFile) -> AudioStream:
    """The main stream, by this order: streams other than commentary, description or dub; the default stream; the most
    channels; the longest; the first.

    Raises BadMediaError: ``no_audio_stream``, ``absurd_parameters``.
    """
    name = printable(source.path.name)
    usable = [stream for stream in source.streams if stream.known]
    if not usable:
        what = "has only video" if source.has_video else "has no audio stream"
        raise BadMediaError(f"{name}: the file {what}; upload one with audio", code=ErrorCode.NO_AUDIO_STREAM)
    best = min(usable, key=lambda s: (s.side, not s.default, -s.channels, -(s.duration or 0.0), s.index))
    if not _is_usable(best):
        raise BadMediaError(
            f"{name}: the header declares {best.sample_rate} Hz and {best.channels} channels, which is impossible "
            f"({SAMPLE_RATES.start}-{SAMPLE_RATES.stop - 1} Hz, at most {MOST_CHANNELS} channels); upload it again",
            code=ErrorCode.ABSURD_PARAMETERS,
        )
    if len(usable) > 1:
        log.info("%s: stream %d is the main one of %d audio streams", name, best.index, len(usable))
    return best


def left_out_warning(source: SourceFile, streams: Iterable[AudioStream], why: str) -> str:
    """The warning that these tracks are not part of the transcript; it counts tracks from 1."""
    names = ", ".join(track_name(source, stream) for stream in streams)
    return f"tracks left out: {names}: {why}"


def track_name(source: SourceFile, stream: AudioStream) -> str:
    """The number of the track, from 1, and its language."""
    number = source.streams.index(stream) + 1
    return f"{number} ({stream.language})" if stream.language else f"{number}"


def _is_usable(stream: AudioStream) -> bool:
    return stream.known and stream.sample_rate in SAMPLE_RATES and stream.channels <= MOST_CHANNELS


def _is_alternative(stream: AudioStream, main: AudioStream, policy: TrackPolicy) -> bool:
    """Whether the two say the same in two languages, or belong to different programmes."""
    languages: Sequence[str | None] = (stream.language, main.language)
    programmes = (stream.programme, main.programme)
    different = [None not in pair and pair[0] != pair[1] for pair in (languages, programmes)]
    return different[1] or (different[0] and policy != "each")
