"""Limits of one ffmpeg or ffprobe process: memory, processor time, size of files, number of processes.

A file of a few kilobytes can claim millions of samples or hours of audio. What a process may use therefore grows with
the size of the file that it reads, not with what the file claims.
"""

from __future__ import annotations

import math
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from mediaindex.settings import DecodingSettings

_MB = 1 << 20
# Private writable memory. ffmpeg takes 50 MB for usual files, more for large pictures. The index of an MP4 takes up to
# 100 bytes per sample, and samples of speech have 6 bytes and more.
LEAST_MEMORY = 384 * _MB
MEMORY_PER_BYTE = 16
# Address space also counts program text, libraries and reservations that are never used.
RESERVED = 2048 * _MB
CPU_PER_WALL_SECOND = 2  # decoding and filtering audio keeps fewer than two cores busy
CPU_GRACE_S = 5  # between SIGXCPU and SIGKILL
STACK = 2 * _MB  # also of each thread
PROCESSES = 128  # threads count; ffmpeg starts up to 16 per decoder and per filter graph
# Output may be somewhat larger than its input, which is PCM if there is no limit of its own (``-fs``).
SPARE_OUTPUT = 64 * _MB
# Before Linux 5.14 the processes of a user were counted together, inside and outside of a user namespace.
_COUNTED_APART = (5, 14)


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a command. All commands name files as ``file:`` URLs with absolute paths."""

    inputs: tuple[Path, ...] = ()
    outputs: tuple[Path, ...] = ()
    largest_output: int | None = None  # bytes, if the command itself limits them

    @classmethod
    def of(cls, command: Sequence[str]) -> Files:
        """The files that an ffmpeg or ffprobe command reads and writes."""
        inputs: list[Path] = []
        outputs: list[Path] = []
        limits: list[int] = []
        reads = Path(command[0]).name == "ffprobe"
        for before, argument in pairwise(command):
            if argument.startswith("file:"):
                place = inputs if reads or before == "-i" else outputs
                place.append(Path(argument.removeprefix("file:")))
            if before == "-fs":
                limits.append(int(argument))
        return cls(tuple(inputs), tuple(outputs), max(limits, default=None))

    @property
    def size(self) -> int:
        """Bytes of all inputs; a missing file has none."""
        return sum(path.stat().st_size for path in self.inputs if path.is_file())


@dataclass(frozen=True, slots=True)
class Limits:
    """``memory`` and ``file_size`` in bytes; ``cpu_s``: seconds of processor time of all threads."""

    memory: int
    cpu_s: int
    file_size: int

    @classmethod
    def of(cls, files: Files, limit_s: float) -> Limits:
        """The limits of a process that reads and writes ``files`` and may take ``limit_s`` seconds."""
        most = DecodingSettings.read().decoder_memory_mb * _MB
        size = files.size
        largest = 2 * size if files.largest_output is None else files.largest_output
        return cls(
            memory=min(most, LEAST_MEMORY + MEMORY_PER_BYTE * size),
            cpu_s=math.ceil(CPU_PER_WALL_SECOND * limit_s),
            file_size=largest + SPARE_OUTPUT if files.outputs else 0,
        )

    def prefix(self, *, in_user_namespace: bool) -> list[str]:
        """The command that sets the limits and runs the rest of the command line; empty without prlimit(1)."""
        prlimit = shutil.which("prlimit")
        if prlimit is None:
            return []
        limits = {
            "data": self.memory,
            "as": self.memory + RESERVED,
            "cpu": f"{self.cpu_s}:{self.cpu_s + CPU_GRACE_S}",
            "fsize": self.file_size,
            "stack": STACK,
            "core": 0,
        }
        if in_user_namespace and _processes_are_counted_apart():
            limits["nproc"] = PROCESSES
        return [prlimit, *(f"--{name}={value}" for name, value in limits.items()), "--"]


def _processes_are_counted_apart() -> bool:
    version = re.match(r"(\d+)\.(\d+)", os.uname().release)
    return version is not None and tuple(map(int, version.groups())) >= _COUNTED_APART
