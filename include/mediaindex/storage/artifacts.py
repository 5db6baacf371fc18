"""Where stages keep what they computed: once written under its fingerprint, an artifact never changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from mediaindex.contract.job import FolderStore, S3Store

from .client import s3_client
from .folder_store import FolderArtifactStore
from .s3_store import S3ArtifactStore

__all__ = ["ArtifactStore", "FolderArtifactStore", "S3ArtifactStore", "open_store"]


class ArtifactStore(Protocol):
    """Payloads (JSON bytes, kept compressed), files beside them, and small pointers by name.

    Writing is atomic and may be repeated: readers see a whole artifact or none.
    """

    def get(self, audio_sha256: str, stage: str, fingerprint: str) -> bytes | None:
        """The payload, None where there is none."""
        ...

    def put(self, audio_sha256: str, stage: str, fingerprint: str, payload: bytes) -> None:
        """Keep the payload."""
        ...

    def exists(self, audio_sha256: str, stage: str, fingerprint: str) -> bool:
        """Whether there is a payload."""
        ...

    def get_file(self, audio_sha256: str, stage: str, fingerprint: str, name: str, target: Path) -> bool:
        """Bring the file to ``target``, whole or not at all; False where there is none."""
        ...

    def has_file(self, audio_sha256: str, stage: str, fingerprint: str, name: str) -> bool:
        """Whether there is such a file."""
        ...

    def put_file(self, audio_sha256: str, stage: str, fingerprint: str, name: str, path: Path) -> None:
        """Keep a copy of the file at ``path``."""
        ...

    def uri(self, audio_sha256: str, stage: str, fingerprint: str) -> str:
        """Where the payload lies, for people and logs."""
        ...

    def get_pointer(self, kind: str, name: str) -> dict[str, Any] | None:
        """The pointer of that name, None where there is none."""
        ...

    def put_pointer(self, kind: str, name: str, value: dict[str, Any]) -> None:
        """Set the pointer; the last writer wins."""
        ...


def open_store(store: S3Store | FolderStore) -> ArtifactStore:
    """The store that a job names."""
    if isinstance(store, FolderStore):
        return FolderArtifactStore(Path(store.path))
    return S3ArtifactStore(s3_client(store.endpoint_url), store.bucket, store.prefix)
