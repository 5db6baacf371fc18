"""The name of a computation: same fingerprint, same result, so an artifact that exists is never computed again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

LENGTH = 32  # hex characters kept: 128 bits


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
