"""The Java runtime of Elasticsearch, S3Proxy and ElasticMQ."""

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
    """The home folder of Java, from JAVA_HOME or the path. Raises ServerError if it is missing or older than 17."""
    binary = Path(os.environ["JAVA_HOME"]) / "bin" / "java" if os.environ.get("JAVA_HOME") else None
    java = str(binary) if binary and binary.exists() else shutil.which("java")
    if not java:
        raise ServerError(f"Java is not installed. {_HELP}")
    answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=False, timeout=30).stderr
    version = re.search(r'version "(\d+)', answer)
    if not version or int(version[1]) < OLDEST:
        raise ServerError(f"{java} is older than Java {OLDEST}: {answer.splitlines()[:1]}. {_HELP}")
    return Path(java).resolve().parent.parent
