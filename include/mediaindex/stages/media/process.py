"""Run ffmpeg or ffprobe: output is streamed, messages are bounded, time is limited."""

from __future__ import annotations

import errno
import logging
import os
import re
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mediaindex.errors import BadMediaError, ConfigError, ErrorCode, TransientError

PIECE = 1 << 20  # bytes read at a time
MESSAGES = 60  # number of last lines of stderr to keep
LONGEST_MESSAGE = 500  # bytes of a line
# For a process in Linux's idle class, which gets only unused processor time: the factor on its time limit, and the
# largest limit (s).
LEFTOVER_TIME_FACTOR, LEFTOVER_LIMIT_S = 20.0, 3600.0
PASSED_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TMPDIR", "HOME")

_ADDRESS = re.compile(r" @ 0x[0-9a-f]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a process: exit code, and its last lines on stderr without addresses and control characters."""

    code: int
    messages: tuple[str, ...]


def run(command: Sequence[str], limit_s: float, consume: Callable[[bytes], None], *, name: str) -> Ended:
    """Run ``command`` and pass its output to ``consume``; an error raised there ends the process.

    ``name``: the recording, for messages. Raises BadMediaError (``timed_out``) after ``limit_s`` seconds,
    TransientError if a signal ended the process or a backfill got no processor time, ConfigError if the program is not
    installed.
    """
    leftover = _in_idle_class()
    if leftover:
        limit_s = min(LEFTOVER_TIME_FACTOR * limit_s, LEFTOVER_LIMIT_S)
    process = _started(command)
    late = threading.Event()
    messages: deque[str] = deque(maxlen=MESSAGES)
    timer = threading.Timer(limit_s, _end, (process, late))
    collector = threading.Thread(target=_collect_messages, args=(process.stderr, messages), daemon=True)
    timer.start()
    collector.start()
    try:
        assert process.stdout is not None  # noqa: S101  # stdout is a pipe
        while piece := process.stdout.read1(PIECE):  # type: ignore[attr-defined]  # a BufferedReader
            consume(piece)
        process.wait()
    finally:
        timer.cancel()
        if process.poll() is None:
            process.kill()
        process.wait()
        collector.join()
        for stream in (process.stdout, process.stderr):
            stream.close()  # type: ignore[union-attr]
    if late.is_set():
        raise _too_late(f"{printable(name)}: {command[0]}", limit_s, leftover=leftover)
    if process.returncode < 0:
        # Otherwise a part of the audio would be stored as the whole recording.
        raise TransientError(
            f"{printable(name)}: {command[0]} was ended by signal {-process.returncode}, most often because memory "
            "ran out; it is tried again",
            code=ErrorCode.FFMPEG_KILLED,
        )
    return Ended(process.returncode, tuple(messages))


def _too_late(what: str, limit_s: float, *, leftover: bool) -> BadMediaError | TransientError:
    if leftover:
        return TransientError(
            f"{what} did not finish within {limit_s:.0f} s; as part of a backfill it gets only unused processor time; "
            "it is tried again",
            code=ErrorCode.STARVED,
        )
    return BadMediaError(
        f"{what} did not finish within {limit_s:.0f} s and was ended; the file is damaged, upload it again",
        code=ErrorCode.TIMED_OUT,
    )


def _in_idle_class() -> bool:
    """Whether this process, and so its child processes, is in Linux's idle class, as those of a backfill are."""
    return hasattr(os, "SCHED_IDLE") and os.sched_getscheduler(0) == os.SCHED_IDLE


def _started(command: Sequence[str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # The program parses untrusted files, so it gets no credentials.
            env={variable: os.environ[variable] for variable in PASSED_VARIABLES if variable in os.environ},
        )
    except FileNotFoundError as error:
        raise ConfigError(
            f"{command[0]} is not installed; run apt-get install ffmpeg, or put it on the PATH",
            code=ErrorCode.FFMPEG_MISSING,
        ) from error


def printable(text: str, longest: int = 200) -> str:
    """Untrusted ``text``, made safe for one log line."""
    return _CONTROL.sub(" ", text.encode("utf-8", "replace").decode()).strip()[:longest]


def _end(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    if process.poll() is None:
        late.set()
        process.kill()


def _collect_messages(stream: IO[bytes], messages: deque[str]) -> None:
    while line := stream.readline(LONGEST_MESSAGE):
        text = printable(_ADDRESS.sub("", line.decode("utf-8", "replace")), LONGEST_MESSAGE)
        if text:
            messages.append(text)


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
