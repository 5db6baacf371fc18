"""The official source, Hugging Face: its local cache, and its network if explicitly requested."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from mediaindex.errors import ConfigError, TransientError

from .registry import ModelEntry, Official


def cached(official: Official) -> Path | None:
    """The file or snapshot directory in the local cache of Hugging Face, or None; does not use the network."""
    if importlib.util.find_spec("huggingface_hub") is None:
        return None
    try:
        return _download(official, local_files_only=True)
    except (OSError, ValueError):  # the errors of huggingface_hub for files that are not in the cache
        return None


def fetch_from_hub(entry: ModelEntry) -> Path:
    """Download the official files into the cache of Hugging Face.

    Raises ConfigError if the model is not on the hub, and TransientError if the download fails.
    """
    if entry.official is None:
        raise ConfigError(f"model {entry.name} is not on Hugging Face; leave out --hub")
    try:
        return _download(entry.official, local_files_only=False)
    except (OSError, ValueError) as error:  # HTTP and network errors of huggingface_hub derive from OSError
        raise TransientError(
            f"model {entry.name}: cannot download {entry.official.repo} from Hugging Face ({error}); try again later"
        ) from error


def _download(official: Official, *, local_files_only: bool) -> Path:
    from huggingface_hub import hf_hub_download, snapshot_download

    if official.file:
        file = hf_hub_download(
            official.repo, official.file, revision=official.revision, local_files_only=local_files_only
        )
        return Path(file)
    return Path(snapshot_download(official.repo, revision=official.revision, local_files_only=local_files_only))
