"""Run the recordings of a manifest through the pipeline and score the results."""

from __future__ import annotations

import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from mediaindex import __version__
from mediaindex.contract import artifacts
from mediaindex.contract.job import FolderStore, Hints, ItemResult, JobItem
from mediaindex.contract.pipeline import ASSESS, DIARIZE, NORMALIZE, Stage
from mediaindex.contract.settings import TriageSettings
from mediaindex.contract.states import ItemStatus, ObjectState
from mediaindex.errors import BadMediaError
from mediaindex.runner.local import LocalRun, Outcome, items_of
from mediaindex.stages.triage import TriageFacts, triage

from .manifest import Entry, part_of
from .references import Reference, read_reference
from .report import FileScore, Report, ScoringRules, buckets, figures
from .score import Result, score

if TYPE_CHECKING:
    from mediaindex.contract.artifacts import ArtifactStore
    from mediaindex.runner.engines import Engines

T = TypeVar("T")

# All recordings are recognised: error rates over those that pass triage would be too optimistic. Reasons are kept.
OPEN_GATE = TriageSettings(
    min_language_confidence=0, min_allowed=0, min_speech_share=0, min_snr_db=-1e9, min_speech_probability=0
)

Tell = Callable[[str, int, int], None]


@dataclass(slots=True)
class Costs:
    """Collects the results that the runner reports, by id of the item."""

    tell: Tell
    expected: int
    results: dict[str, list[ItemResult]] = field(default_factory=lambda: defaultdict(list))
    done: int = 0

    def note(self, stage: str, item: JobItem, result: ItemResult) -> None:
        """Record the result of one stage of one item."""
        self.results[item.id].append(result)
        self.done += 1
        self.tell(stage, self.done, self.expected)


def evaluate(
    manifest: str,
    entries: Sequence[Entry],
    engines: Engines,
    rules: ScoringRules,
    *,
    folder: Path | None = None,
    cache: FolderStore | None = None,
    tell: Tell = lambda _stage, _done, _expected: None,
) -> Report:
    """Run all stages on every recording and score the results; artifacts are deleted unless ``cache`` is given.

    ``folder``: the absolute folder of the manifest; recordings below it are named by their path relative to it.
    Raises ConfigError if a reference cannot be read, before anything is computed.
    """
    references = [read_reference(entry) for entry in entries]
    with ExitStack() as stack:
        made = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mediaindex-evaluate-")))
        store = cache or FolderStore(path=str(made / "artifacts"))
        items, refused = _items(entries, made, Hints(languages=rules.languages))
        costs = Costs(tell, 7 * len(items))
        began = time.perf_counter()
        outcomes = LocalRun(store, {}, engines, costs.note, OPEN_GATE).index(items)
        wall_s = time.perf_counter() - began
        results = refused | {outcome.item.id: _result(outcome, costs, store) for outcome in outcomes}
    for number, entry in enumerate(entries, 1):
        results[str(number)] = replace(results[str(number)], name=name_of(entry, folder))
    report = _report(manifest, entries, references, results, rules, wall_s)
    return report.model_copy(update={"recognisers": tuple(recogniser.identity for recogniser in engines.recognisers)})


def _items(entries: Sequence[Entry], folder: Path, hints: Hints) -> tuple[list[JobItem], dict[str, Result]]:
    """Items with the number of the line as id, and failed results of lines whose part cannot be extracted."""
    items, refused = [], {}
    for number, entry in enumerate(entries, 1):
        try:
            (item,) = items_of([part_of(entry, folder, number)], hints)
        except BadMediaError as error:
            name = entry.audio_filepath.name
            refused[str(number)] = Result(name, ObjectState.QUARANTINED, error.message, None, None, "", None, None, 0.0)
            continue
        items.append(item.model_copy(update={"id": str(number)}))
    return items, refused


def name_of(entry: Entry, folder: Path | None = None) -> str:
    """The path relative to ``folder`` (of the manifest), and the part, if any: independent of the folder's location.

    A file in the manifest's own folder, or outside of it, is named by its own folder and its name.
    """
    part = f"@{entry.start:g}-{entry.end:g}" if entry.is_part else ""
    path = Path(os.path.normpath(entry.audio_filepath))
    below = folder and path.is_relative_to(folder) and path.parent != folder
    name = path.relative_to(folder) if folder and below else Path(path.parent.name, path.name)
    return f"{name.as_posix()}{part}"


def _result(outcome: Outcome, costs: Costs, store: FolderStore) -> Result:
    from mediaindex.storage.artifacts import open_store

    opened, item = open_store(store), outcome.item
    noted = costs.results[item.id]
    fresh = bool(noted) and all(result.status != ItemStatus.CACHED for result in noted)
    normalized = _artifact(opened, NORMALIZE, item)
    speakers = _artifact(opened, DIARIZE, item)
    # A recording that failed after assess has no transcript, as in the catalog.
    assessment = None if outcome.error else _artifact(opened, ASSESS, item)
    return Result(
        name=item.name,
        status=outcome.status,
        detail=outcome.error.message if outcome.error else " ".join(_reasons(outcome)),
        normalized=normalized,
        speakers=speakers.spans if speakers else None,
        language=outcome.summaries.get("identify_language", {}).get("language", ""),
        transcript=assessment.transcript if assessment else None,
        wall_s=round(outcome.wall_s, 3) if fresh else None,
        peak_mb=max((result.usage.peak_mb for result in noted), default=0.0),
    )


def _reasons(outcome: Outcome) -> dict[str, None]:
    """What the gate would have said with its default settings, and what was said; each once."""
    of_triage = triage(TriageFacts.from_summaries(outcome.summaries), TriageSettings()).reasons
    return dict.fromkeys((*of_triage, *outcome.reasons))


def _artifact(store: ArtifactStore, stage: Stage[T], item: JobItem) -> T | None:
    return artifacts.find(store, stage, item.audio_sha256, item.upstream.get(stage.name))


def _report(
    manifest: str,
    entries: Sequence[Entry],
    references: Sequence[Reference],
    results: dict[str, Result],
    rules: ScoringRules,
    wall_s: float,
) -> Report:
    files: list[FileScore] = []
    for number, (entry, reference) in enumerate(zip(entries, references, strict=True), 1):
        files.append(score(results[str(number)], reference, rules, entry.channel))
    fresh = all(file.wall_s is not None or file.status == ObjectState.QUARANTINED for file in files)
    return Report(
        mediaindex=__version__,
        manifest=manifest,
        protocol=rules,
        all=figures(files),
        wall_s=round(wall_s, 3) if fresh else None,
        peak_mb=max(file.peak_mb for file in files),
        buckets=buckets(files),
        files=tuple(files),
    )
