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
    found = calibrate(words(5, 600, ("clean", "noise")))
    assert list(found.quality) == ["clean", "noise", "all"]
    everything = found.quality["all"]
    assert (everything.words, found.folds) == (3_000, 5)
    assert everything.ece_cv < 0.04 < everything.ece_raw
    assert found.quality["clean"].words + found.quality["noise"].words == 3_000
    assert found.calibration.probability(0.9) == pytest.approx(TRUE.probability(0.9), abs=0.03)


def test_one_condition_has_no_unseen_one() -> None:
    assert calibrate(words(3, 300)).quality["all"].ece_unseen is None


def test_a_speaker_is_never_judged_by_a_fit_on_its_own_words() -> None:
    """One speaker's verdicts are the wrong way round; what the others say of that one does not notice."""
    honest = words(4, 300)
    lying = [RawWord(w.raw, not w.right if w.group == "s0" else w.right, w.group, w.condition) for w in honest]
    at = [index for index, word in enumerate(honest) if word.group == "s0"]
    fold_of = folds(word.group for word in honest)
    before, after = (held_out(some, fold_of, lambda _train, _test: True) for some in (honest, lying))
    assert [before[index] for index in at] == [after[index] for index in at]
    assert before != after


def test_an_unseen_condition_is_judged_without_its_own_words() -> None:
    some = words(2, 400, ("clean", "noise"))
    flipped = [RawWord(w.raw, not w.right if w.condition == "noise" else w.right, w.group, w.condition) for w in some]
    fold_of = folds(word.group for word in some)
    before, after = (held_out(one, fold_of, lambda train, test: train != test) for one in (some, flipped))
    noise = [index for index, word in enumerate(some) if word.condition == "noise"]
    assert [before[index] for index in noise] == [after[index] for index in noise]


def test_many_recordings_make_ten_folds_and_a_group_stays_together() -> None:
    found = folds(f"file{at}" for at in [*range(35), *range(35)])
    assert (len(found), len(set(found.values()))) == (35, 10)


def test_one_speaker_cannot_be_judged() -> None:
    with pytest.raises(TerminalError, match="one speaker"):
        calibrate(words(1, 500))


def test_too_few_wrong_words_are_those_of_all_recordings() -> None:
    some = [RawWord(0.5, at >= 20, f"s{at % 4}", "clean") for at in range(400)]
    with pytest.raises(TerminalError, match="380 words are right and 20 wrong"):
        calibrate(some)


def test_too_few_without_one_part_says_so() -> None:
    some = [RawWord(0.5, at >= 36, f"s{at % 4}", "clean") for at in range(400)]
    with pytest.raises(TerminalError, match=r"to judge part 1 of 4 \(clean\) by the others: 273 .* 27 wrong"):
        calibrate(some)
