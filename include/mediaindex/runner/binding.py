"""Bindings: how the runner runs a stage, and which engines and hints enter its fingerprint."""

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
    """Inputs of a stage: results of earlier stages by name, and a function that loads the audio."""

    item: JobItem
    upstream: Mapping[str, Any]
    audio: Callable[[], Audio]
    engines: Engines


def _no_hints(_hints: Hints) -> dict[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Binding:
    """A stage with its function. ``engines``: names of attributes of ``Engines``; ``programs``: external programs."""

    stage: Stage[Any]
    version: int
    run: Callable[[Inputs, Any], Any]
    summary: Callable[[Any], dict[str, Any]]
    engines: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    hints: Callable[[Hints], dict[str, str]] = _no_hints
    concurrent: bool = False  # run several items at a time: for stages that wait for programs, models or the store

    @property
    def name(self) -> str:
        """The name of the stage."""
        return self.stage.name

    def identities(self, engines: Engines) -> tuple[str, ...]:
        """All programs and engines that affect the result, with versions and weights; loads nothing."""
        return (*self.programs, *engines.identities(self.engines))

    def fingerprint(self, item: JobItem, settings: Any, engines: Engines) -> str:
        """The fingerprint of the stage's result for this item."""
        inputs = {stage: item.upstream[stage] for stage in self.stage.reads}
        inputs |= {f"hint.{name}": value for name, value in self.hints(item.hints).items()}
        return fingerprint(self.name, self.version, self.identities(engines), settings, inputs)
