"""Artifacts in a folder."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mediaindex.errors import ErrorCode, TransientError
from mediaindex.settings import StorageSettings

from . import layout


class FolderArtifactStore:
    """An ``ArtifactStore`` under ``root``; several processes may share it."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def get(self, audio_sha256: str, stage: str, fingerprint: str) -> bytes | None:
        """See ArtifactStore."""
        path = self._root / layout.payload_path(audio_sha256, stage, fingerprint)
        packed = _read(path)
        return None if packed is None else layout.unpack(packed, str(path))

    def put(self, audio_sha256: str, stage: str, fingerprint: str, payload: bytes) -> None:
        """See ArtifactStore."""
        packed = layout.pack(payload)
        self._write(layout.payload_path(audio_sha256, stage, fingerprint), lambda path: path.write_bytes(packed))

    def exists(self, audio_sha256: str, stage: str, fingerprint: str) -> bool:
        """See ArtifactStore."""
        return (self._root / layout.payload_path(audio_sha256, stage, fingerprint)).is_file()

    def get_file(self, audio_sha256: str, stage: str, fingerprint: str, name: str, target: Path) -> bool:
        """See ArtifactStore."""
        source = self._root / layout.file_path(audio_sha256, stage, fingerprint, name)
        if not source.is_file():
            return False
        _replace(target, lambda path: shutil.copyfile(source, path))
        return True

    def has_file(self, audio_sha256: str, stage: str, fingerprint: str, name: str) -> bool:
        """See ArtifactStore."""
        return (self._root / layout.file_path(audio_sha256, stage, fingerprint, name)).is_file()

    def put_file(self, audio_sha256: str, stage: str, fingerprint: str, name: str, path: Path) -> None:
        """See ArtifactStore."""
        place = layout.file_path(audio_sha256, stage, fingerprint, name)
        self._write(place, lambda beside: shutil.copyfile(path, beside))

    def uri(self, audio_sha256: str, stage: str, fingerprint: str) -> str:
        """See ArtifactStore."""
        return (self._root / layout.payload_path(audio_sha256, stage, fingerprint)).absolute().as_uri()

    def get_pointer(self, kind: str, name: str) -> dict[str, Any] | None:
        """See ArtifactStore."""
        path = self._root / layout.pointer_path(kind, name)
        packed = _read(path)
        return None if packed is None else layout.unpack_pointer(packed, str(path))

    def put_pointer(self, kind: str, name: str, value: dict[str, Any]) -> None:
        """See ArtifactStore."""
        packed = layout.pack_pointer(value)
        self._write(layout.pointer_path(kind, name), lambda path: path.write_bytes(packed))

    def _write(self, place: str, write: Callable[[Path], object]) -> None:
        target = self._root / place
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _replace(target, write)
        except OSError as error:
            raise TransientError(f"{target}: {error}; free space or make it writable", code=ErrorCode.STORE) from error


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _replace(target: Path, write: Callable[[Path], object]) -> None:
    """Write a private file beside the target with ``write``, then move it in place atomically."""
    with tempfile.TemporaryDirectory(prefix=".part-", dir=target.parent) as folder:
        beside = Path(folder) / target.name
        write(beside)
        beside.chmod(int(StorageSettings.read().file_mode, 8))
        beside.replace(target)
