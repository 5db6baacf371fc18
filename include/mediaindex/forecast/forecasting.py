"""Forecast a backfill: its files, how many are new, their cost, and when they are done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from mediaindex.catalog.base.connection import clock
from mediaindex.catalog.forecasts import experience, forecasts
from mediaindex.catalog.forecasts.experience import Ahead, StageCost
from mediaindex.catalog.forecasts.forecasts import Expected
from mediaindex.config.sources import Prices, Source
from mediaindex.contract.states import ObjectState

from . import lengths, workload
from .lengths import Estimator
from .places import Places, Runs, Span, places
from .ranges import NOTHING, Range
from .tallying import NEW, Tally, Watch, tally
from .workload import Machine, Rates

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from mediaindex.catalog import Connection


@dataclass(frozen=True, slots=True)
class Queue:
    """The waiting and running work of all sources: files, seconds of audio, seconds until the machine is free."""

    files: int
    audio_s: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """``audio``: seconds by state; ``stages``: costs of the new files. ``work``, ``core``, ``gpu`` and ``finish`` are
    seconds: of wall clock, of a core and of a GPU over all stages, and until the last file is done. ``cost`` is in the
    currency of the prices."""

    source: Source
    span: Span
    places: Places
    made_at: datetime
    tally: Tally
    audio: dict[str, Range]
    estimator: Estimator
    rates: Rates
    stages: tuple[StageCost, ...]
    work: Range
    core: Range
    gpu: Range
    queue: Queue
    machine: Machine
    finish: Range
    prices: Prices | None
    cost: Range | None

    @property
    def new(self) -> int:
        """Number of files that the backfill would index."""
        return self.tally.files[NEW]

    @property
    def ends_at(self) -> datetime:
        """When the backfill would end if it started now."""
        return self.made_at + timedelta(seconds=self.finish.value)


def forecast(
    conn: Connection,
    client: S3Client,
    source: Source,
    span: Span,
    machine: Machine,
    runs: Runs | None,
    prices: Prices | None = None,
    watch: Watch = lambda _listed: None,
) -> Forecast:
    """List the files, look them up in the catalog and estimate their cost. Writes nothing.

    Raises ConfigError if the prefix cannot be rendered, MediaindexErrors of S3 and of the catalog.
    """
    made_at = clock(conn)
    listed = places(source, span, made_at, runs)
    counted = tally(conn, client, source, listed, watch)
    estimator = lengths.learn(source.name, experience.lengths(conn, source.name), experience.lengths(conn))
    rates = workload.learn(source.name, experience.work(conn, source.name), experience.work(conn))
    audio = {state: audio_in(counted, state, estimator) for state in counted.files}
    new = audio.get(NEW, NOTHING)
    stages = rates.costs(new.value, counted.batches)
    work, core, gpu = (_spread(new, rates, sum(costs)) for costs in zip(*map(_figures, stages), strict=True))
    queue = waiting(experience.ahead(conn), estimator, rates, machine, source.batch_seconds)
    finish = _finish(counted, new, stages, queue, machine, rates, estimator)
    cost = None if prices is None else Range(*(prices.cost(getattr(core, at), getattr(gpu, at)) for at in _BORDERS))
    return Forecast(
        source, span, listed, made_at, counted, audio, estimator, rates, stages, work, core, gpu, queue, machine,
        finish, prices, cost,
    )  # fmt: skip


_BORDERS = ("low", "value", "high")


def audio_in(counted: Tally, state: str, estimator: Estimator) -> Range:
    """Seconds of audio of all files in this state; quarantined files of unknown length count as zero."""
    known = Range.exactly(float(counted.seconds[state]))
    return known if state == ObjectState.QUARANTINED else known + estimator.seconds(counted.sizes(state))


def waiting(ahead: Iterable[Ahead], estimator: Estimator, rates: Rates, machine: Machine, batch_s: float) -> Queue:
    """The work that is done before the backfill or at the same time."""
    kinds = list(ahead)
    files = sum(kind.files for kind in kinds)
    estimated = estimator.seconds((kind.suffix, kind.bytes) for kind in kinds).value
    audio_s = sum(kind.seconds for kind in kinds) + estimated
    batches = min(files, 1 + int(audio_s / batch_s)) if kinds else 0
    busy = machine.seconds(rates.costs(audio_s, batches), batches, rates.cores)
    return Queue(files, audio_s, busy)


def keep(conn: Connection, made: Forecast) -> int:
    """Save the forecast for a later review; its number."""
    new = made.audio.get(NEW, NOTHING)
    expected = Expected(
        source=made.source.name,
        bucket=made.source.bucket,
        prefixes=made.places.prefixes,
        first_at=made.places.begin or made.span.first,
        last_at=made.places.end - timedelta(microseconds=1) if made.places.end else made.span.last,
        by_date=made.places.by_date,
        made_at=made.made_at,
        files=made.new,
        audio_s=new.value,
        wall_s=made.work.value,
        cpu_s=made.core.value,
        gpu_s=made.gpu.value,
        finish_s=made.finish.value,
        prices=None if made.prices is None else made.prices.model_dump(),
        made_from=_made_from(made, new),
    )
    return forecasts.save(conn, expected)


def _made_from(made: Forecast, new: Range) -> dict[str, Any]:
    kinds = {suffix: made.estimator.rate(suffix) for suffix, _ in made.tally.sizes(NEW)}
    return {
        "files": dict(made.tally.files),
        "batches": made.tally.batches,
        "ranges": {
            name: [figure.low, figure.value, figure.high]
            for name, figure in {
                "audio_s": new,
                "wall_s": made.work,
                "cpu_s": made.core,
                "finish_s": made.finish,
            }.items()
        },
        "seconds_a_byte": {suffix: [rate.seconds.value, rate.basis] for suffix, rate in kinds.items()},
        "rates": made.rates.basis,
        "copies": made.rates.copies,
        "stages": {cost.stage: [cost.wall_s, cost.cpu_s, cost.gpu_s] for cost in made.stages},
        "queue": {"files": made.queue.files, "audio_s": made.queue.audio_s, "seconds": made.queue.seconds},
        "slots": made.machine.slots,
        "cores": made.machine.cores,
    }


def _figures(cost: StageCost) -> tuple[float, float, float]:
    return cost.wall_s, cost.cpu_s, cost.gpu_s


def _spread(audio: Range, rates: Rates, value: float) -> Range:
    """The range of a cost, by the uncertainty of the audio length and of the rate."""
    relative = audio * (1 / audio.value) if audio.value else Range.exactly(1.0)
    return relative.times(rates.spread) * value


def _finish(
    counted: Tally,
    new: Range,
    stages: tuple[StageCost, ...],
    queue: Queue,
    machine: Machine,
    rates: Rates,
    estimator: Estimator,
) -> Range:
    busy = machine.seconds(stages, counted.batches, rates.cores)
    # One recording passes its stages one after another, with any number of slots.
    longest = max((estimator.seconds([file]).value for file in counted.largest.items()), default=0.0)
    alone = sum(cost.wall_s for cost in rates.costs(longest, 1)) if longest else 0.0
    return _spread(new, rates, max(busy, alone)) + Range.exactly(queue.seconds)
