from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mediaindex.engines.calibration.beta import FEWEST, HIGHEST, LOWEST, CalibratedRecogniser, Calibration, fit
from mediaindex.errors import TerminalError
from mediaindex.timeline import Word

TRUE = Calibration(a=0.5, b=2.0, c=-4.0)
slopes = st.floats(0, 20)
calibrations = st.builds(Calibration, slopes, slopes, st.floats(-50, 50))
confidences = st.floats(0, 1)


def words(count: int, seed: int) -> tuple[list[float], list[bool]]:
    """Raw confidences bunched below 1, as a CTC model has them, and verdicts drawn with the true probabilities."""
    drawn = np.random.default_rng(seed)
    raw = [float(one) for one in 1 - drawn.beta(1.2, 8, count)]
    return raw, [bool(drawn.random() < TRUE.probability(one)) for one in raw]


def test_the_fit_finds_the_probabilities_that_words_were_drawn_with() -> None:
    found = fit(*words(20_000, seed=1))
    for raw in (0.8, 0.9, 0.95, 0.98, 0.99):
        assert found.probability(raw) == pytest.approx(TRUE.probability(raw), abs=0.03)


def test_by_hand() -> None:
    assert Calibration(1, 1, 0).probability(0.3) == pytest.approx(0.3)
    assert Calibration(0, 1, math.log(0.1)).probability(0.9) == pytest.approx(0.5)  # logit: -ln(0.1) + ln(0.1)


@given(calibrations, confidences, confidences)
def test_the_map_never_falls_and_claims_neither_certainty_nor_impossibility(
    calibration: Calibration, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    assert LOWEST <= calibration.probability(low) <= calibration.probability(high) <= HIGHEST


@settings(max_examples=10)
@given(st.lists(st.tuples(confidences, st.booleans()), max_size=60))
def test_whatever_the_words_a_fit_is_a_rising_map(more: list[tuple[float, bool]]) -> None:
    base = [(0.5, at < FEWEST) for at in range(2 * FEWEST)]
    raw, right = zip(*base, *more, strict=True)
    found = fit(raw, right)
    assert found.probability(0.1) <= found.probability(0.9)


def test_words_told_apart_without_error_do_not_make_certainty() -> None:
    """Platt's targets: 30 right words show no more than 31 in 32."""
    found = fit([0.9] * FEWEST + [0.1] * FEWEST, [True] * FEWEST + [False] * FEWEST)
    assert found.probability(0.9) == pytest.approx(31 / 32, abs=0.01)
    assert found.probability(0.1) == pytest.approx(1 / 32, abs=0.01)


def test_too_few_wrong_words_are_no_calibration() -> None:
    with pytest.raises(TerminalError, match="29 wrong"):
        fit([0.9] * 100 + [0.5] * 29, [True] * 100 + [False] * 29)


@pytest.mark.parametrize("parameters", [(-0.1, 1, 0), (1, -0.1, 0), (1, 1, math.inf), (math.nan, 1, 0)])
def test_parameters_that_could_fall_are_refused(parameters: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="at least 0"):
        Calibration(*parameters)


class Parrot:
    """Says one word in every chunk."""

    name = "parrot"
    languages = frozenset({"en"})
    identity = "parrot 1"

    def recognise(self, chunks, language, vocabulary=()):
        return [(Word(0.1, 0.5, *(vocabulary or ["hello"]), 0.9, "A"),) for _ in chunks]


def test_a_calibrated_recogniser_changes_confidence_alone() -> None:
    calibrated = CalibratedRecogniser(Parrot(), TRUE)
    (words,) = calibrated.recognise([np.zeros(9, np.float32)], "en", ["ahoy"])
    assert words == (Word(0.1, 0.5, "ahoy", TRUE.probability(0.9), "A"),)
    assert (calibrated.name, calibrated.languages) == ("parrot", Parrot.languages)


def test_a_new_calibration_is_a_new_identity() -> None:
    marks = {CalibratedRecogniser(Parrot(), Calibration(1, 2, c)).identity for c in (0.0, 0.1)}
    assert len(marks) == 2
    assert all(mark.startswith("parrot 1 calibration ") for mark in marks)
