"""The official way: Hugging Face, from its local cache, or over the network when somebody asks for it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from mediaindex.errors import ConfigError, TransientError

from .registry import ModelEntry, Official


def cached(official: Official) -> Path | None:
    """File or snapshot directory in Hugging Face's local cache; None where it is not there. Never the network."""
    if importlib.util.find_spec("huggingface_hub") is None:
        return None
    try:
        return _download(official, local_files_only=True)
    except (OSError, ValueError):  # every "not in the cache" of that library is one of these
        return None


def fetch_from_hub(entry: ModelEntry) -> Path:
    """Download the official files into Hugging Face's own cache; TransientError where it cannot be reached."""
    if entry.official is None:
        raise ConfigError(f"model {entry.name} is on no hub; leave out --hub")
    try:
        return _download(entry.official, local_files_only=False)
    except (OSError, ValueError) as error:  # its HTTP and network errors derive from OSError
        raise TransientError(
            f"model {entry.name}: {entry.official.repo} cannot be had from Hugging Face: {error}"
        ) from error


def _download(official: Official, *, local_files_only: bool) -> Path:
    from huggingface_hub import hf_hub_download, snapshot_download

    if official.file:
        return Path(hf_hub_download(official.repo, official.file, local_files_only=local_files_only))
    return Path(snapshot_download(official.repo, local_files_only=local_files_only))
