"""Whether a file can hold the audio that its index claims.

An index may name the same bytes many times: a few kilobytes are then hours of audio, or millions of samples. Such a
file is damaged, or made to waste time; a person decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mediaindex.errors import DoubtfulError, ErrorCode
from mediaindex.printable import printable
from mediaindex.timeline import Span

from .commands import inspect
from .process import run

if TYPE_CHECKING:
    from .probe import AudioStream, SourceFile

# Memory of the demuxer grows with the claimed samples, by about 100 bytes each; fewer samples do no harm. The index of
# a file that was cut off claims more than the file has, too, but rarely a sample per byte. PCM takes no memory.
HARMLESS_SAMPLES = 1_000_000
# Bytes per second of decoded audio: a file with fewer is read once more. Usual codecs for speech have 1,500 to 8,000,
# PCM of telephones and microphones 8,000 and more.
SUSPICIOUS, SUSPICIOUS_PCM = 8_000.0, 40_000.0
# Packets of one stream add up to less than the file; muxers may share a few.
MOST_SHARED = 1.1
LEAST_SHARED = 65_536  # bytes
# Containers whose index says where each packet lies; in others packets follow each other.
INDEXED = frozenset({"mov", "avi", "mxf", "gxf", "rm", "asf"})


def check_samples(name: str, streams: Sequence[Mapping[str, Any]], size: int) -> None:
    """Raise DoubtfulError (``implausible_media``) if a stream (of ffprobe) claims more samples than the file has bytes.

    The demuxer may drop such an index without an error if memory is short, so that the stream seems to be empty.
    """
    claims = (
        int(text)
        for stream in streams
        if (text := str(stream.get("nb_frames", ""))).isdecimal() and not is_pcm(str(stream.get("codec_name", "")))
    )
    claimed = max(claims, default=0)
    if claimed > max(size, HARMLESS_SAMPLES):
        raise implausible(f"{name}: the index claims {claimed} samples in a file of {size} bytes")


def check_length(source: SourceFile, stream: AudioStream, seconds: float) -> None:
    """Raise DoubtfulError (``implausible_media``) if the packets of ``stream`` are more bytes than the file has.

    ``seconds``: of decoded audio. Reads the file once more, without decoding, if it is small for them.
    """
    size = source.path.stat().st_size
    suspicious = SUSPICIOUS_PCM if is_pcm(stream.codec) else SUSPICIOUS
    if not INDEXED.intersection(source.container.split(",")) or size > suspicious * seconds:
        return
    read = 0
    rest = b""

    def add(piece: bytes) -> None:
        nonlocal read, rest
        *lines, rest = (rest + piece).split(b"\n")
        read += sum(_bytes_decoded(line, stream.silent) for line in lines)

    shown = {"select_streams": str(stream.index), "show_entries": "packet=pts_time,size", "of": "csv=p=0"}
    run(inspect(source.url, {**source.options, **shown}), 120.0 + seconds / 60, add, name=source.path.name)
    if read > max(LEAST_SHARED, MOST_SHARED * size):
        raise implausible(
            f"{printable(source.path.name)}: the index names {read} bytes of audio, {seconds:.0f} s, in a file of "
            f"{size} bytes, so that parts are repeated"
        )


def _bytes_decoded(line: bytes, silent: Sequence[Span]) -> int:
    """The size of a packet, from a line of its time (``N/A`` if unknown) and size; 0 if it is not decoded."""
    time, _, size = line.strip().rstrip(b",").partition(b",")
    if not size.isdigit():  # side data
        return 0
    left_out = time != b"N/A" and any(span.start <= float(time) < span.end for span in silent)
    return 0 if left_out else int(size)


def is_pcm(codec: str) -> bool:
    """Whether the codec has a fixed number of bytes per sample."""
    return codec.startswith("pcm_")


def implausible(problem: str) -> DoubtfulError:
    """The error of a file that claims more audio than it can hold."""
    return DoubtfulError(
        f"{problem}; listen to the file, and upload it again in another format if it is genuine",
        code=ErrorCode.IMPLAUSIBLE_MEDIA,
    )
