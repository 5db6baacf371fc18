"""A fingerprint changes with everything that changes the result, and with nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from mediaindex.contract.artifacts import fingerprint


@dataclass(frozen=True)
class Settings:
    threshold: float = 0.5
    name: str = "é"


BASE: dict[str, Any] = {
    "stage": "diarize",
    "version": 1,
    "engines": ("pyannote sha256:1",),
    "settings": Settings(),
    "inputs": {"normalize": "aa", "detect_speech": "bb"},
}


def test_the_order_of_inputs_does_not_change_the_fingerprint() -> None:
    other = BASE | {"inputs": {"detect_speech": "bb", "normalize": "aa"}}
    assert fingerprint(**BASE) == fingerprint(**other)


@pytest.mark.parametrize(
    "change",
    [
        {"stage": "transcribe"},
        {"version": 2},
        {"engines": ("pyannote sha256:2",)},
        {"settings": Settings(threshold=0.6)},
        {"inputs": {"normalize": "ab", "detect_speech": "bb"}},
        {"inputs": {"normalize": "aa"}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_each_part_changes_the_fingerprint(change: dict[str, Any]) -> None:
    assert fingerprint(**BASE) != fingerprint(**(BASE | change))
