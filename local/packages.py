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


def _privilege() -> list[str] | None:
    """The command prefix to run as root without a password: empty as root; None if there is no way."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n"]
    return None


def main() -> int:
    """Install missing packages. Returns 1, after printing what to do, if that fails."""
    packages = missing()
    if not packages:
        return 0
    by_hand = f"sudo apt-get update && sudo apt-get install -y --no-install-recommends {' '.join(packages)}"
    if not shutil.which("apt-get"):
        print(f"These programs are missing, by the names of Debian's packages: {', '.join(packages)}. Install them.")
        return 1
    privilege = _privilege()
    if privilege is None:
        print(f"System packages are missing. Run this, then run make again:\n  {by_hand}")
        return 1
    print(f"Installing system packages: {' '.join(packages)}", flush=True)
    apt = [*privilege, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
    for step in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        if subprocess.run([*apt, *step], check=False, stdout=subprocess.DEVNULL).returncode:
            print(f"apt-get {step[0]} failed. To see why, run:\n  {by_hand}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
