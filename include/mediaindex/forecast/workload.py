"""What stages cost for so much audio, and how long the machine needs for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mediaindex.catalog.forecasts.experience import StageCost, Work
from mediaindex.contract.pipeline import STAGES, Stage
from mediaindex.settings import SpeechSettings

from .ranges import Range

ENOUGH_RECORDINGS, ENOUGH_S = 5, 600.0  # less than this, and the loading of models is most of what was measured
_SHIPPED_CORES = 2
_SHIPPED_SPREAD = (0.5, 2.0)  # other machines, other models
# What a run costs a speech slot besides: seven tasks and as many processes are started. A run that found everything
# done took 20 s, with its other tasks.
BATCH_S = 15.0
_POOLS = Path(__file__).parents[1] / "orchestration" / "pools.json"


@dataclass(frozen=True, slots=True)
class StageRate:
    """Seconds a second of audio: of wall clock, CPU, GPU; ``batch_s``: of wall clock for every batch."""

    stage: str
    wall: float
    cpu: float
    gpu: float = 0.0
    batch_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Rates:
    """What audio costs at each stage, and within which factors that is uncertain.

    ``copies``: share of recordings whose audio was known already; they cost less, and that is in the rates.
    ``cores``: where the rates are of a machine that did nothing else, its cores; None: of this installation at work.
    """

    stages: tuple[StageRate, ...]
    spread: Range
    basis: str
    copies: float = 0.0
    cores: int | None = None

    def costs(self, audio_s: float, batches: int) -> tuple[StageCost, ...]:
        """By stage, for so many seconds of audio in so many batches."""
        return tuple(self._cost(one, audio_s, batches) for one in self.stages)

    def _cost(self, one: StageRate, audio_s: float, batches: int) -> StageCost:
        starting = one.batch_s * batches
        return StageCost(one.stage, one.wall * audio_s + starting, one.cpu * audio_s + starting, one.gpu * audio_s)


@dataclass(frozen=True, slots=True)
class Machine:
    """Speech processes at a time; ``cores``: reckon with so many that do nothing else, instead."""

    slots: int
    cores: int | None = None

    def seconds(self, costs: tuple[StageCost, ...], batches: int, cores: int | None) -> float:
        """How long it is busy with all that. ``cores``: those the costs were measured on, if only on them."""
        wall = sum(one.wall_s for one in costs) + BATCH_S * batches
        cpu = sum(one.cpu_s for one in costs)
        if self.cores is not None:
            return cpu / self.cores
        return max(wall / self.slots, cpu / cores if cores else 0.0)


def learn(source: str, own: Work, everybody: Work) -> Rates:
    """From the source's latest batches, else from everybody's, else what was measured before shipping."""
    for work, whose in ((own, f"of {source}"), (everybody, "of all sources")):
        if work.recordings >= ENOUGH_RECORDINGS and work.audio_s >= ENOUGH_S:
            batches = "1 batch" if work.batches == 1 else f"{work.batches:,} batches"
            return _learned(work, f"{work.recordings:,} recordings in {batches} {whose}")
    low, high = _SHIPPED_SPREAD
    return Rates(
        tuple(_shipped(stage) for stage in STAGES.values()),
        Range(low, 1.0, high),
        f"defaults, measured on {_SHIPPED_CORES} cores, uncertain by a factor of {high:g}: little was done here yet",
        cores=_SHIPPED_CORES,
    )


def _shipped(stage: Stage[Any]) -> StageRate:
    cost = stage.cost
    return StageRate(stage.name, cost.cpu / cost.cores, cost.cpu, 0.0, cost.batch_s)


def _learned(work: Work, basis: str) -> Rates:
    stages = tuple(
        StageRate(one.stage, one.wall_s / work.audio_s, one.cpu_s / work.audio_s, one.gpu_s / work.audio_s)
        for one in work.stages
    )
    usual = sum(one.wall for one in stages)
    low, high = ((work.low or 0.0) / usual, (work.high or 0.0) / usual) if usual else (1.0, 1.0)
    return Rates(stages, Range.around(1.0, low, high), basis, copies=work.copies / work.recordings)


def speech_slots() -> int:
    """MEDIAINDEX_SPEECH_SLOTS, else those of the pool for backfills that ``make up`` and the images give to Airflow."""
    return SpeechSettings.read().speech_slots or _slots_in(_POOLS)


def _slots_in(file: Path) -> int:
    pools = {name: pool["slots"] for name, pool in json.loads(file.read_text("utf-8")).items() if "speech" in name}
    backfill = [slots for name, slots in pools.items() if "backfill" in name]
    return int(sum(backfill) or sum(pools.values()))
