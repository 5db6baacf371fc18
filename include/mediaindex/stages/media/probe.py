"""Read the headers of a file, and choose the audio stream to index."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mediaindex.errors import BadMediaError, ErrorCode
from mediaindex.printable import printable
from mediaindex.settings import DecodingSettings
from mediaindex.timeline import Span

from . import layouts
from .commands import Option, inspect
from .edit_lists import silent_edits
from .plausibility import check_samples
from .process import needs_hint, run
from .protection import check_protection
from .refusals import check_extra, check_file, unreadable
from .riff import rest_of

if TYPE_CHECKING:
    from mediaindex.contract.job import RawFormat


# Containers whose time is given by the samples alone. The start time that ffprobe reports is the encoder's delay, which
# the decoder removes, or an estimate.
# fmt: off
WITHOUT_CLOCK = frozenset((
    "wav", "w64", "aiff", "au", "caf", "flac", "mp3", "aac", "ac3", "eac3", "dts", "dtshd", "amr", "amrnb",
    "amrwb", "ape", "tta", "wv", "tak", "shn", "mpc", "mpc8", "voc", "sox", "ircam", "nistsphere", "g722",
    "g726", "gsm", "ilbc", "sds", "truehd", "loas", "qcp", "dsf", "wsd", "wve", "adx", "aptx", "spdif",
))

# "mov" is also mp4, m4a and 3gp; "matroska" is also webm.
WITH_CLOCK = (
    "mov", "matroska", "ogg", "mpegts", "mpeg", "avi", "asf", "flv", "live_flv", "mxf", "rm", "wtv", "dv",
    "nut", "ivf", "xmv", "ty", "pva", "gxf", "nsv", "swf", "vivo", "kux", "dhav", "lxf",
)
# fmt: on


def allowed_formats() -> str:
    """The names of the formats that ffmpeg may read, with those that the installation adds.

    Raises ConfigError if one of them names other files.
    """
    extra = DecodingSettings.read().extra_formats
    check_extra(extra)
    return ",".join([*sorted(WITHOUT_CLOCK), *WITH_CLOCK, *extra])


# Suffixes of headerless audio, whose format must be declared.
RAW_SUFFIXES = frozenset({".raw", ".pcm", ".s16", ".sw", ".ulaw", ".alaw", ".ul", ".al", ".sln", ".vox"})

RAW_FORMATS = frozenset(
    f"{kind}{bits}{order}" for kind in "su" for bits in (16, 24, 32) for order in ("le", "be")
) | frozenset({"s8", "u8", "mulaw", "alaw", "f32le", "f32be", "f64le", "f64be"})


def has_clock(container: str) -> bool:
    """Whether a container (ffprobe's ``format_name``) has meaningful time stamps."""
    return not WITHOUT_CLOCK.intersection(container.split(","))


PROBE_SECONDS = 60.0
# How much of a file is read to find a stream that begins late: an hour (µs), and the bytes that ffmpeg may buffer.
WIDE = {"analyzeduration": 3600 * 1_000_000, "probesize": 256 << 20}
LONGEST_TITLE = 200  # characters
LARGEST_PROBE = 16 << 20  # bytes of JSON; no recording has more headers
SAMPLE_RATES = range(100, 768_001)
MOST_CHANNELS = 64
# Streams with a second voice over the programme.
SIDE_STREAMS = ("comment", "visual_impaired", "hearing_impaired", "dub", "karaoke", "clean_effects")


@dataclass(frozen=True, slots=True)
class AudioStream:
    """An audio stream; times in seconds, None if the file does not have them.

    ``layout``: of the channels, if it tells how to mix them. ``silent``: times in which nothing is played, although the
    file has audio for them.
    """

    index: int
    codec: str
    sample_rate: int
    channels: int
    layout: str | None
    start: float | None
    duration: float | None
    default: bool
    side: bool  # commentary, description, dub
    language: str | None = None  # as the file writes it
    programme: int | None = None  # of a transport stream
    silent: tuple[Span, ...] = ()
    wide: bool = False  # its decoder gives more than 16 bits
    scale_db: float = 0.0  # gain before its samples are rounded to 16 bits

    @property
    def known(self) -> bool:
        """Whether its format is known."""
        return self.channels > 0 and self.codec != "unknown"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that ffmpeg can read.

    ``options``: options of ffmpeg before ``-i``; ``warnings``: defects of its header; ``start``: time of its earliest
    stream, in seconds.
    """

    path: Path
    container: str
    streams: tuple[AudioStream, ...]
    duration: float | None
    has_video: bool
    title: str | None
    options: dict[str, str | int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    start: float | None = None

    @property
    def url(self) -> str:
        """The path as a URL, so that ffmpeg does not read it as an option, a pattern or another protocol."""
        return f"file:{self.path.absolute()}"


def probe(path: Path, raw_format: RawFormat | None = None) -> SourceFile:
    """Read the headers of a file.

    ``raw_format`` is used for files named as headerless audio, and for files without a known container.
    Raises BadMediaError: ``missing_file``, ``not_a_file``, ``empty_file``, ``encrypted``, ``format_not_allowed``,
    ``not_media``, ``truncated``, ``needs_hint``, ``bad_hint``, ``absurd_parameters``, ``timed_out``; DoubtfulError:
    ``implausible_media``, ``media_limit``.
    """
    check_file(path)
    raw_name = path.suffix.lower() in RAW_SUFFIXES
    if raw_name and raw_format:
        return _raw(path, raw_format)
    check_protection(path)
    try:
        return _whole(_with_late_streams(_probe(path)))
    except BadMediaError as error:
        if error.code not in {ErrorCode.NOT_MEDIA, ErrorCode.TRUNCATED, ErrorCode.FORMAT_NOT_ALLOWED}:
            raise
        if raw_format:
            return _raw(path, raw_format)
        if raw_name:
            raise needs_hint(path.name) from error
        raise


def _raw(path: Path, raw: RawFormat) -> SourceFile:
    valid = raw.format in RAW_FORMATS and raw.sample_rate in SAMPLE_RATES and 0 < raw.channels <= MOST_CHANNELS
    if not valid:
        raise BadMediaError(
            f"raw_format {printable(raw.format)}, {raw.sample_rate} Hz, {raw.channels} channels: the format must be "
            f"one of {', '.join(sorted(RAW_FORMATS))}, the rate at most {SAMPLE_RATES.stop - 1} Hz, the channels "
            f"1-{MOST_CHANNELS}; correct it in the source",
            code=ErrorCode.BAD_HINT,
        )
    wide = not raw.format.startswith(("s8", "u8", "s16", "u16", "mulaw", "alaw"))
    stream = AudioStream(
        0, f"pcm_{raw.format}", raw.sample_rate, raw.channels, None, None, None, default=True, side=False, wide=wide
    )
    options: dict[str, str | int] = {"format": raw.format, "ar": raw.sample_rate, "ac": raw.channels}
    return SourceFile(path, raw.format, (stream,), None, False, None, options)


def _with_late_streams(source: SourceFile) -> SourceFile:
    """The source, read again with a wider window if it may have audio that begins late."""
    if all(stream.known for stream in source.streams) and (source.streams or not source.has_video):
        return source
    return _probe(source.path, WIDE)


def _whole(source: SourceFile) -> SourceFile:
    """The source with options to read all of a WAV file whose header says less than it holds; otherwise a warning."""
    rest = rest_of(source.path) if source.container in {"wav", "aiff"} else None
    if rest is None or (rest.places and not rest.readable):  # joined files of different formats are read one by one
        return source
    says = f"understated: the header says {source.duration or 0.0:.1f} s, but {rest.size} bytes follow"
    if not rest.readable:
        return replace(source, warnings=(f"{says}, which are not read; repair the file",))
    return replace(
        source,
        streams=tuple(replace(stream, duration=None) for stream in source.streams),
        duration=None,
        options=source.options | {"ignore_length": 1},
        warnings=(f"{says}, which are read",),
    )


def _probe(path: Path, window: Mapping[str, int] = MappingProxyType({})) -> SourceFile:
    options: dict[str, str | int] = {"format_whitelist": allowed_formats(), **window}
    out = bytearray()

    def keep(piece: bytes) -> None:
        out.extend(piece)
        if len(out) > LARGEST_PROBE:
            raise BadMediaError(
                f"{printable(path.name)}: the headers are too large; upload the file again",
                code=ErrorCode.ABSURD_PARAMETERS,
            )

    requested: dict[str, Option] = {
        **options,
        "show_format": None,
        "show_streams": None,
        "show_programs": None,
        "of": "json",
    }
    ended = run(inspect(f"file:{path.absolute()}", requested), PROBE_SECONDS, keep, name=path.name)
    if ended.code != 0:
        raise unreadable(path, ended.messages)
    probed = json.loads(out.decode("utf-8", "replace"))
    check_samples(printable(path.name), probed.get("streams", []), path.stat().st_size)
    return _source(path, probed, options)


def _source(path: Path, probed: dict[str, Any], options: dict[str, str | int]) -> SourceFile:
    container = probed.get("format", {})
    streams = probed.get("streams", [])
    programmes = {
        stream["index"]: programme.get("program_id")
        for programme in probed.get("programs", [])
        for stream in programme.get("streams", [])
    }
    title = printable(str(container.get("tags", {}).get("title", "")).strip(), LONGEST_TITLE)
    name = str(container.get("format_name", "unknown"))
    silent = silent_edits(path) if "mov" in name.split(",") else {}
    return SourceFile(
        path=path,
        container=name,
        streams=tuple(
            _stream(stream, programmes.get(stream["index"]), silent)
            for stream in streams
            if stream.get("codec_type") == "audio"
        ),
        duration=_number(container.get("duration")),
        start=_number(container.get("start_time")),
        has_video=any(
            stream.get("codec_type") == "video" and not stream.get("disposition", {}).get("attached_pic")
            for stream in streams
        ),
        title=title or None,
        options=options,
    )


def _stream(stream: dict[str, Any], programme: int | None, silent: dict[int, tuple[Span, ...]]) -> AudioStream:
    disposition = stream.get("disposition", {})
    language = printable(str(stream.get("tags", {}).get("language", "")), 20)
    return AudioStream(
        index=int(stream["index"]),
        codec=str(stream.get("codec_name", "unknown")),
        sample_rate=int(_number(stream.get("sample_rate")) or 0),
        channels=int(stream.get("channels", 0)),
        layout=layouts.usable(str(stream.get("channel_layout"))),
        start=_number(stream.get("start_time")),
        duration=_number(stream.get("duration")),
        default=bool(disposition.get("default")),
        side=any(disposition.get(kind) for kind in SIDE_STREAMS),
        language=language if language not in {"", "und"} else None,
        programme=programme,
        silent=silent.get(_identity(stream), ()),
        wide=str(stream.get("sample_fmt", "")).rstrip("p") in {"s32", "s64", "flt", "dbl"},
    )


def _identity(stream: dict[str, Any]) -> int:
    """The number of a track, which ffprobe shows as ``0x1``; 0 if it has none."""
    try:
        return int(str(stream.get("id", "0")), 0)
    except ValueError:
        return 0


def _number(text: object) -> float | None:
    try:
        return float(str(text))
    except ValueError:
        return None
