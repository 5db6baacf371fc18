"""Compare two evaluations of the same recordings: changes of metrics, and whether they are significant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from mediaindex.errors import ConfigError

from .report import METRICS, FileScore, Metric, Report, ScoringRules, pooled

RESAMPLES = 1_000
SURE = 0.95
FEWEST = 3  # files from which an interval is meaningful

Verdict = Literal["better", "worse", "unclear", "same"]


@dataclass(frozen=True, slots=True)
class Change:
    """The change of a metric over the recordings in both reports; ``low`` to ``high`` is its 95 % interval.

    ``verdict`` is better or worse only if the interval excludes 0; both bounds are None with too few recordings.
    """

    metric: Metric
    files: int
    old: float
    new: float
    low: float | None
    high: float | None
    verdict: Verdict


def read_report(path: Path) -> Report:
    """Read the report of an earlier run. Raises ConfigError if the file is not a report."""
    try:
        return Report.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ConfigError(f"{path} is not a report of `mediaindex evaluate --json`: {error}") from error


def compare(old: Report, new: Report) -> list[Change]:
    """The changes of all metrics that both reports have for the same recordings.

    Raises ConfigError if the rules differ, or if no recording is in both reports.
    """
    check_rules(old, new.protocol)
    before, after = _by_id(old.files), _by_id(new.files)
    both = [(before[name], after[name]) for name in before if name in after]
    if not both:
        raise ConfigError("the reports cannot be compared: no recording is in both of them")
    changes = (_change(metric, [pair for pair in both if _judged(metric, *pair)]) for metric in METRICS)
    return [change for change in changes if change]


def check_rules(old: Report, rules: ScoringRules) -> None:
    """Raise ConfigError if the old report was made with other rules."""
    if old.protocol != rules:
        raise ConfigError(
            f"the reports cannot be compared; rules of the old one: {old.protocol}; of the new one: {rules}"
        )


def _by_id(files: Sequence[FileScore]) -> dict[tuple[str, int], FileScore]:
    """Files by name and occurrence: a manifest may list a recording twice, and the lines keep their order."""
    seen: Counter[str] = Counter()
    named = {}
    for file in files:
        named[file.id, seen[file.id]] = file
        seen[file.id] += 1
    return named


def _judged(metric: Metric, *files: FileScore) -> bool:
    if metric.name in ("ece", "auroc"):
        return all(file.right or file.wrong for file in files)
    return all(metric.name in file.tallies for file in files)


def _change(metric: Metric, pairs: list[tuple[FileScore, FileScore]]) -> Change | None:
    old = pooled([before for before, _ in pairs], metric.name)
    new = pooled([after for _, after in pairs], metric.name)
    if old is None or new is None:
        return None
    low, high = _interval(pairs, metric.name)
    return Change(metric, len(pairs), old, new, low, high, _verdict(metric, new - old, low, high))


def _interval(pairs: list[tuple[FileScore, FileScore]], metric: str) -> tuple[float | None, float | None]:
    """Percentile bootstrap over recordings; old and new score of a recording are drawn together (paired)."""
    import numpy as np

    if len(pairs) < FEWEST:
        return None, None
    drawn = np.random.default_rng(0).integers(len(pairs), size=(RESAMPLES, len(pairs)))
    difference = _differences(pairs, metric)
    changes = [change for change in map(difference, drawn) if change is not None]
    if not changes:
        return None, None
    low, high = np.quantile(changes, [(1 - SURE) / 2, (1 + SURE) / 2])
    return float(low), float(high)


def _differences(pairs: list[tuple[FileScore, FileScore]], metric: str) -> Callable[[Sequence[int]], float | None]:
    def difference(drawn: Sequence[int]) -> float | None:
        old = pooled([pairs[at][0] for at in drawn], metric)
        new = pooled([pairs[at][1] for at in drawn], metric)
        return None if old is None or new is None else new - old

    return difference


def _verdict(metric: Metric, change: float, low: float | None, high: float | None) -> Verdict:
    if change == 0 and (low is None or low == high):
        return "same"
    if low is None or high is None or low <= 0 <= high:
        return "unclear"
    return "better" if (change < 0) == (metric.better == "lower") else "worse"
