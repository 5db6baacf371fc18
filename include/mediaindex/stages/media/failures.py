"""Errors for the messages of ffmpeg about files that it cannot read."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path

from mediaindex.errors import BadMediaError, ErrorCode

from .process import printable

# Messages about a container that ends too early.
TRUNCATED = ("moov atom not found", "no 'data' tag found", "End of file", "Truncat", "EBML header parsing failed")


def unreadable(name: str, messages: Sequence[str]) -> BadMediaError:
    """ffprobe cannot read the file."""
    detail = messages[0] if messages else "without a message"
    if any(sign in message for sign in TRUNCATED for message in messages):
        return BadMediaError(
            f"{printable(name)}: the file is cut off or its index is missing ({detail}); upload it again",
            code=ErrorCode.TRUNCATED,
        )
    return BadMediaError(
        f"{printable(name)}: not audio or video that ffmpeg can read ({detail}); if it is headerless audio, declare "
        "raw_format in its source",
        code=ErrorCode.NOT_MEDIA,
    )


def needs_hint(name: str) -> BadMediaError:
    """The file is headerless audio of an undeclared format."""
    return BadMediaError(
        f"{printable(name)}: headerless audio; declare raw_format (format, sample_rate, channels) in its source",
        code=ErrorCode.NEEDS_HINT,
    )


def undecodable(name: str, messages: Sequence[str]) -> BadMediaError:
    """ffmpeg cannot decode the audio stream."""
    detail = messages[0] if messages else "without a message"
    return BadMediaError(
        f"{printable(name)}: the audio cannot be decoded ({detail}); upload the recording again",
        code=ErrorCode.DECODE_FAILED,
    )


def without_audio(name: str, seconds: float) -> BadMediaError:
    """The audio stream is (almost) empty."""
    return BadMediaError(
        f"{printable(name)}: the audio stream holds no audio ({seconds:.4f} s); upload the recording again",
        code=ErrorCode.EMPTY_AUDIO,
    )


def too_long(name: str, limit_s: float) -> BadMediaError:
    """The recording is longer than the setting allows."""
    return BadMediaError(
        f"{printable(name)}: more than {limit_s / 3600:.0f} hours of audio; split it or raise normalize's max_seconds",
        code=ErrorCode.TOO_LONG,
    )


def check_disk(messages: Sequence[str], target: Path) -> None:
    """Raise OSError if ffmpeg could not write ``target`` because the disk is full: the recording is not at fault."""
    for number in (errno.ENOSPC, errno.EDQUOT):
        if any(message.endswith(os.strerror(number)) for message in messages):
            raise OSError(number, os.strerror(number), str(target))
