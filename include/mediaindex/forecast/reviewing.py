"""A forecast against what came of it."""

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
    """One figure, expected and actual, both in ``unit``: files, s, or a currency."""

    what: str
    unit: str
    expected: float
    actual: float

    @property
    def error(self) -> float | None:
        """How far off the forecast was, as a share of what came: 0.1 means 10 % too high. None where nothing came."""
        return (self.expected - self.actual) / self.actual if self.actual else None


@dataclass(frozen=True, slots=True)
class Review:
    """``found``: of the forecast's files in the ledger; ``done``: that have come to an end. Until all are, ``lines``
    compare what was expected of the part that is done. ``ended_at``: when the last of them was done."""

    kept: Kept
    found: int
    done: int
    lines: tuple[Line, ...]
    ended_at: datetime | None

    @property
    def finished(self) -> bool:
        """Whether all that is to come has come."""
        return self.done >= self.kept.expected.files and self.done == self.found


def reviews(conn: Connection, source: str | None = None, number: int | None = None, limit: int = 20) -> list[Review]:
    """Every forecast that was kept, the newest first."""
    return [compare(one, forecasts.outcome(conn, one.expected)) for one in forecasts.kept(conn, source, number, limit)]


def compare(kept: Kept, outcomes: Sequence[Outcome]) -> Review:
    """Figures side by side."""
    expected = kept.expected
    found, done = sum(one.found for one in outcomes), sum(one.done for one in outcomes)
    started = min((one.started_at for one in outcomes if one.started_at), default=None)
    ended = max((one.ended_at for one in outcomes if one.ended_at), default=None)
    review = Review(kept, found, done, (), ended)
    lines = [Line("files", "files", expected.files, found)] if review.finished else []
    if done:
        lines += _work(expected, outcomes, 1.0 if review.finished else _share(expected, outcomes))
    if review.finished and started and ended:
        lines.append(Line("time", "s", expected.finish_s, (ended - started).total_seconds()))
    return replace(review, lines=tuple(lines))


def _work(expected: Expected, outcomes: Sequence[Outcome], share: float) -> list[Line]:
    audio, wall, cpu, gpu = (
        sum(getattr(one, name) for one in outcomes) for name in ("audio_s", "wall_s", "cpu_s", "gpu_s")
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
        foreseen = prices.cost(expected.cpu_s, expected.gpu_s) * share
        lines.append(Line("cost", prices.currency, foreseen, prices.cost(cpu, gpu)))
    return lines


def _share(expected: Expected, outcomes: Sequence[Outcome]) -> float:
    """Which part of the forecast's audio it expected in the files that are done."""
    rates = expected.made_from.get("seconds_a_byte", {})
    foreseen = sum(one.bytes * rates[one.suffix][0] for one in outcomes if one.suffix in rates)
    return float(foreseen / expected.audio_s) if expected.audio_s else 0.0
