"""Compare a forecast with the actual values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from mediaindex.catalog.forecasts import forecasts
from mediaindex.catalog.forecasts.forecasts import Expected, Kept, Outcome
from mediaindex.config.sources import Prices

if TYPE_CHECKING:
    from mediaindex.catalog import Connection


@dataclass(frozen=True, slots=True)
class Line:
    """One figure, expected and actual; ``unit``: files, s, or a currency."""

    what: str
    unit: str
    expected: float
    actual: float

    @property
    def error(self) -> float | None:
        """The relative error of the forecast: 0.1 means 10 % too high. None if the actual value is zero."""
        return (self.expected - self.actual) / self.actual if self.actual else None


@dataclass(frozen=True, slots=True)
class Review:
    """``found``: the forecast's files that are in the ledger; ``done``: those that are finished. Until all are
    finished, ``lines`` compare the finished part. ``ended_at``: when the last one was finished."""

    kept: Kept
    found: int
    done: int
    lines: tuple[Line, ...]
    ended_at: datetime | None

    @property
    def finished(self) -> bool:
        """Whether all expected files are finished."""
        return self.done >= self.kept.expected.files and self.done == self.found


def reviews(conn: Connection, source: str | None = None, number: int | None = None, limit: int = 20) -> list[Review]:
    """Reviews of the saved forecasts, the newest first."""
    saved = forecasts.kept(conn, source, number, limit)
    return [compare(kept, forecasts.outcome(conn, kept.expected)) for kept in saved]


def compare(kept: Kept, outcomes: Sequence[Outcome]) -> Review:
    """The review of one forecast; ``outcomes`` by file type."""
    expected = kept.expected
    found, done = sum(outcome.found for outcome in outcomes), sum(outcome.done for outcome in outcomes)
    started = min((outcome.started_at for outcome in outcomes if outcome.started_at), default=None)
    ended = max((outcome.ended_at for outcome in outcomes if outcome.ended_at), default=None)
    review = Review(kept, found, done, (), ended)
    lines = [Line("files", "files", expected.files, found)] if review.finished else []
    if done:
        lines += _work(expected, outcomes, 1.0 if review.finished else _share(expected, outcomes))
    if review.finished and started and ended:
        lines.append(Line("time", "s", expected.finish_s, (ended - started).total_seconds()))
    return replace(review, lines=tuple(lines))


def _work(expected: Expected, outcomes: Sequence[Outcome], share: float) -> list[Line]:
    audio, wall, cpu, gpu = (
        sum(getattr(outcome, name) for outcome in outcomes) for name in ("audio_s", "wall_s", "cpu_s", "gpu_s")
    )
    lines = [
        Line("audio", "s", expected.audio_s * share, audio),
        Line("slots", "s", expected.wall_s * share, wall),
        Line("cores", "s", expected.cpu_s * share, cpu),
    ]
    if gpu or expected.gpu_s:
        lines.append(Line("GPUs", "s", expected.gpu_s * share, gpu))
    if expected.prices is not None:
        prices = Prices.model_validate(expected.prices)
        expected_cost = prices.cost(expected.cpu_s, expected.gpu_s) * share
        lines.append(Line("cost", prices.currency, expected_cost, prices.cost(cpu, gpu)))
    return lines


def _share(expected: Expected, outcomes: Sequence[Outcome]) -> float:
    """The share of the forecast's audio that was expected in the finished files."""
    rates = expected.made_from.get("seconds_a_byte", {})
    expected_s = sum(outcome.bytes * rates[outcome.suffix][0] for outcome in outcomes if outcome.suffix in rates)
    return float(expected_s / expected.audio_s) if expected.audio_s else 0.0
