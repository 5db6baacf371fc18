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
    """Raw confidences close to 1, as those of a CTC model, and verdicts drawn with the true probabilities."""
    drawn = np.random.default_rng(seed)
    raw = [float(confidence) for confidence in 1 - drawn.beta(1.2, 8, count)]
    return raw, [bool(drawn.random() < TRUE.probability(confidence)) for confidence in raw]


def test_the_fit_recovers_the_probabilities_of_the_words() -> None:
    fitted = fit(*words(20_000, seed=1))
    for raw in (0.8, 0.9, 0.95, 0.98, 0.99):
        assert fitted.probability(raw) == pytest.approx(TRUE.probability(raw), abs=0.03)


def test_probabilities_computed_by_hand() -> None:
    assert Calibration(1, 1, 0).probability(0.3) == pytest.approx(0.3)
    assert Calibration(0, 1, math.log(0.1)).probability(0.9) == pytest.approx(0.5)  # logit: -ln(0.1) + ln(0.1)


@given(calibrations, confidences, confidences)
def test_the_map_is_monotone_and_within_its_bounds(calibration: Calibration, first: float, second: float) -> None:
    low, high = sorted((first, second))
    assert LOWEST <= calibration.probability(low) <= calibration.probability(high) <= HIGHEST


@settings(max_examples=10)
@given(st.lists(st.tuples(confidences, st.booleans()), max_size=60))
def test_a_fit_of_any_words_is_monotone(more: list[tuple[float, bool]]) -> None:
    base = [(0.5, at < FEWEST) for at in range(2 * FEWEST)]
    raw, right = zip(*base, *more, strict=True)
    fitted = fit(raw, right)
    assert fitted.probability(0.1) <= fitted.probability(0.9)


def test_a_separable_sample_does_not_give_certainty() -> None:
    """Targets of Platt: 30 correct words give at most 31 in 32."""
    fitted = fit([0.9] * FEWEST + [0.1] * FEWEST, [True] * FEWEST + [False] * FEWEST)
    assert fitted.probability(0.9) == pytest.approx(31 / 32, abs=0.01)
    assert fitted.probability(0.1) == pytest.approx(1 / 32, abs=0.01)


def test_too_few_wrong_words_are_an_error() -> None:
    with pytest.raises(TerminalError, match="29 wrong"):
        fit([0.9] * 100 + [0.5] * 29, [True] * 100 + [False] * 29)


@pytest.mark.parametrize("parameters", [(-0.1, 1, 0), (1, -0.1, 0), (1, 1, math.inf), (math.nan, 1, 0)])
def test_parameters_of_a_falling_map_are_invalid(parameters: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="at least 0"):
        Calibration(*parameters)


class ConstantRecogniser:
    """Recognises one word in every chunk."""

    name = "parrot"
    languages = frozenset({"en"})
    may_loop = True
    identity = "parrot 1"

    def recognise(self, chunks, language, vocabulary=()):
        return [(Word(0.1, 0.5, " ".join(vocabulary) or "hello", 0.9, "A"),) for _ in chunks]


def test_a_calibrated_recogniser_changes_only_the_confidence() -> None:
    calibrated = CalibratedRecogniser(ConstantRecogniser(), TRUE)
    (words,) = calibrated.recognise([np.zeros(9, np.float32)], "en", ["ahoy"])
    assert words == (Word(0.1, 0.5, "ahoy", TRUE.probability(0.9), "A"),)
    assert (calibrated.name, calibrated.languages) == ("parrot", ConstantRecogniser.languages)


def test_a_new_calibration_is_a_new_identity() -> None:
    identities = {CalibratedRecogniser(ConstantRecogniser(), Calibration(1, 2, c)).identity for c in (0.0, 0.1)}
    assert len(identities) == 2
    assert all(identity.startswith("parrot 1 calibration ") for identity in identities)
