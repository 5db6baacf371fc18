"""Artifacts: what a stage computed, named by a fingerprint, kept as JSON of a frozen dataclass.

Once written under its fingerprint an artifact never changes: the same fingerprint means the same result, so an artifact
that exists is never computed again.
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


class Passed(Protocol):
    """A recording that has passed some stages: ``upstream`` maps each to the fingerprint of its artifact."""

    @property
    def name(self) -> str:
        """What messages call it."""
        ...

    @property
    def audio_sha256(self) -> str | None:
        """The hash of its decoded audio; None before normalize."""
        ...

    @property
    def upstream(self) -> Mapping[str, str]:
        """Fingerprints by stage."""
        ...


def find(store: ArtifactStore, stage: Stage[T], audio_sha256: str | None, mark: str | None) -> T | None:
    """The result under this fingerprint, None if there is none; TerminalError (bad_artifact) if it is damaged."""
    if audio_sha256 is None or mark is None:
        return None
    payload = store.get(audio_sha256, stage.name, mark)
    return None if payload is None else load(stage.result, payload)


def read(store: ArtifactStore, stage: Stage[T], item: Passed) -> T:
    """The result that the recording has of this stage; DoubtfulError (missing_artifact) if there is none."""
    result = find(store, stage, item.audio_sha256, item.upstream.get(stage.name))
    if result is None:
        raise DoubtfulError(
            f"{item.name}: the artifact of {stage.name} is missing; run {stage.name} again",
            code=ErrorCode.MISSING_ARTIFACT,
        )
    return result


def dump(value: object) -> bytes:
    """JSON. It holds no time stamp: equal values give equal bytes."""
    return TypeAdapter(type(value)).dump_json(value)


def load(kind: type[T], payload: bytes) -> T:
    """The value that ``dump`` was given, its invariants checked again; TerminalError if the payload is not one."""
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
    """Hash of the stage's version, its engines (with weights' hashes), its settings and the fingerprints it read."""
    described = {
        "stage": stage,
        "version": version,
        "engines": list(engines),
        "settings": asdict(settings),
        "inputs": dict(inputs),
    }
    text = json.dumps(described, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]
