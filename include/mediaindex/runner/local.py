"""Run all stages over files on this machine, without Airflow and servers."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mediaindex.contract import artifacts
from mediaindex.contract.job import (
    FileSource,
    FolderStore,
    Hints,
    ItemError,
    ItemResult,
    Job,
    JobItem,
)
from mediaindex.contract.pipeline import AFTER_TRIAGE, ASSESS, BEFORE_TRIAGE, FIND_TOPICS, LAST_STAGE, NORMALIZE, STAGES
from mediaindex.contract.results import Assessment, Topics
from mediaindex.contract.settings import TriageSettings
from mediaindex.contract.states import ObjectState
from mediaindex.stages.triage import TriageFacts, triage

from .bindings import BINDINGS
from .execute import run_job

if TYPE_CHECKING:
    from mediaindex.contract.artifacts import ArtifactStore

    from .engines import Engines

Progress = Callable[[str, JobItem, ItemResult], None]


@dataclass(slots=True)
class Outcome:
    """The outcome of one file. ``status``: indexed, in_review or quarantined; ``wall_s``: seconds over all stages."""

    item: JobItem
    status: ObjectState = ObjectState.INDEXED
    reasons: tuple[str, ...] = ()
    error: ItemError | None = None
    summaries: dict[str, dict[str, Any]] = field(default_factory=dict)
    wall_s: float = 0.0

    @property
    def warnings(self) -> tuple[str, ...]:
        """The warnings of all stages: defects of a recording that is usable nevertheless."""
        return tuple(text for summary in self.summaries.values() for text in summary.get("warnings", ()))

    @property
    def file_start(self) -> float:
        """Source time (s) at which the file starts, pictures included."""
        start: float = self.summaries.get(NORMALIZE.name, {}).get("file_start", 0.0)
        return start


def items_of(files: Sequence[Path], hints: Hints) -> list[JobItem]:
    """One job item per file, in the order given. In names, bytes that are not UTF-8 are replaced."""
    return [
        JobItem(id=str(number), name=_name(file), source=FileSource(path=str(file.resolve())), hints=hints)
        for number, file in enumerate(files, 1)
    ]


def _name(file: Path) -> str:
    return os.fsencode(file.name).decode("utf-8", "replace")


@dataclass(slots=True)
class LocalRun:
    """Runs stages over a batch of files; ``settings`` overrides fields by stage name.

    ``frugal``: release each engine after the last stage that uses it, because a day-long recording needs the memory.
    Else all engines are kept for another batch.
    """

    store: FolderStore
    settings: dict[str, dict[str, Any]]
    engines: Engines
    progress: Progress
    triage: TriageSettings = field(default_factory=TriageSettings)
    frugal: bool = True

    def index(self, items: Sequence[JobItem]) -> list[Outcome]:
        """Run all stages on each item; after triage only on items that go on to recognition."""
        outcomes = [Outcome(item) for item in items]
        for stage in BEFORE_TRIAGE:
            self._stage(stage, [outcome for outcome in outcomes if outcome.status == ObjectState.INDEXED])
        for outcome in outcomes:
            self._triage(outcome)
        alive = [outcome for outcome in outcomes if outcome.status == ObjectState.INDEXED]
        for stage in AFTER_TRIAGE:
            self._stage(stage, [outcome for outcome in alive if outcome.error is None])
        for outcome in alive:
            if outcome.error is None and outcome.summaries["assess"]["needs_review"]:
                outcome.status, outcome.reasons = ObjectState.IN_REVIEW, tuple(outcome.summaries["assess"]["reasons"])
        return outcomes

    def transcript(self, outcome: Outcome) -> tuple[Assessment, Topics] | None:
        """The assessment and topics of a recording, read from the store; None if it did not complete all stages."""
        if outcome.error or LAST_STAGE not in outcome.item.upstream:
            return None
        store = self._open()
        return artifacts.read(store, ASSESS, outcome.item), artifacts.read(store, FIND_TOPICS, outcome.item)

    def _open(self) -> ArtifactStore:
        from mediaindex.storage.artifacts import open_store

        return open_store(self.store)

    def _stage(self, stage: str, outcomes: Sequence[Outcome]) -> None:
        if not outcomes:
            return  # no model is needed
        job = Job(
            stage=stage,
            items=tuple(outcome.item for outcome in outcomes),
            store=self.store,
            settings=self.settings.get(stage, {}),
        )
        result = run_job(job, self._open(), self.engines, lambda item, done: self.progress(stage, item, done))
        for outcome, done in zip(outcomes, result.items, strict=True):
            outcome.wall_s += done.usage.wall_s
            outcome.summaries[stage] = done.summary
            if done.error:
                outcome.error, outcome.status = done.error, ObjectState.QUARANTINED
            outcome.item = passed(outcome.item, stage, done)
        if self.frugal:
            names = tuple(STAGES)
            later = names[names.index(stage) + 1 :]
            self.engines.keep({name for later_stage in later for name in BINDINGS[later_stage].engines})

    def _triage(self, outcome: Outcome) -> None:
        if outcome.error:
            return
        decision = triage(TriageFacts.from_summaries(outcome.summaries), self.triage)
        if not decision.transcribe:
            outcome.status, outcome.reasons = ObjectState.IN_REVIEW, decision.reasons


def run_one(stage: str, item: JobItem, store: FolderStore, engines: Engines) -> tuple[JobItem, ItemResult]:
    """Run one stage on one file, after the stages that it reads; the first error is the result.

    The returned item has the fingerprints of the completed stages.
    """
    from mediaindex.storage.artifacts import open_store

    for before in STAGES[stage].reads:
        if before not in item.upstream:
            item, result = run_one(before, item, store, engines)
            if result.error:
                return item, result
    result = run_job(Job(stage=stage, items=(item,), store=store), open_store(store), engines).items[0]
    return passed(item, stage, result), result


def passed(item: JobItem, stage: str, result: ItemResult) -> JobItem:
    """The item with the fingerprint of a completed stage; unchanged if the stage failed."""
    if result.error:
        return item
    upstream = item.upstream | {stage: str(result.fingerprint)}
    return item.model_copy(update={"audio_sha256": result.audio_sha256, "upstream": upstream})
