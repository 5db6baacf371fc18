from __future__ import annotations

import pytest

from mediaindex.engines.ctc.align import IMPOSSIBLE, Candidate, Lattice, fits, lattice, pieces_of
from tests.builders.ctc_frames import BLANK, PIECES, frames, log_odds

CLASSES = pieces_of(PIECES)


def spelled(*words: str) -> Lattice:
    found = lattice(words, CLASSES, BLANK)
    assert found is not None
    return found


def fit(log_probs, *words: str, start: int = 0, end: int | None = None):
    candidate = Candidate(spelled(*words), start, len(log_probs) if end is None else end)
    return fits(log_probs, [candidate])[0]


def test_the_text_of_the_frames_fits_without_loss_in_any_spelling() -> None:
    assert fit(frames("▁sh", "er", "b", "u", "r", "n"), "sherburn").score == pytest.approx(0.0, abs=1e-5)
    assert fit(frames("▁", "s", "h", "e", "r", "b", "u", "r", "n"), "sherburn").score == pytest.approx(0.0, abs=1e-5)


def test_the_score_is_the_cost_of_another_letter() -> None:
    log_probs = frames("▁", "b", {"i": 0.7, "e": 0.2}, "n")
    assert fit(log_probs, "ben").score == pytest.approx(log_odds(log_probs, 4, "e", "i"), abs=1e-4)


def test_doubled_letters_need_a_blank_between_them() -> None:
    together = frames("▁", "b", "e", "e")[[0, 1, 2, 3, 4, 6]]  # without the blank between the two e
    assert fit(frames("▁", "b", "e", "e"), "bee").score == pytest.approx(0.0, abs=1e-5)
    assert fit(together, "bee").score < -3


def test_a_text_must_account_for_all_frames() -> None:
    log_probs = frames("▁", "b", "e", "n", "▁the")
    assert fit(log_probs, "ben").score < -3
    assert fit(log_probs, "ben", end=8).score == pytest.approx(0.0, abs=1e-5)


def test_each_word_gets_its_frames() -> None:
    assert fit(frames("▁b", "e", "n", "▁the"), "ben", "the").words == ((0, 5), (6, 7))


def test_a_lone_boundary_belongs_to_no_word() -> None:
    assert fit(frames("▁", "i", "n"), "in").words == ((2, 5),)


def test_a_text_does_not_fit_too_few_frames() -> None:
    result = fit(frames("▁", "b"), "sherburn")
    assert result.score <= IMPOSSIBLE / 2
    assert result.words == ()


def test_candidates_score_together_as_alone() -> None:
    log_probs = frames("▁b", "e", "n", "▁the", "▁", "i", "n")
    candidates = [
        Candidate(spelled(*words), start, end)
        for words, start, end in [(("ben",), 0, 6), (("in", "an"), 6, 14), (("the",), 6, 8), (("ban",), 0, 6)]
    ]
    together = fits(log_probs, candidates)
    assert together == [fits(log_probs, [candidate])[0] for candidate in candidates]


def test_an_unknown_letter_gives_no_lattice() -> None:
    assert lattice(["r2d2"], CLASSES, BLANK) is None
