"""The table of stages is a pipeline: every stage reads results of earlier stages."""

from __future__ import annotations

import pytest

from mediaindex.contract.artifacts import fingerprint
from mediaindex.contract.pipeline import AFTER_TRIAGE, BEFORE_TRIAGE, LAST_STAGE, PASSED_BEFORE, STAGES
from mediaindex.runner.bindings import BINDINGS

NAMES = tuple(STAGES)


@pytest.mark.parametrize("name", NAMES)
def test_a_stage_reads_only_earlier_stages(name: str) -> None:
    assert set(STAGES[name].reads) <= set(NAMES[: NAMES.index(name)])


def test_triage_divides_the_stages_without_changing_their_order() -> None:
    assert BEFORE_TRIAGE + AFTER_TRIAGE == NAMES


def test_every_result_except_the_last_is_read() -> None:
    read = {name for step in PASSED_BEFORE.values() for name in step}
    assert read >= set(NAMES) - {LAST_STAGE}


def test_the_runner_binds_every_stage_in_this_order() -> None:
    assert tuple(BINDINGS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_default_settings_are_valid_and_costs_are_positive(name: str) -> None:
    stage = STAGES[name]
    assert stage.settings() == stage.settings()
    assert min(stage.cost.cpu, stage.cost.cores, stage.cost.batch_s) > 0


# A change here makes every installation compute its recordings again: it is never an accident.
FINGERPRINTS = {
    "normalize": (5, "e5de2a0cce580f815ffede117fa30983"),
    "detect_speech": (1, "e8063bca1c679d8fdf965277c8d25bd4"),
    "diarize": (4, "a73ab268a6a50cae5582ee3fd817865e"),
    "identify_language": (6, "618dbadc7c9906d8149eb0b260764def"),
    "transcribe": (4, "0f5b33af0e98a3376f93ff90d3acdf18"),
    "assess": (2, "e6b9f2981baadf91d9b233f8e87eda79"),
    "find_topics": (5, "0b4ec17a85679aaebfa8ff9c0f603637"),
}


@pytest.mark.parametrize("name", NAMES)
def test_default_settings_keep_their_fingerprint(name: str) -> None:
    binding = BINDINGS[name]
    inputs = {stage: stage for stage in binding.stage.reads}
    own_fingerprint = fingerprint(name, binding.version, ("engine 1",), binding.stage.settings(), inputs)
    assert (binding.version, own_fingerprint) == FINGERPRINTS[name]
