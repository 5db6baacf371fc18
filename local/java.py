"""The Java that Elasticsearch and S3Proxy run on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from local.site import ServerError

OLDEST = 17
_HELP = "Run `make setup`, or: apt-get install default-jre-headless"


def java_home() -> Path:
    """Home of the Java that JAVA_HOME or the path names, at least version 17; raises ServerError."""
    binary = Path(os.environ["JAVA_HOME"]) / "bin" / "java" if os.environ.get("JAVA_HOME") else None
    found = str(binary) if binary and binary.exists() else shutil.which("java")
    if not found:
        raise ServerError(f"Java is not installed. {_HELP}")
    answer = subprocess.run([found, "-version"], capture_output=True, text=True, check=False, timeout=30).stderr
    version = re.search(r'version "(\d+)', answer)
    if not version or int(version[1]) < OLDEST:
        raise ServerError(f"{found} is older than Java {OLDEST}: {answer.splitlines()[:1]}. {_HELP}")
    return Path(found).resolve().parent.parent
