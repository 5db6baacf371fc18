"""Run ffmpeg or ffprobe: apart and within limits; output is streamed, messages are bounded."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mediaindex.errors import BadMediaError, ConfigError, DoubtfulError, ErrorCode, MediaindexError, TransientError
from mediaindex.printable import logger, printable

from .codecs import complaints, refused
from .containment import containment
from .limits import Files, Limits

PIECE = 1 << 20  # bytes read at a time
MESSAGES = 60  # number of last lines of stderr to keep
LONGEST_MESSAGE = 500  # characters of a line that are kept
LONGEST_LINE = 8192  # bytes of a line that are read at once; the path of a file has up to 4096
# For a process in Linux's idle class, which gets only unused processor time: the factor on its time limit, and the
# largest limit (s).
LEFTOVER_TIME_FACTOR, LEFTOVER_LIMIT_S = 20.0, 3600.0
PASSED_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TMPDIR", "HOME")
# Signals of a process that exceeded a limit, of one that was killed from outside, and of one that crashed.
LIMITED = frozenset({signal.SIGXCPU, signal.SIGXFSZ})
KILLED = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
CRASHES = frozenset({signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGSYS})
# ffmpeg's messages if memory cannot be allocated, or the limit of streams is reached. It reports some damaged files
# with the first one, too, but then it also says what is damaged.
NO_MEMORY = os.strerror(errno.ENOMEM)
CERTAIN = ("Cannot add index entry", "Cannot add CTTS entry", "exceeds max_streams")
REPEATED = "Last message repeated"
# ffmpeg handles SIGXCPU and SIGTERM: it finishes the output, which then lacks the rest of the recording, and exits so.
INTERRUPTED, NOT_PERMITTED = 255, os.strerror(errno.EPERM)

_ADDRESS = re.compile(r" @ 0x[0-9a-f]+")

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a process: exit code, and its last lines on stderr without addresses and control characters."""

    code: int
    messages: tuple[str, ...]


def run(command: Sequence[str], limit_s: float, consume: Callable[[bytes], None], *, name: str) -> Ended:
    """Run ``command`` and pass its output to ``consume``; an error raised there ends the process.

    ``name``: the recording, for messages. Raises BadMediaError (``timed_out``) after ``limit_s`` seconds,
    DoubtfulError if the process crashed (``ffmpeg_crashed``) or exceeded a limit (``media_limit``), TransientError if
    it was killed or a backfill got no processor time, ConfigError if the program is not installed.
    """
    files = Files.of(command)
    limits = Limits.of(files, limit_s)
    leftover = _in_idle_class()
    if leftover:
        limit_s = min(LEFTOVER_TIME_FACTOR * limit_s, LEFTOVER_LIMIT_S)
    process = _started(command, files, limits)
    late = threading.Event()
    messages: deque[str] = deque(maxlen=MESSAGES)
    timer = threading.Timer(limit_s, _end, (process, late))
    collector = threading.Thread(target=_collect_messages, args=(process.stderr, messages, files), daemon=True)
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
    ended = Ended(process.returncode, tuple(messages))
    if error := _broken(ended, f"{printable(name)}: {command[0]}", limits):
        raise error
    return ended


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


def _started(command: Sequence[str], files: Files, limits: Limits) -> subprocess.Popen[bytes]:
    found = shutil.which(command[0])
    if found is None:
        raise ConfigError(
            f"{command[0]} is not installed; run apt-get install ffmpeg, or put it on the PATH",
            code=ErrorCode.FFMPEG_MISSING,
        )
    program = Path(found).absolute()
    way = containment()
    limited = limits.prefix(in_user_namespace=way.namespaces)
    return subprocess.Popen(
        [*way.wrap(program, files), *limited, str(program), *command[1:]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # The program parses untrusted files, so it gets no credentials. A single arena keeps its memory small.
        env={name: os.environ[name] for name in PASSED_VARIABLES if name in os.environ} | {"MALLOC_ARENA_MAX": "1"},
    )


def _broken(ended: Ended, what: str, limits: Limits) -> MediaindexError | None:
    """The error of a process that a limit or a signal ended; None if it ended by itself."""
    if ended.code == 0:
        return None
    number = _signal(ended.code)
    if ended.code == INTERRUPTED and not any(NOT_PERMITTED in message for message in ended.messages):
        number = signal.SIGXCPU
    if number in LIMITED or (number is None and _lacked_memory(ended.messages)):
        return DoubtfulError(
            f"{what} needed more than {limits.memory >> 20} MB of memory, {limits.cpu_s} s of processor time or "
            f"{limits.file_size >> 20} MB of output, which a file of this size does not need; check the file, or raise "
            "MEDIAINDEX_DECODER_MEMORY_MB",
            code=ErrorCode.MEDIA_LIMIT,
        )
    if number in KILLED:
        # Otherwise a part of the audio would be stored as the whole recording. It was within its own limits.
        return TransientError(
            f"{what} was ended by signal {number}, most often because the machine's memory ran out; it is tried again",
            code=ErrorCode.FFMPEG_KILLED,
        )
    if number is not None:
        return DoubtfulError(
            f"{what} crashed with signal {number}; upload the recording again, in another format if it persists",
            code=ErrorCode.FFMPEG_CRASHED,
        )
    return None


def _lacked_memory(messages: Sequence[str]) -> bool:
    said = [message for message in messages if REPEATED not in message]
    if any(sign in message for sign in CERTAIN for message in said):
        return True
    return bool(said) and all(NO_MEMORY in message for message in said)


def _signal(code: int) -> int | None:
    """The signal that ended a process. bubblewrap reports 128 and its number; ffmpeg has codes up to 255 of its own."""
    if code < 0:
        return -code
    return code - 128 if code - 128 in {*LIMITED, *KILLED, *CRASHES} else None


def _end(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    if process.poll() is None:
        late.set()
        process.kill()


def _collect_messages(stream: IO[bytes], messages: deque[str], files: Files) -> None:
    # Readers know the recording by its name; where a download was is no help, and temporary.
    names = {os.fsencode(path): os.fsencode(path.name) for path in (*files.inputs, *files.outputs)}
    while line := stream.readline(LONGEST_LINE):
        for path, name in names.items():
            line = line.replace(b"file:" + path, name).replace(path, name)
        text = printable(_ADDRESS.sub("", line.decode("utf-8", "replace")).strip(), LONGEST_MESSAGE)
        if text:
            messages.append(text)


def needs_hint(name: str) -> BadMediaError:
    """The file is headerless audio of an undeclared format."""
    return BadMediaError(
        f"{printable(name)}: headerless audio; declare raw_format (format, sample_rate, channels) in its source",
        code=ErrorCode.NEEDS_HINT,
    )


def undecodable(name: str, codec: str, messages: Sequence[str]) -> BadMediaError:
    """ffmpeg cannot decode the audio stream."""
    if refused(messages):
        problem = f"its codec {codec} is rarely used and not allowed here; upload the recording in another format"
        return BadMediaError(f"{printable(name)}: {problem}", code=ErrorCode.DECODE_FAILED)
    detail = next(iter(complaints(messages)), "without a message")
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
