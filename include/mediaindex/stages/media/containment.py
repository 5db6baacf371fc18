"""Run ffmpeg and ffprobe apart: without network, without other processes and files, without privileges.

They parse untrusted files in C, so code in a file may come to run in them. It must not read the S3 secret, Airflow's
keys or the database's URL from the environment of a process of the same user, nor send anything anywhere. The strongest
of several ways that this machine offers is used; containers often forbid namespaces.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mediaindex.errors import ConfigError
from mediaindex.settings import DecodingSettings

from .limits import Files

NOBODY = "65534"
PROBE_S = 10.0
PR_SET_DUMPABLE = 4  # of prctl(2)
# Programs and libraries, readable for everybody; no home folders, no configuration, no data.
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/alternatives", "/nix/store")
LINKER = ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d")
# The first process of a process namespace: the kernel withholds signals from it, and its parent counts what it and its
# children used. The program is therefore a child of this one.
FIRST_PROCESS = ("sh", "-c", '"$0" "$@"; exit "$?"')


@dataclass(frozen=True, slots=True)
class Containment:
    """One way to run a program apart.

    ``meaning``: what it withholds, for the log; ``wrap``: the command before the program's own, from the program and
    its files; ``namespaces``: whether user, network and processes are the program's own.
    """

    name: str
    meaning: str
    wrap: Callable[[Path, Files], list[str]]
    namespaces: bool

    @property
    def sentence(self) -> str:
        """One line about how recordings are decoded on this machine."""
        return f"recordings are decoded {self.meaning} ({self.name})"


def _bubblewrap(program: Path, files: Files) -> list[str]:
    bwrap = ["bwrap", "--unshare-user", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    bwrap += ["--uid", NOBODY, "--gid", NOBODY, "--dev", "/dev", "--tmpfs", "/tmp"]  # noqa: S108  # its own, in memory
    for path in (*SYSTEM, *LINKER, *_needed(program)):
        bwrap += ["--ro-bind-try", str(path), str(path)]
    for path in files.inputs:
        bwrap += ["--ro-bind-try", str(path), str(path)]
    for path in {path.parent: None for path in files.outputs}:
        bwrap += ["--bind", str(path), str(path)]
    # No /proc: ffmpeg does not need it, and containers that mask theirs do not allow another one.
    return [*bwrap, "--chdir", "/", "--as-pid-1", "--", *FIRST_PROCESS]


def _unshare(*more: str) -> Callable[[Path, Files], list[str]]:
    def wrap(_program: Path, _files: Files) -> list[str]:
        apart = ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--net", "--ipc", "--uts"]
        return [*apart, *more, "--", "setpriv", "--no-new-privs", "--", *FIRST_PROCESS]

    return wrap


def _setpriv(_program: Path, _files: Files) -> list[str]:
    # Only root can, and needs to, give up capabilities.
    dropped = ["--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    return ["setpriv", "--no-new-privs", *dropped, "--"]


_NOTHING = "without protection from what runs in ffmpeg: install bubblewrap, and allow user namespaces"
# The strongest first.
WAYS = (
    Containment(
        "bubblewrap",
        "without network, other processes, other files and privileges",
        _bubblewrap,
        namespaces=True,
    ),
    Containment(
        "unshare",
        "without network, other processes and privileges, but with the files of this user",
        _unshare("--pid", "--fork", "--kill-child", "--mount-proc"),
        namespaces=True,
    ),
    Containment(
        "unshare without /proc",
        "without network, the memory of other processes and privileges, but with the files of this user",
        _unshare(),
        namespaces=True,
    ),
    Containment(
        "setpriv",
        "without privileges and the memory of the speech process, but with network and the files of this user; "
        "install bubblewrap and allow user namespaces",
        _setpriv,
        namespaces=False,
    ),
)
NONE = Containment("none", _NOTHING, lambda _program, _files: [], namespaces=False)


def containment() -> Containment:
    """The strongest way that works on this machine, as MEDIAINDEX_CONTAINMENT allows.

    Raises ConfigError if namespaces are required and the machine offers none.
    """
    wanted = DecodingSettings.read().containment
    if wanted == "off":
        return NONE
    found = _strongest()
    if wanted == "required" and not found.namespaces:
        raise ConfigError(
            "MEDIAINDEX_CONTAINMENT is required, but this machine offers no user namespaces to ffmpeg: install "
            "bubblewrap, and allow user namespaces (in a container: a seccomp profile with unshare and mount), or set "
            "it to best"
        )
    return found


@cache
def _strongest() -> Containment:
    program = Path(shutil.which("true") or "/bin/true")
    return next((way for way in WAYS if _works([*way.wrap(program, Files()), str(program)])), NONE)


def _works(command: list[str]) -> bool:
    if shutil.which(command[0]) is None:
        return False
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=PROBE_S).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def _needed(program: Path) -> list[Path]:
    """Folders of a program that is not the system's: its own, that of the file behind a link, and their libraries."""
    folders = [place.parent for place in dict.fromkeys((program, program.resolve()))]
    folders += [folder.parent / "lib" for folder in folders]
    folders += [Path(text) for text in os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep) if text.startswith("/")]
    return [folder for folder in folders if not folder.is_relative_to("/usr")]


def hide_memory() -> None:
    """Keep the environment and the memory of this process, and of forks of it, from other processes of its user.

    Only Linux; without effect on other systems. The process leaves no core dump and cannot be debugged by its user.
    """
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
