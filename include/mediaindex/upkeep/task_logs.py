"""Remove the keys of erased recordings from Airflow's task logs, if these are files on this machine.

Logs name recordings by key and by file name. Logs in S3, Elasticsearch or on other machines keep them until their own
retention removes them.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

ERASED = b"[erased]"
SHORTEST = 6  # characters of a file name; a shorter one, such as a.wav, may stand for anything
BASE_FOLDER = "AIRFLOW__LOGGING__BASE_LOG_FOLDER"


def log_folder() -> Path | None:
    """The folder of task logs, if the environment names one that exists, as `python -m local env` does."""
    named = os.environ.get(BASE_FOLDER)
    return Path(named) if named and Path(named).is_dir() else None


def redact(folder: Path, keys: Iterable[str]) -> int:
    """Replace the keys, and their file names, in all logs below ``folder``. Returns the number of changed files."""
    wanted = sorted({form for key in keys for form in _forms(key)}, key=len, reverse=True)
    changed = 0
    for path in folder.rglob("*.log"):
        if path.is_file() and not path.is_symlink() and wanted:
            before = path.read_bytes()
            after = before
            for form in wanted:
                after = after.replace(form, ERASED)
            if after != before:
                _replace(path, after)
                changed += 1
    return changed


def _forms(key: str) -> set[bytes]:
    """How logs write a key: as it is, or as a JSON string."""
    names = {key, *([name] if len(name := key.rpartition("/")[2]) >= SHORTEST else [])}
    texts = {
        form for name in names for form in (name, json.dumps(name)[1:-1], json.dumps(name, ensure_ascii=False)[1:-1])
    }
    return {text.encode("utf-8", "surrogateescape") for text in texts}


def _in_json(text: str, *, ascii_only: bool) -> str:
    return json.dumps(text, ensure_ascii=ascii_only)[1:-1]


def _replace(path: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".redacted-", delete=False) as file:
        file.write(content)
    shutil.copystat(path, file.name)
    Path(file.name).replace(path)
