"""A forecast of a backfill: what there is, what is new, what that takes, and when it is done."""

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
from .places import Places, RunPrefixes, Span, places
from .ranges import NOTHING, Range
from .tallying import NEW, Tally, Watch, tally
from .workload import Machine, Rates

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from mediaindex.catalog import Connection


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits or is at work already, of all sources: files, seconds of audio, seconds until the machine is free."""

    files: int
    audio_s: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """``audio``: seconds by state; ``stages``: what the new ones cost; ``work``, ``core``, ``gpu`` and ``finish`` in
    seconds: of wall clock, of a core and of a GPU over all stages, and until the last one is done. ``cost`` in the
    currency of prices."""

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
        """Files that would be indexed."""
        return self.tally.files[NEW]

    @property
    def ends_at(self) -> datetime:
        """When, if it were started now."""
        return self.made_at + timedelta(seconds=self.finish.value)


def forecast(
    conn: Connection,
    client: S3Client,
    source: Source,
    span: Span,
    machine: Machine,
    run_prefixes: RunPrefixes | None,
    prices: Prices | None = None,
    watch: Watch = lambda _listed: None,
) -> Forecast:
    """List, look up, reckon; writes nothing. ConfigError for a prefix that cannot be rendered; errors of S3 as ours."""
    made_at = clock(conn)
    where = places(source, span, made_at, run_prefixes)
    found = tally(conn, client, source, where, span, watch)
    estimator = lengths.learn(source.name, experience.lengths(conn, source.name), experience.lengths(conn))
    rates = workload.learn(source.name, experience.work(conn, source.name), experience.work(conn))
    audio = {state: audio_in(found, state, estimator) for state in found.files}
    new = audio.get(NEW, NOTHING)
    stages = rates.costs(new.value, found.batches)
    work, core, gpu = (_spread(new, rates, sum(costs)) for costs in zip(*map(_figures, stages), strict=True))
    queue = waiting(experience.ahead(conn), estimator, rates, machine, source.batch_seconds)
    finish = _finish(found, new, stages, queue, machine, rates, estimator)
    cost = None if prices is None else Range(*(prices.cost(getattr(core, at), getattr(gpu, at)) for at in _BORDERS))
    return Forecast(
        source, span, where, made_at, found, audio, estimator, rates, stages, work, core, gpu, queue, machine, finish,
        prices, cost,
    )  # fmt: skip


_BORDERS = ("low", "value", "high")


def audio_in(found: Tally, state: str, estimator: Estimator) -> Range:
    """Seconds of audio of all files in this state; what is quarantined before anybody heard it has none."""
    known = Range.exactly(float(found.seconds[state]))
    return known if state == ObjectState.QUARANTINED else known + estimator.seconds(found.sizes(state))


def waiting(ahead: Iterable[Ahead], estimator: Estimator, rates: Rates, machine: Machine, batch_s: float) -> Queue:
    """What must be done before, or at the same time."""
    kinds = list(ahead)
    audio_s = sum(one.seconds for one in kinds) + estimator.seconds((one.suffix, one.bytes) for one in kinds).value
    batches = min(sum(one.files for one in kinds), 1 + int(audio_s / batch_s)) if kinds else 0
    busy = machine.seconds(rates.costs(audio_s, batches), batches, rates.cores)
    return Queue(sum(one.files for one in kinds), audio_s, busy)


def keep(conn: Connection, made: Forecast) -> int:
    """Save it for a later review; its number."""
    new = made.audio.get(NEW, NOTHING)
    expected = Expected(
        source=made.source.name,
        bucket=made.source.bucket,
        prefixes=made.places.prefixes,
        first_at=made.span.first,
        last_at=made.span.last,
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
            name: [one.low, one.value, one.high]
            for name, one in {"audio_s": new, "wall_s": made.work, "cpu_s": made.core, "finish_s": made.finish}.items()
        },
        "seconds_a_byte": {suffix: [rate.seconds.value, rate.basis] for suffix, rate in kinds.items()},
        "rates": made.rates.basis,
        "copies": made.rates.copies,
        "stages": {one.stage: [one.wall_s, one.cpu_s, one.gpu_s] for one in made.stages},
        "queue": {"files": made.queue.files, "audio_s": made.queue.audio_s, "seconds": made.queue.seconds},
        "slots": made.machine.slots,
        "cores": made.machine.cores,
    }


def _figures(one: StageCost) -> tuple[float, float, float]:
    return one.wall_s, one.cpu_s, one.gpu_s


def _spread(audio: Range, rates: Rates, value: float) -> Range:
    """The uncertainty of a cost: that of the length of its audio and that of its rate."""
    relative = audio * (1 / audio.value) if audio.value else Range.exactly(1.0)
    return relative.times(rates.spread) * value


def _finish(
    found: Tally,
    new: Range,
    stages: tuple[StageCost, ...],
    queue: Queue,
    machine: Machine,
    rates: Rates,
    estimator: Estimator,
) -> Range:
    busy = machine.seconds(stages, found.batches, rates.cores)
    # One recording passes its stages one after another, however many slots there are.
    longest = max((estimator.seconds([one]).value for one in found.largest.items()), default=0.0)
    alone = sum(one.wall_s for one in rates.costs(longest, 1)) if longest else 0.0
    return _spread(new, rates, max(busy, alone)) + Range.exactly(queue.seconds)
