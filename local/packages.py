"""Install missing system packages. Run by ``make setup`` with the system's Python, before any library is installed.

As root, or if ``sudo -n`` works, missing packages are installed; otherwise the command to run is printed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path


def missing() -> list[str]:
    """Names of Debian packages whose programs are missing."""
    present = {
        "default-jre-headless": shutil.which("java"),
        "maven": shutil.which("mvn"),
        "ffmpeg": shutil.which("ffmpeg") and shutil.which("ffprobe"),
        "postgresql": shutil.which("initdb") or any(Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        "python3-venv": find_spec("ensurepip"),
    }
    return [package for package, is_present in present.items() if not is_present]


def improvements() -> list[str]:
    """Names of missing packages that everything works without: bubblewrap runs ffmpeg apart, else weaker means do."""
    return [] if shutil.which("bwrap") else ["bubblewrap"]


def _privilege() -> list[str] | None:
    """The command prefix to run as root without a password: empty as root; None if there is no way."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n"]
    return None


def main() -> int:
    """Install missing packages. Returns 1, after printing what to do, if that fails for one that is needed."""
    packages = missing()
    apt = shutil.which("apt-get")
    privilege = _privilege() if apt else None
    if packages:
        by_hand = f"sudo apt-get update && sudo apt-get install -y --no-install-recommends {' '.join(packages)}"
        if not apt:
            print(
                f"These programs are missing, by the names of Debian's packages: {', '.join(packages)}. Install them."
            )
            return 1
        if privilege is None:
            print(f"System packages are missing. Run this, then run make again:\n  {by_hand}")
            return 1
        if failed := _install(privilege, packages):
            print(f"apt-get {failed} failed. To see why, run:\n  {by_hand}")
            return 1
    if (better := improvements()) and (privilege is None or _install(privilege, better)):
        print(f"Not installed: {' '.join(better)}, which keeps ffmpeg apart from the rest of this machine.")
    return 0


def _install(privilege: list[str], packages: list[str]) -> str | None:
    """Install the packages. Returns the step of apt-get that failed, None if none did."""
    print(f"Installing system packages: {' '.join(packages)}", flush=True)
    apt = [*privilege, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
    for step in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        if subprocess.run([*apt, *step], check=False, stdout=subprocess.DEVNULL).returncode:
            return step[0]
    return None


if __name__ == "__main__":
    sys.exit(main())
