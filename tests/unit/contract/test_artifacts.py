"""Artifacts are read back unchanged, and invalid payloads are refused."""

from __future__ import annotations

import gzip

import pytest

from mediaindex.contract import artifacts
from mediaindex.contract.results import Assessment, Speech
from mediaindex.errors import TerminalError
from mediaindex.timeline import Span, Transcript, Turn, Word

SPEECH = Speech((Span(0.5, 1.25), Span(2.0, 3.0)), 1.75, 0.5, 0.9, 21.5)
TURN = Turn(1.0, 2.0, "SPEAKER_00", "en", (Word(1.0, 1.5, "so", 0.9), Word(1.5, 2.0, "it", 0.4, "SPEAKER_00")))
ASSESSMENT = Assessment(Transcript(0.0, 3.0, "en", "conformer", (TURN,), 0.99), 0.65, 1.0, True, ("low: 0.65",))


@pytest.mark.parametrize("value", [SPEECH, ASSESSMENT], ids=["speech", "assessment"])
def test_a_result_survives_the_artifact(value: object) -> None:
    assert artifacts.load(type(value), artifacts.dump(value)) == value


def test_equal_results_are_equal_bytes() -> None:
    assert artifacts.dump(SPEECH) == artifacts.dump(Speech((Span(0.5, 1.25), Span(2.0, 3.0)), 1.75, 0.5, 0.9, 21.5))


@pytest.mark.parametrize(
    "payload",
    [b"", b"not JSON", b"{}", artifacts.dump(SPEECH)[:-9], gzip.compress(artifacts.dump(SPEECH))],
    ids=["empty", "not JSON", "no fields", "cut off", "compressed"],
)
def test_a_damaged_artifact_is_a_terminal_error(payload: bytes) -> None:
    with pytest.raises(TerminalError, match="does not hold a valid Speech"):
        artifacts.load(Speech, payload)


def test_an_artifact_that_breaks_an_invariant_is_refused() -> None:
    payload = artifacts.dump(SPEECH).replace(b'"end":1.25', b'"end":0.25')
    with pytest.raises(TerminalError):
        artifacts.load(Speech, payload)
