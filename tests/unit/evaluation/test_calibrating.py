from __future__ import annotations

import numpy as np
import pytest

from mediaindex.engines.calibration.beta import Calibration
from mediaindex.errors import TerminalError
from mediaindex.evaluation.calibrating import calibrate, folds, held_out
from mediaindex.evaluation.raw_words import RawWord

TRUE = Calibration(a=0.0, b=1.5, c=-2.5)


def words(speakers: int, each: int, conditions: tuple[str, ...] = ("clean",)) -> list[RawWord]:
    drawn = np.random.default_rng(7)
    made = []
    for speaker in range(speakers):
        for at in range(each):
            raw = float(1 - drawn.beta(1.0, 10))
            right = bool(drawn.random() < TRUE.probability(raw))
            made.append(RawWord(raw, right, f"s{speaker}", conditions[at % len(conditions)]))
    return made


def test_figures_of_words_whose_probabilities_are_known() -> None:
    calibrated = calibrate(words(5, 600, ("clean", "noise")))
    assert list(calibrated.quality) == ["clean", "noise", "all"]
    everything = calibrated.quality["all"]
    assert (everything.words, calibrated.folds) == (3_000, 5)
    assert everything.ece_cv < 0.04 < everything.ece_raw
    assert calibrated.quality["clean"].words + calibrated.quality["noise"].words == 3_000
    assert calibrated.calibration.probability(0.9) == pytest.approx(TRUE.probability(0.9), abs=0.03)


def test_one_condition_has_no_quality_for_unseen_ones() -> None:
    assert calibrate(words(3, 300)).quality["all"].ece_unseen is None


def test_a_speaker_is_never_judged_by_a_fit_on_its_own_words() -> None:
    """The verdicts of one speaker are inverted; P(right) of this speaker's words, from the others, does not change."""
    honest = words(4, 300)
    inverted = [RawWord(w.raw, not w.right if w.group == "s0" else w.right, w.group, w.condition) for w in honest]
    at = [index for index, word in enumerate(honest) if word.group == "s0"]
    fold_of = folds(word.group for word in honest)
    before, after = (held_out(group, fold_of, lambda _train, _test: True) for group in (honest, inverted))
    assert [before[index] for index in at] == [after[index] for index in at]
    assert before != after


def test_an_unseen_condition_is_judged_without_its_own_words() -> None:
    given = words(2, 400, ("clean", "noise"))
    flipped = [RawWord(w.raw, not w.right if w.condition == "noise" else w.right, w.group, w.condition) for w in given]
    fold_of = folds(word.group for word in given)
    before, after = (held_out(group, fold_of, lambda train, test: train != test) for group in (given, flipped))
    noise = [index for index, word in enumerate(given) if word.condition == "noise"]
    assert [before[index] for index in noise] == [after[index] for index in noise]


def test_many_groups_make_ten_folds() -> None:
    fold_of = folds(f"file{at}" for at in [*range(35), *range(35)])
    assert (len(fold_of), len(set(fold_of.values()))) == (35, 10)


def test_one_speaker_cannot_be_judged() -> None:
    with pytest.raises(TerminalError, match="one speaker"):
        calibrate(words(1, 500))


def test_too_few_wrong_words_in_all_are_an_error() -> None:
    given = [RawWord(0.5, at >= 20, f"s{at % 4}", "clean") for at in range(400)]
    with pytest.raises(TerminalError, match="380 words are right and 20 wrong"):
        calibrate(given)


def test_too_few_wrong_words_without_a_fold_are_an_error() -> None:
    given = [RawWord(0.5, at >= 36, f"s{at % 4}", "clean") for at in range(400)]
    with pytest.raises(TerminalError, match=r"fold 1 of 4 \(clean\) cannot be judged by the others: 273 .* 27 wrong"):
        calibrate(given)
