"""Fit a calibration on judged words, and measure its quality for speakers that it was not fitted on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mediaindex.engines.calibration.beta import Calibration, fit
from mediaindex.errors import ErrorCode, TerminalError

from .raw_words import RawWord
from .verdicts import calibration_error, ranking

FOLDS = 10
ALL = "all"


@dataclass(frozen=True, slots=True)
class Quality:
    """Quality figures of a set of words; ``models.calibrations.Quality`` explains them."""

    words: int
    right: float
    ece_raw: float
    ece_cv: float
    ece_unseen: float | None
    auroc: float | None


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A calibration of all words, and its quality per condition and over all of them."""

    calibration: Calibration
    folds: int
    quality: dict[str, Quality]


def calibrate(words: Sequence[RawWord]) -> Calibrated:
    """Fit on all words; judge by cross-validation over groups, with at most ten folds.

    Raises TerminalError if there is only one group, or if too few words are right or wrong.
    """
    fold_of = folds(word.group for word in words)
    if len(set(fold_of.values())) < 2:
        raise TerminalError(
            "a calibration is judged by speakers that it was not fitted on, but there is only one speaker or "
            "recording: add recordings, and name their speakers in the field speaker",
            code=ErrorCode.TOO_FEW_SPEAKERS,
        )
    calibration = fit([word.raw for word in words], [word.right for word in words])
    conditions = list(dict.fromkeys(word.condition for word in words))
    seen = held_out(words, fold_of, lambda _train, _test: True)
    # As for recordings unlike all that was fitted on: other speakers and another condition.
    unseen = held_out(words, fold_of, lambda train, test: train != test) if len(conditions) > 1 else None
    quality = {}
    for name in [*conditions, ALL]:
        chosen = [at for at, word in enumerate(words) if name in (word.condition, ALL)]
        quality[name] = _quality(words, chosen, seen, unseen)
    return Calibrated(calibration, len(set(fold_of.values())), quality)


def folds(groups: Iterable[str]) -> dict[str, int]:
    """The fold (of at most ten) of each group."""
    return {group: at % FOLDS for at, group in enumerate(sorted(set(groups)))}


def held_out(words: Sequence[RawWord], fold_of: dict[str, int], may: Callable[[str, str], bool]) -> list[float]:
    """P(right) per word, fitted on words of other folds; ``may(train, test)``: whether a condition serves another."""
    probabilities = [0.0] * len(words)
    for fold, condition in sorted({(fold_of[word.group], word.condition) for word in words}):
        train = [word for word in words if fold_of[word.group] != fold and may(word.condition, condition)]
        try:
            calibration = fit([word.raw for word in train], [word.right for word in train])
        except TerminalError as error:
            part = f"fold {fold + 1} of {len(set(fold_of.values()))} ({condition}) cannot be judged by the others:"
            raise TerminalError(f"{part} {error.message}", code=error.code) from error
        for at, word in enumerate(words):
            if fold_of[word.group] == fold and word.condition == condition:
                probabilities[at] = calibration.probability(word.raw)
    return probabilities


def _quality(
    words: Sequence[RawWord], chosen: Sequence[int], seen: Sequence[float], unseen: Sequence[float] | None
) -> Quality:
    def split(values: Sequence[float]) -> tuple[list[float], list[float]]:
        right = [values[at] for at in chosen if words[at].right]
        return right, [values[at] for at in chosen if not words[at].right]

    auroc = ranking(*split(seen))
    return Quality(
        words=len(chosen),
        right=round(sum(words[at].right for at in chosen) / len(chosen), 4),
        ece_raw=round(calibration_error(*split([word.raw for word in words])) or 0.0, 4),
        ece_cv=round(calibration_error(*split(seen)) or 0.0, 4),
        ece_unseen=round(calibration_error(*split(unseen)) or 0.0, 4) if unseen else None,
        auroc=None if auroc is None else round(auroc, 4),
    )
