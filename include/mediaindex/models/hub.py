"""Hugging Face: its local cache, and its network if explicitly requested."""

from __future__ import annotations

import importlib.util
import os
from functools import cache
from pathlib import Path

from mediaindex.errors import ConfigError, ErrorCode, TransientError

from .registry import ModelEntry, Official

PATIENCE_S = 5.0  # for the first answer; the library itself would try for a minute per file


def cached(official: Official) -> Path | None:
    """The file or snapshot directory in the local cache of Hugging Face, or None; does not use the network."""
    # The library takes a third of a second to import, which most processes can save.
    if not cache_folder(str(official.repo)).is_dir() or importlib.util.find_spec("huggingface_hub") is None:
        return None
    try:
        return _download(official, local_files_only=True)
    except (OSError, ValueError):  # the errors of huggingface_hub for files that are not in the cache
        return None


def cache_folder(repo: str) -> Path:
    """The folder of a repository in the cache, by the variables of huggingface_hub."""
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "huggingface")
    root = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE") or Path(home, "hub")
    return Path(os.path.expandvars(root)).expanduser() / f"models--{repo.replace('/', '--')}"


def fetch_from_hub(entry: ModelEntry) -> Path:
    """Download the official files, at the pinned revision, into the cache of Hugging Face.

    Raises ConfigError if the model is not on the hub, and TransientError if the download fails.
    """
    if entry.official is None or entry.official.repo is None:
        raise ConfigError(f"model {entry.name} is not on Hugging Face; leave out `--from hub`")
    what = f"model {entry.name}: {entry.official.repo} cannot be fetched from Hugging Face"
    if reason := unreachable():
        raise TransientError(f"{what}, which cannot be reached: {reason}", code=ErrorCode.MODEL_FETCH)
    try:
        return _download(entry.official, local_files_only=False)
    except Exception as error:  # its errors have no common base
        raise TransientError(f"{what}: {_reason(error, entry.official)}", code=ErrorCode.MODEL_FETCH) from error


def newest(repo: str) -> tuple[str, str | None]:
    """The newest commit of a repository, and the name of its ``.nemo`` file, if it has one.

    Raises TransientError if the hub does not answer.
    """
    from huggingface_hub import HfApi

    what = f"{repo} cannot be looked at on Hugging Face"
    if reason := unreachable():
        raise TransientError(f"{what}, which cannot be reached: {reason}", code=ErrorCode.MODEL_FETCH)
    try:
        info = HfApi().model_info(repo)
    except Exception as error:
        raise TransientError(f"{what}: {_reason(error, Official(repo=repo))}", code=ErrorCode.MODEL_FETCH) from error
    names = sorted(one.rfilename for one in info.siblings or () if one.rfilename.endswith(".nemo"))
    return str(info.sha), names[0] if names else None


def commit_of(path: Path) -> str | None:
    """The revision of a file or directory of the cache."""
    parts = path.parts
    return parts[parts.index("snapshots") + 1] if "snapshots" in parts else None


@cache
def unreachable() -> str:
    """Why Hugging Face cannot be reached; empty if it can. It is asked once per process."""
    from huggingface_hub import constants, get_session

    if constants.HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE is set"
    try:
        answer = get_session().head(constants.ENDPOINT, timeout=PATIENCE_S)
    except Exception as error:  # the HTTP library differs between versions of huggingface_hub
        return _first_line(error)
    return f"it answers with status {answer.status_code}" if answer.status_code >= 500 else ""


def _reason(error: Exception, official: Official) -> str:
    if type(error).__name__ == "GatedRepoError":
        return f"it asks for consent; accept its terms on https://huggingface.co/{official.repo}, then set HF_TOKEN"
    return _first_line(error)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _download(official: Official, *, local_files_only: bool) -> Path:
    from huggingface_hub import hf_hub_download, snapshot_download

    repo, revision = str(official.repo), official.revision
    if official.file:
        return Path(hf_hub_download(repo, official.file, revision=revision, local_files_only=local_files_only))
    return Path(snapshot_download(repo, revision=revision, local_files_only=local_files_only))
