"""Open the artifact store that a job names: a folder, or S3."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mediaindex.contract.job import FolderStore, S3Store

from .client import s3_client
from .folder_store import FolderArtifactStore
from .s3_store import S3ArtifactStore

if TYPE_CHECKING:
    from mediaindex.contract.artifacts import ArtifactStore

__all__ = ["FolderArtifactStore", "S3ArtifactStore", "open_store"]


def open_store(store: S3Store | FolderStore) -> ArtifactStore:
    """The store that a job names."""
    if isinstance(store, FolderStore):
        return FolderArtifactStore(Path(store.path))
    return S3ArtifactStore(s3_client(store.endpoint_url), store.bucket, store.prefix)
