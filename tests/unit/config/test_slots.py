from __future__ import annotations

from pathlib import Path

import pytest

from mediaindex.config import slots
from mediaindex.errors import ConfigError


def test_the_shipped_pools_say_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(slots.VARIABLE, raising=False)
    assert slots.speech_slots() >= 1


def test_the_environment_knows_better(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(slots.VARIABLE, "7")
    assert slots.speech_slots() == 7


@pytest.mark.parametrize("given", ["0", "two", "-1", "1.5"])
def test_what_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv(slots.VARIABLE, given)
    with pytest.raises(ConfigError, match=slots.VARIABLE):
        slots.speech_slots()


@pytest.mark.parametrize(
    ("pools", "expected"),
    [
        ('{"speech": {"slots": 2}, "catalog": {"slots": 8}}', 2),
        ('{"speech_fresh": {"slots": 3}, "speech_backfill": {"slots": 1}}', 1),
    ],
)
def test_a_backfill_has_the_slots_of_its_own_pool(tmp_path: Path, pools: str, expected: int) -> None:
    file = tmp_path / "pools.json"
    file.write_text(pools)
    assert slots._shipped(file) == expected
