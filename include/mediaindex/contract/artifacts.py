"""Artifacts: results of stages, stored as JSON of a frozen dataclass under a fingerprint.

An artifact never changes: the same fingerprint means the same result, so an existing artifact is never computed again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from mediaindex.errors import DoubtfulError, ErrorCode, TerminalError

from .pipeline import Stage

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")
LENGTH = 32  # hex characters of a fingerprint: 128 bits


class ArtifactStore(Protocol):
    """Storage for payloads (JSON bytes, stored compressed), files beside them, and small named pointers.

    Writes are atomic and may be repeated: readers see a complete artifact or none.
    """

    def get(self, audio_sha256: str, stage: str, fingerprint: str) -> bytes | None:
        """The payload; None if it does not exist."""
        ...

    def put(self, audio_sha256: str, stage: str, fingerprint: str, payload: bytes) -> None:
        """Store the payload."""
        ...

    def exists(self, audio_sha256: str, stage: str, fingerprint: str) -> bool:
        """Whether the payload exists."""
        ...

    def get_file(self, audio_sha256: str, stage: str, fingerprint: str, name: str, target: Path) -> bool:
        """Copy the file to ``target``, completely or not at all; False if it does not exist."""
        ...

    def has_file(self, audio_sha256: str, stage: str, fingerprint: str, name: str) -> bool:
        """Whether the file exists."""
        ...

    def put_file(self, audio_sha256: str, stage: str, fingerprint: str, name: str, path: Path) -> None:
        """Store a copy of the file at ``path``."""
        ...

    def uri(self, audio_sha256: str, stage: str, fingerprint: str) -> str:
        """The location of the payload, for display and logs."""
        ...

    def get_pointer(self, kind: str, name: str) -> dict[str, Any] | None:
        """The pointer with this name; None if it does not exist."""
        ...

    def put_pointer(self, kind: str, name: str, value: dict[str, Any]) -> None:
        """Set the pointer; the last writer wins."""
        ...


class Passed(Protocol):
    """A recording with results of stages: ``upstream`` maps each stage to the fingerprint of its artifact."""

    @property
    def name(self) -> str:
        """The recording's name in messages."""
        ...

    @property
    def audio_sha256(self) -> str | None:
        """The hash of the decoded audio; None before normalize."""
        ...

    @property
    def upstream(self) -> Mapping[str, str]:
        """Fingerprints of artifacts by stage."""
        ...


def find(store: ArtifactStore, stage: Stage[T], audio_sha256: str | None, fingerprint: str | None) -> T | None:
    """The result with this fingerprint; None if it does not exist. Raises TerminalError (bad_artifact) if damaged."""
    if audio_sha256 is None or fingerprint is None:
        return None
    payload = store.get(audio_sha256, stage.name, fingerprint)
    return None if payload is None else load(stage.result, payload)


def read(store: ArtifactStore, stage: Stage[T], item: Passed) -> T:
    """The recording's result of this stage. Raises DoubtfulError (missing_artifact) if it does not exist."""
    result = find(store, stage, item.audio_sha256, item.upstream.get(stage.name))
    if result is None:
        raise DoubtfulError(
            f"{item.name}: the artifact of {stage.name} is missing; run {stage.name} again",
            code=ErrorCode.MISSING_ARTIFACT,
        )
    return result


def dump(value: object) -> bytes:
    """The value as JSON, without a time stamp: equal values give equal bytes."""
    return TypeAdapter(type(value)).dump_json(value)


def load(kind: type[T], payload: bytes) -> T:
    """The value that ``dump`` wrote, its invariants checked again. Raises TerminalError if the payload is invalid."""
    try:
        return TypeAdapter(kind).validate_json(payload)
    except ValidationError as error:
        raise TerminalError(
            f"an artifact does not hold a valid {kind.__name__}: {error}; delete it and run the stage again",
            code=ErrorCode.BAD_ARTIFACT,
        ) from error


def fingerprint(
    stage: str, version: int, engines: tuple[str, ...], settings: DataclassInstance, inputs: Mapping[str, str]
) -> str:
    """Hash of the stage's version, engines (with the hashes of their weights), settings and input fingerprints."""
    described = {
        "stage": stage,
        "version": version,
        "engines": list(engines),
        "settings": asdict(settings),
        "inputs": dict(inputs),
    }
    text = json.dumps(described, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]
