"""What ffmpeg says when it cannot read a file, as a reason that people can act on."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path

from mediaindex.errors import BadMediaError, ErrorCode

from .process import printable

# Said of a container that began well and stops too soon.
TRUNCATED = ("moov atom not found", "no 'data' tag found", "End of file", "Truncat", "EBML header parsing failed")


def unreadable(name: str, messages: Sequence[str]) -> BadMediaError:
    """ffprobe could not read the file at all."""
    said = messages[0] if messages else "it said nothing"
    if any(sign in message for sign in TRUNCATED for message in messages):
        return BadMediaError(
            f"{printable(name)}: the file is cut off or its index is missing ({said}); upload it again",
            code=ErrorCode.TRUNCATED,
        )
    return BadMediaError(
        f"{printable(name)}: not audio or video that ffmpeg reads ({said}); if it is headerless audio, declare "
        "raw_format on its source",
        code=ErrorCode.NOT_MEDIA,
    )


def needs_hint(name: str) -> BadMediaError:
    """Headerless audio, and nobody said how to read it."""
    return BadMediaError(
        f"{printable(name)}: headerless audio; declare raw_format (format, sample_rate, channels) on its source",
        code=ErrorCode.NEEDS_HINT,
    )


def undecodable(name: str, messages: Sequence[str]) -> BadMediaError:
    """There is an audio stream and ffmpeg got nothing out of it, with complaints."""
    said = messages[0] if messages else "it said nothing"
    return BadMediaError(f"{printable(name)}: its audio cannot be decoded ({said})", code=ErrorCode.DECODE_FAILED)


def without_audio(name: str, seconds: float) -> BadMediaError:
    """There is an audio stream with (almost) nothing in it."""
    return BadMediaError(
        f"{printable(name)}: an audio stream with no audio in it ({seconds:.4f} s)", code=ErrorCode.EMPTY_AUDIO
    )


def too_long(name: str, limit_s: float) -> BadMediaError:
    """More audio than the setting allows."""
    return BadMediaError(
        f"{printable(name)}: more than {limit_s / 3600:.0f} hours of audio; split it or raise normalize's max_seconds",
        code=ErrorCode.TOO_LONG,
    )


def check_disk(messages: Sequence[str], target: Path) -> None:
    """Raise OSError where ffmpeg could not write ``target``: then the disk is at fault, and not what it read."""
    for number in (errno.ENOSPC, errno.EDQUOT):
        if any(message.endswith(os.strerror(number)) for message in messages):
            raise OSError(number, os.strerror(number), str(target))
