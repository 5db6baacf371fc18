"""The system packages that everything else needs; run by ``make setup`` with the system's Python, before any library.

As root, or where ``sudo -n`` works, what is missing is installed; otherwise the exact line to type is shown.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path


def missing() -> list[str]:
    """Names of Debian packages whose programs are not here."""
    present = {
        "default-jre-headless": shutil.which("java"),
        "maven": shutil.which("mvn"),
        "ffmpeg": shutil.which("ffmpeg") and shutil.which("ffprobe"),
        "postgresql": shutil.which("initdb") or any(Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        "python3-venv": find_spec("ensurepip"),
    }
    return [package for package, there in present.items() if not there]


def _privilege() -> list[str] | None:
    """How to become root without asking: not at all, by sudo, or not possible (None)."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n"]
    return None


def main() -> int:
    """Install what is missing; 1 with advice if that is not possible."""
    packages = missing()
    if not packages:
        return 0
    by_hand = f"sudo apt-get update && sudo apt-get install -y --no-install-recommends {' '.join(packages)}"
    if not shutil.which("apt-get"):
        print(f"These programs are missing, by their Debian names: {', '.join(packages)}. Install them by hand.")
        return 1
    privilege = _privilege()
    if privilege is None:
        print(f"System packages are missing. Type this, then run make again:\n  {by_hand}")
        return 1
    print(f"Installing system packages: {' '.join(packages)}", flush=True)
    apt = [*privilege, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
    for step in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        if subprocess.run([*apt, *step], check=False, stdout=subprocess.DEVNULL).returncode:
            print(f"apt-get {step[0]} failed. See why with:\n  {by_hand}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
