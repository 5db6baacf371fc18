"""How the runner sees a stage: what it reads, what it writes, which engines and hints make its fingerprint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mediaindex.contract.artifacts import fingerprint
from mediaindex.contract.job import Hints, JobItem
from mediaindex.contract.pipeline import Stage

if TYPE_CHECKING:
    from mediaindex.stages.audio import Audio

    from .engines import Engines


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a stage may ask for: decoded upstream results by stage name, and the audio if it wants it."""

    item: JobItem
    upstream: Mapping[str, Any]
    audio: Callable[[], Audio]
    engines: Engines


def _no_hints(_hints: Hints) -> dict[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Binding:
    """One stage, wired to what it runs. ``engines``: by their names in ``Engines``; ``programs``: what else it runs."""

    stage: Stage[Any]
    version: int
    run: Callable[[Inputs, Any], Any]
    summary: Callable[[Any], dict[str, Any]]
    engines: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    hints: Callable[[Hints], dict[str, str]] = _no_hints
    concurrent: bool = False  # several items at a time: for stages that wait for programs, models or the store

    @property
    def name(self) -> str:
        """The name of the stage."""
        return self.stage.name

    def identities(self, engines: Engines) -> tuple[str, ...]:
        """Whoever shares in the result, down to weights and versions; loads nothing."""
        return (*self.programs, *engines.identities(self.engines))

    def fingerprint(self, item: JobItem, settings: Any, engines: Engines) -> str:
        """The name of this computation for this item."""
        inputs = {stage: item.upstream[stage] for stage in self.stage.reads}
        inputs |= {f"hint.{name}": value for name, value in self.hints(item.hints).items()}
        return fingerprint(self.name, self.version, self.identities(engines), settings, inputs)
