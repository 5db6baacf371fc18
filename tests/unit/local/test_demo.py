"""The demo detects recordings with an unexpected state."""

from __future__ import annotations

from local.demo.__main__ import mistakes
from local.demo.airflow_api import _line
from mediaindex.samples.make import SAMPLES


def test_expected_states_are_no_mistakes() -> None:
    assert mistakes({sample.name: sample.status for sample in SAMPLES}) == {}


def test_a_wrong_state_and_a_missing_recording_are_mistakes() -> None:
    states: dict[str, str] = {sample.name: sample.status for sample in SAMPLES}
    states["endgame.wav"] = "quarantined"
    del states["street.ogg"]
    assert mistakes(states) == {"endgame.wav": "quarantined", "street.ogg": "not found"}


def test_a_log_line_shows_its_exceptions() -> None:
    event = {"event": "Task failed", "error_detail": [{"exc_type": "ChildFailedError", "exc_value": "exit code 1"}]}
    assert _line(event) == "Task failed\n  ChildFailedError: exit code 1"
    assert _line({"event": "fine"}) == "fine"
