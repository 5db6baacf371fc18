"""One ffmpeg or ffprobe process: its output streamed, its complaints kept in bounds, its time limited."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO

from mediaindex.errors import BadMediaError, ConfigError, ErrorCode, TransientError

PIECE = 1 << 20  # bytes read at a time
MESSAGES = 60  # the last lines of stderr that are kept
LONGEST_MESSAGE = 500  # bytes of a line
# How many times longer than usual a process may take that gets only the processor time that nobody else wants, and the
# longest (s).
LEFTOVER_TIME_FACTOR, LEFTOVER_LIMIT_S = 20.0, 3600.0
HANDED_DOWN = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TMPDIR", "HOME")

_ADDRESS = re.compile(r" @ 0x[0-9a-f]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended; ``messages`` are its last lines on stderr, without addresses and control characters."""

    code: int
    messages: tuple[str, ...]


def run(command: Sequence[str], limit_s: float, consume: Callable[[bytes], None], *, name: str) -> Ended:
    """Run ``command``, handing what it writes to ``consume``; an error raised there ends the process.

    ``name`` is the recording, for messages. Raises BadMediaError (``timed_out``) after ``limit_s`` seconds,
    TransientError where something else killed it or a backfill got no processor, and ConfigError where the program is
    not installed.
    """
    leftover = _gets_what_is_left_over()
    if leftover:
        limit_s = min(LEFTOVER_TIME_FACTOR * limit_s, LEFTOVER_LIMIT_S)
    process = _started(command)
    late = threading.Event()
    messages: deque[str] = deque(maxlen=MESSAGES)
    timer = threading.Timer(limit_s, _end, (process, late))
    listener = threading.Thread(target=_listen, args=(process.stderr, messages), daemon=True)
    timer.start()
    listener.start()
    try:
        assert process.stdout is not None  # noqa: S101  # a pipe was asked for
        while piece := process.stdout.read1(PIECE):  # type: ignore[attr-defined]  # a BufferedReader
            consume(piece)
        process.wait()
    finally:
        timer.cancel()
        if process.poll() is None:
            process.kill()
        process.wait()
        listener.join()
        for stream in (process.stdout, process.stderr):
            stream.close()  # type: ignore[union-attr]
    if late.is_set():
        raise _too_late(f"{printable(name)}: {command[0]}", limit_s, leftover=leftover)
    if process.returncode < 0:
        # Half of the audio would pass for all of it, and be kept under the recording's name for ever.
        raise TransientError(
            f"{printable(name)}: {command[0]} was ended by signal {-process.returncode}, most often for want of "
            "memory; it is tried again",
            code=ErrorCode.FFMPEG_KILLED,
        )
    return Ended(process.returncode, tuple(messages))


def _too_late(what: str, limit_s: float, *, leftover: bool) -> BadMediaError | TransientError:
    if leftover:
        return TransientError(
            f"{what} had not ended after {limit_s:.0f} s; as part of a backfill it only gets the processor time that "
            "nobody else wants; it is tried again",
            code=ErrorCode.STARVED,
        )
    return BadMediaError(
        f"{what} was still busy with it after {limit_s:.0f} s and was ended; the file is damaged or made to waste time",
        code=ErrorCode.TIMED_OUT,
    )


def _gets_what_is_left_over() -> bool:
    """Whether this process, and so what it starts, is in Linux's idle class, as a backfill's are."""
    return hasattr(os, "SCHED_IDLE") and os.sched_getscheduler(0) == os.SCHED_IDLE


def _started(command: Sequence[str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # It parses files of strangers: it gets none of our credentials.
            env={variable: os.environ[variable] for variable in HANDED_DOWN if variable in os.environ},
        )
    except FileNotFoundError as error:
        raise ConfigError(
            f"{command[0]} is not installed: apt-get install ffmpeg (or put it on the PATH)",
            code=ErrorCode.FFMPEG_MISSING,
        ) from error


def printable(text: str, longest: int = 200) -> str:
    """``text`` from a file, safe for one log line."""
    return _CONTROL.sub(" ", text.encode("utf-8", "replace").decode()).strip()[:longest]


def _end(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    if process.poll() is None:
        late.set()
        process.kill()


def _listen(stream: IO[bytes], messages: deque[str]) -> None:
    while line := stream.readline(LONGEST_MESSAGE):
        text = printable(_ADDRESS.sub("", line.decode("utf-8", "replace")), LONGEST_MESSAGE)
        if text:
            messages.append(text)
