"""The report of an evaluation, as JSON: scores per file, figures per bucket and in total, and the scoring rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from .verdicts import calibration_error, ranking
from .word_errors import NAME as NORMALISER
from .word_errors import Tally, total


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Metric(_Strict):
    """A metric. ``unit``: ``%`` for a share that is displayed times 100."""

    name: str
    label: str
    unit: Literal["%", "s", ""]
    better: Literal["lower", "higher"]


METRICS = (
    Metric(name="wer", label="WER", unit="%", better="lower"),
    Metric(name="cer", label="CER", unit="%", better="lower"),
    Metric(name="der", label="DER", unit="%", better="lower"),
    Metric(name="jer", label="JER", unit="%", better="lower"),
    Metric(name="cpwer", label="cpWER", unit="%", better="lower"),
    Metric(name="language", label="language right", unit="%", better="higher"),
    Metric(name="word_start", label="word start off", unit="s", better="lower"),
    Metric(name="word_end", label="word end off", unit="s", better="lower"),
    Metric(name="ece", label="ECE", unit="", better="lower"),
    Metric(name="auroc", label="AUROC", unit="", better="higher"),
    Metric(name="rtf", label="real-time factor", unit="", better="lower"),
)
# Metrics that do not add up over files: they are computed from the words of all files.
FROM_WORDS = {"ece": calibration_error, "auroc": ranking}


class ScoringRules(_Strict):
    """The rules by which figures are computed; only reports with the same rules can be compared."""

    normaliser: str = NORMALISER
    collar: float = 0.0  # s on either side of each boundary of the reference that DER and JER do not judge
    overlap: bool = True  # whether DER and JER judge overlapped speech
    languages: tuple[str, ...] = ()  # the allowed languages; empty: all


class FileScore(_Strict):
    """The scores of a recording. ``status``: indexed, in_review (recognised nevertheless) or quarantined (no result).

    ``tallies``: by name of the metric. ``right`` and ``wrong``: confidences of right and wrong words. ``said``: the
    recognised text. ``wall_s`` is None if results of an earlier run were used. ``peak_mb``: the process's high-water
    mark so far.
    """

    id: str
    lang: str
    channel: str
    length: str
    status: str
    detail: str
    audio_s: float
    wall_s: float | None
    peak_mb: float
    tallies: dict[str, Tally]
    right: tuple[float, ...]
    wrong: tuple[float, ...]
    said: str
    recogniser: str = ""  # of most of the recording

    def value(self, metric: str) -> float | None:
        """The recording's value of a metric; None if it has none."""
        return pooled([self], metric)


class Figures(_Strict):
    """Figures of several recordings: errors are summed before they are divided. ``metrics`` by name."""

    files: int
    audio_s: float
    metrics: dict[str, float]


class Report(_Strict):
    """A whole evaluation. ``protocol``: the scoring rules. ``wall_s``: of all stages, with loading; None from a cache.

    ``recognisers``: identities (model, engine, weights, calibration) in order of preference.
    """

    format: Literal[1] = 1
    mediaindex: str
    manifest: str
    protocol: ScoringRules
    all: Figures
    wall_s: float | None
    peak_mb: float
    buckets: dict[str, dict[str, Figures]]
    files: tuple[FileScore, ...]
    recognisers: tuple[str, ...] = ()


def pooled(files: Sequence[FileScore], metric: str) -> float | None:
    """The value of a metric over all files; None if no file has the data for it."""
    if metric in FROM_WORDS:
        right = [confidence for file in files for confidence in file.right]
        return FROM_WORDS[metric](right, [confidence for file in files for confidence in file.wrong])
    return total(file.tallies[metric] for file in files if metric in file.tallies).value


def figures(files: Sequence[FileScore]) -> Figures:
    """All metrics over these files."""
    values = {metric.name: pooled(files, metric.name) for metric in METRICS}
    known = {name: round(value, 6) for name, value in values.items() if value is not None}
    return Figures(files=len(files), audio_s=round(sum(file.audio_s for file in files), 3), metrics=known)


def buckets(files: Sequence[FileScore]) -> dict[str, dict[str, Figures]]:
    """Figures by language, by channel and by length."""
    kinds = {"language": "lang", "channel": "channel", "length": "length"}
    return {
        kind: {
            name: figures([file for file in files if getattr(file, field) == name])
            for name in sorted({getattr(file, field) for file in files})
        }
        for kind, field in kinds.items()
    }
