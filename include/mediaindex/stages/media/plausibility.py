"""Whether a file can hold the audio that its tables claim.

An index may name the same bytes many times: a few kilobytes are then hours of audio, or millions of samples. Such a
file is damaged, or made to waste time; a person decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mediaindex.errors import DoubtfulError, ErrorCode

# Audio packets of a whole file add up to less than the file. Muxers that share a few packets are left alone.
MOST_SHARED = 1.5
LEAST_BYTES = 65_536  # smaller sums cost nothing


def check_samples(name: str, streams: Sequence[Mapping[str, Any]], size: int) -> None:
    """Raise DoubtfulError (``implausible_media``) if a stream (of ffprobe) claims more samples than the file has bytes.

    Memory of the demuxer grows with the claimed number, and it may drop the index without an error if memory is short.
    """
    claimed = max(
        (int(text) for stream in streams if (text := str(stream.get("nb_frames", ""))).isdecimal()), default=0
    )
    if claimed > size:
        raise implausible(f"{name}: the index claims {claimed} samples in a file of {size} bytes")


def check_packets(name: str, packet_bytes: int, size: int) -> None:
    """Raise DoubtfulError (``implausible_media``) if the packets of a stream are far more bytes than the file has."""
    if packet_bytes > max(LEAST_BYTES, MOST_SHARED * size):
        raise implausible(
            f"{name}: the index names {packet_bytes} bytes of audio in a file of {size} bytes, so parts are repeated"
        )


def implausible(problem: str) -> DoubtfulError:
    """The error of a file that claims more audio than it can hold."""
    return DoubtfulError(
        f"{problem}; listen to the file, and upload it again in another format if it is genuine",
        code=ErrorCode.IMPLAUSIBLE_MEDIA,
    )
