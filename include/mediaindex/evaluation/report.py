"""What an evaluation says, as JSON: a score a file, figures a bucket and in all, and under which rules."""

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
    """``unit``: ``%`` for a share that is shown times 100, else as it stands."""

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
FROM_WORDS = {"ece": calibration_error, "auroc": ranking}  # these do not add up over files; the words do


class Protocol(_Strict):
    """The rules of the figures; only reports with the same rules compare."""

    normaliser: str = NORMALISER
    collar: float = 0.0  # s on either side of each reference boundary that DER and JER leave out
    overlap: bool = True  # whether DER and JER judge speech of several people at a time
    languages: tuple[str, ...] = ()  # that were allowed; empty: all


class FileScore(_Strict):
    """One recording. ``status``: indexed, in_review (indexed as well here) or quarantined (nothing came out).

    ``tallies`` by the name of the metric. ``right`` and ``wrong``: confidences of words found right and wrong.
    ``wall_s`` is None where results of an earlier run were used. ``peak_mb``: the process's high-water mark so far.
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
    recogniser: str = ""  # that wrote most of it

    def value(self, metric: str) -> float | None:
        """This recording's figure; None where it has none."""
        return pooled([self], metric)


class Figures(_Strict):
    """Several recordings as one: errors added up, then divided. ``metrics`` holds those that are known."""

    files: int
    audio_s: float
    metrics: dict[str, float]


class Report(_Strict):
    """The whole evaluation. ``wall_s``: from the first stage to the last, models loaded in it; None from a cache.

    ``recognisers``: their identities (model, engine, weights, calibration) in order of preference.
    """

    format: Literal[1] = 1
    mediaindex: str
    manifest: str
    protocol: Protocol
    all: Figures
    wall_s: float | None
    peak_mb: float
    buckets: dict[str, dict[str, Figures]]
    files: tuple[FileScore, ...]
    recognisers: tuple[str, ...] = ()


def pooled(files: Sequence[FileScore], metric: str) -> float | None:
    """One figure over all files; None where no file has what it needs."""
    if metric in FROM_WORDS:
        right = [confidence for file in files for confidence in file.right]
        return FROM_WORDS[metric](right, [confidence for file in files for confidence in file.wrong])
    return total(file.tallies[metric] for file in files if metric in file.tallies).value


def figures(files: Sequence[FileScore]) -> Figures:
    """Every metric over these files."""
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
