"""Files that a publisher has at an address of its own, outside of any hub. The registry pins their sha256."""

from __future__ import annotations

import hashlib
import http.client
import urllib.request
from pathlib import Path

from mediaindex.errors import ErrorCode, TerminalError, TransientError
from mediaindex.settings import ModelSettings

from .files import exclusive
from .pip import Progress
from .registry import ModelEntry

TIMEOUT_S = 10.0
_BLOCK = 1 << 20


def kept(entry: ModelEntry) -> Path:
    """Where the fetched file is, or will be."""
    return ModelSettings.read().cache / "models" / f"{entry.name}-{str(entry.pin)[:12]}" / entry.path


def fetch_from_web(entry: ModelEntry, progress: Progress) -> Path:
    """Download the file, and keep it if it has the pinned sha256.

    Raises TransientError if the download fails, and TerminalError (``model_changed``) for another file.
    """
    target, url = kept(entry), entry.official.url if entry.official else None
    with exclusive(target.parent):
        if target.is_file():
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        try:
            sha256 = _download(str(url), part, entry.name, progress)
            if sha256 != entry.pin:
                raise TerminalError(
                    f"model {entry.name}: {url} has sha256 {sha256}, but {entry.pin} is pinned; nothing was kept",
                    code=ErrorCode.MODEL_CHANGED,
                )
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    return target


def _download(url: str, part: Path, what: str, progress: Progress) -> str:
    digest, done = hashlib.sha256(), 0
    try:
        # The registry accepts https addresses only.
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer, part.open("wb") as out:  # noqa: S310
            total = int(answer.headers.get("Content-Length") or 0)
            while block := answer.read(_BLOCK):
                digest.update(block)
                out.write(block)
                done += len(block)
                progress(what, done, max(total, done))
    except (OSError, http.client.HTTPException) as error:  # errors of urllib are OSErrors
        raise TransientError(f"model {what}: {url} cannot be fetched: {error}", code=ErrorCode.MODEL_FETCH) from error
    return digest.hexdigest()
