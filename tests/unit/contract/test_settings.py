from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from mediaindex.contract.pipeline import STAGES
from mediaindex.contract.settings import Settings, TranscribeSettings, TriageSettings, read_settings
from mediaindex.errors import ConfigError

KINDS = {name: stage.settings for name, stage in STAGES.items()} | {"triage": TriageSettings}


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_defaults_are_valid(kind: type[Settings]) -> None:
    assert read_settings(kind, asdict(kind()), "it") == kind() == read_settings(kind, {}, "it")


def test_numbers_have_the_type_of_the_field() -> None:
    assert isinstance(read_settings(TranscribeSettings, {"max_chunk": 20}, "transcribe").max_chunk, float)


@pytest.mark.parametrize(
    ("stage", "wrong"),
    [
        ("normalize", {"target_lufs": 3.0}),
        ("normalize", {"max_seconds": 0.0}),
        ("normalize", {"gap_tolerance": 0.0}),
        ("detect_speech", {"enter": 0.3}),
        ("detect_speech", {"leave": 0.0}),
        ("detect_speech", {"padding": -1.0}),
        ("diarize", {"cross_talk_margin": 0.0}),
        ("diarize", {"briefest_share": 1.5}),
        ("identify_language", {"windows": 0}),
        ("identify_language", {"window": 31.0}),
        ("transcribe", {"max_chunk": 31.0}),
        ("transcribe", {"max_chunk": 0.0}),
        ("transcribe", {"group": 0}),
        ("transcribe", {"max_pause": float("nan")}),
        ("transcribe", {"default_language": "English"}),
        ("assess", {"min_confidence": 1.1}),
        ("assess", {"longest_turn": 0.0}),
        ("find_topics", {"sentence_pause": 0.0}),
        ("triage", {"min_speech_share": -0.1}),
        ("triage", {"min_snr_db": float("inf")}),
    ],
)
def test_the_message_names_a_setting_out_of_range(stage: str, wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises(
        ConfigError, match=rf"^{stage}: .*{'enter' if stage == 'detect_speech' and name == 'enter' else name}"
    ):
        read_settings(KINDS[stage], wrong, stage)


def test_the_message_names_every_invalid_setting() -> None:
    with pytest.raises(ConfigError) as caught:
        read_settings(TranscribeSettings, {"max_chunk": 0, "volume": 11, "reach": -1}, "transcribe")
    assert all(name in str(caught.value) for name in ("max_chunk", "unknown setting volume", "reach"))
