"""The cost of each stage for an amount of audio, and the time that the machine needs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mediaindex.catalog.forecasts.experience import StageCost, Work
from mediaindex.contract.pipeline import STAGES, Stage
from mediaindex.settings import SpeechSettings

from .ranges import Range

ENOUGH_RECORDINGS, ENOUGH_S = 5, 600.0  # with less, loading models is most of the measured time
_SHIPPED_CORES = 2
_SHIPPED_SPREAD = (0.5, 2.0)  # other machines, other models
# Additional seconds of a speech slot per run: it starts seven tasks and as many processes. A run with nothing to do
# took 20 s, including its other tasks.
BATCH_S = 15.0
_POOLS = Path(__file__).parents[1] / "orchestration" / "pools.json"


@dataclass(frozen=True, slots=True)
class StageRate:
    """Seconds per second of audio: of wall clock, CPU and GPU; ``batch_s``: seconds of wall clock per batch."""

    stage: str
    wall: float
    cpu: float
    gpu: float = 0.0
    batch_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Rates:
    """The cost of audio at each stage; ``spread``: the factors by which it is uncertain.

    ``copies``: share of recordings whose audio was known already; the rates include their lower cost.
    ``cores``: number of cores if the rates were measured on a machine without other work; None if they come from this
    installation.
    """

    stages: tuple[StageRate, ...]
    spread: Range
    basis: str
    copies: float = 0.0
    cores: int | None = None

    def costs(self, audio_s: float, batches: int) -> tuple[StageCost, ...]:
        """The cost by stage of ``audio_s`` seconds of audio in ``batches`` batches."""
        return tuple(self._cost(rate, audio_s, batches) for rate in self.stages)

    def _cost(self, rate: StageRate, audio_s: float, batches: int) -> StageCost:
        starting = rate.batch_s * batches
        return StageCost(rate.stage, rate.wall * audio_s + starting, rate.cpu * audio_s + starting, rate.gpu * audio_s)


@dataclass(frozen=True, slots=True)
class Machine:
    """``slots``: parallel speech processes; ``cores``: if given, the estimate uses so many idle cores instead."""

    slots: int
    cores: int | None = None

    def seconds(self, costs: tuple[StageCost, ...], batches: int, cores: int | None) -> float:
        """Seconds that the machine needs. ``cores``: see ``Rates.cores``."""
        wall = sum(cost.wall_s for cost in costs) + BATCH_S * batches
        cpu = sum(cost.cpu_s for cost in costs)
        if self.cores is not None:
            return cpu / self.cores
        return max(wall / self.slots, cpu / cores if cores else 0.0)


def learn(source: str, own: Work, all_sources: Work) -> Rates:
    """Rates from the latest batches of the source, else of all sources, else the defaults."""
    for work, whose in ((own, f"of {source}"), (all_sources, "of all sources")):
        if work.recordings >= ENOUGH_RECORDINGS and work.audio_s >= ENOUGH_S:
            batches = "1 batch" if work.batches == 1 else f"{work.batches:,} batches"
            return _learned(work, f"{work.recordings:,} recordings in {batches} {whose}")
    low, high = _SHIPPED_SPREAD
    return Rates(
        tuple(_shipped(stage) for stage in STAGES.values()),
        Range(low, 1.0, high),
        f"defaults, measured on {_SHIPPED_CORES} cores, uncertain by a factor of {high:g}: too few recordings here yet",
        cores=_SHIPPED_CORES,
    )


def _shipped(stage: Stage[Any]) -> StageRate:
    cost = stage.cost
    return StageRate(stage.name, cost.cpu / cost.cores, cost.cpu, 0.0, cost.batch_s)


def _learned(work: Work, basis: str) -> Rates:
    stages = tuple(
        StageRate(cost.stage, cost.wall_s / work.audio_s, cost.cpu_s / work.audio_s, cost.gpu_s / work.audio_s)
        for cost in work.stages
    )
    total = sum(rate.wall for rate in stages)
    low, high = ((work.low or 0.0) / total, (work.high or 0.0) / total) if total else (1.0, 1.0)
    return Rates(stages, Range.around(1.0, low, high), basis, copies=work.copies / work.recordings)


def speech_slots() -> int:
    """MEDIAINDEX_SPEECH_SLOTS, else the slots of the shipped backfill pool, which ``make up`` and the images use."""
    return SpeechSettings.read().speech_slots or _slots_in(_POOLS)


def _slots_in(file: Path) -> int:
    pools = {name: pool["slots"] for name, pool in json.loads(file.read_text("utf-8")).items() if "speech" in name}
    backfill = [slots for name, slots in pools.items() if "backfill" in name]
    return int(sum(backfill) or sum(pools.values()))
