"""The demo's own judgement: which recordings did not end as they should."""

from __future__ import annotations

from local.demo.__main__ import mistakes
from local.demo.airflow_api import _line
from mediaindex.samples.make import SAMPLES


def test_recordings_that_end_as_their_sample_says_are_no_mistakes() -> None:
    assert mistakes({sample.name: sample.status for sample in SAMPLES}) == {}


def test_a_wrong_end_and_a_recording_that_was_never_found_are_named() -> None:
    states = {sample.name: sample.status for sample in SAMPLES}
    states["endgame.wav"] = "quarantined"
    del states["street.ogg"]
    assert mistakes(states) == {"endgame.wav": "quarantined", "street.ogg": "never found"}


def test_a_log_line_shows_its_exceptions() -> None:
    event = {"event": "Task failed", "error_detail": [{"exc_type": "ChildFailedError", "exc_value": "exit code 1"}]}
    assert _line(event) == "Task failed\n  ChildFailedError: exit code 1"
    assert _line({"event": "fine"}) == "fine"
