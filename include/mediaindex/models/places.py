"""Where models lie on this machine, from the environment, read at each call."""

from __future__ import annotations

import os
from pathlib import Path


def models_dir() -> Path | None:
    """The directory of local models (MEDIAINDEX_MODELS), or None where none is set."""
    value = os.environ.get("MEDIAINDEX_MODELS")
    return Path(value).expanduser() if value else None


def cache_dir() -> Path:
    """What may be deleted and made again (MEDIAINDEX_CACHE, by default ~/.cache/mediaindex)."""
    return Path(os.environ.get("MEDIAINDEX_CACHE") or "~/.cache/mediaindex").expanduser()


def offline() -> bool:
    """True where MEDIAINDEX_OFFLINE forbids fetching anything."""
    return os.environ.get("MEDIAINDEX_OFFLINE", "").lower() in {"1", "true", "yes"}
