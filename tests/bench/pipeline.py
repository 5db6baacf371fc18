"""All stages compared with a pipeline from the documentation of the libraries: ``python tests/bench/pipeline.py``.

Conversations of 2 and 4 readers (development data beside the checkout, fixed seeds) go through the plain reference
(tests/bench/plain_reference.py) and through all stages, alternating set by set, on the same cores. The stages also
normalise, identify the language, assess and find topics, which the reference does not; models are loaded before the
measurement. Prints ratios; exits with 1 if a bound is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

sys.path.insert(0, str(Path(__file__).parents[2]))

from mediaindex.contract import artifacts
from mediaindex.contract.job import FolderStore, Hints, ItemResult, JobItem
from mediaindex.contract.pipeline import DIARIZE
from mediaindex.evaluation.diarization_metrics import diarization_error
from mediaindex.evaluation.run import OPEN_GATE
from mediaindex.evaluation.word_errors import normaliser_for, word_errors
from mediaindex.runner.engines import Engines
from mediaindex.runner.local import LocalRun, Outcome, items_of
from mediaindex.timeline import SpeakerSpan
from tests.bench.plain_reference import PlainPipeline, Result
from tests.builders.dialogues import SHARED, WER, Dialogue, dialogue, utterances

LEAST_SPEEDUP = 5.0
WER_TOLERANCE = 0.3  # percentage points
DER_TOLERANCE = 0.5
COLLARS = (0.0, 0.25)  # s on either side of a boundary
SET_MINUTES = 8.0
PARTNERS = {"vad": ("detect_speech",), "diarization": ("diarize",), "recognition": ("transcribe",)}


@dataclass(slots=True)
class Side:
    """One of the two pipelines: its results, and the seconds it took."""

    name: str
    loading: float
    run: Callable[[Sequence[Dialogue]], list[Result]]
    parts: dict[str, float]
    wall: float = 0.0
    results: list[Result] = field(default_factory=list)

    def process(self, dialogues: Sequence[Dialogue]) -> None:
        """Process one set and measure its time."""
        began = time.perf_counter()
        self.results += self.run(dialogues)
        self.wall += time.perf_counter() - began


def conversations(folder: Path, minutes: float) -> list[list[Dialogue]]:
    """Sets of about eight minutes: two readers for half of the time, and four others for the other half."""
    readers = [said for _name, said in sorted(utterances().items())]
    sets = max(1, round(minutes / SET_MINUTES))
    half = 60 * minutes / sets / 2
    made = []
    for number in range(sets):
        turned = readers[number:] + readers[:number]
        two = dialogue(folder, f"two-{number}", turned[0:2], half, seed=2 * number)
        four = dialogue(folder, f"four-{number}", turned[2:6], half, seed=2 * number + 1)
        made.append([two, four])
    return made


def plain(warm: Dialogue, threads: int) -> Side:
    """The reference, loaded and warmed up."""
    began = time.perf_counter()
    pipeline = PlainPipeline(threads)
    pipeline(warm.path)
    pipeline.took.update(dict.fromkeys(pipeline.took, 0.0))
    return Side(
        "plain reference",
        time.perf_counter() - began,
        lambda dialogues: [pipeline(dialogue.path) for dialogue in dialogues],
        pipeline.took,
    )


class Timed(LocalRun):
    """All stages, with the time of each."""

    took: ClassVar[dict[str, float]] = defaultdict(float)

    def _stage(self, stage: str, outcomes: Sequence[Outcome]) -> None:
        began = time.perf_counter()
        LocalRun._stage(self, stage, outcomes)
        self.took[stage] += time.perf_counter() - began


def refuse_cached(stage: str, item: JobItem, result: ItemResult) -> None:
    """Exit if a result was not computed, because its time would be meaningless."""
    if result.status != "done":
        raise SystemExit(f"{item.name}: {stage} {result.status} {result.error or ''}")


def results_of(run: LocalRun, outcome: Outcome) -> Result:
    """Speaker spans and words of a recording; no words if it did not complete all stages."""
    results = run.transcript(outcome)
    speakers = artifacts.read(run._open(), DIARIZE, outcome.item)
    return Result(speakers.spans, tuple(results[0].transcript.words) if results else ())


def all_stages(warm: Dialogue, folder: Path) -> Side:
    """All stages, loaded and warmed up; every run begins with an empty store."""
    engines = Engines()

    def run(dialogues: Sequence[Dialogue]) -> list[Result]:
        with tempfile.TemporaryDirectory(dir=folder) as store:
            local = Timed(FolderStore(path=store), {}, engines, refuse_cached, OPEN_GATE, frugal=False)
            outcomes = local.index(items_of([dialogue.path for dialogue in dialogues], Hints()))
            return [results_of(local, outcome) for outcome in outcomes]

    began = time.perf_counter()
    run([warm])
    Timed.took.clear()
    return Side("all stages", time.perf_counter() - began, run, Timed.took)


def word_error_rate(dialogues: Sequence[Dialogue], results: Sequence[Result]) -> float:
    """In percent, over all words."""
    rewrite = normaliser_for("en")
    tallies = [
        word_errors(
            rewrite(dialogue.text),
            rewrite(" ".join(word.text for word in sorted(result.words, key=lambda word: word.start))),
        )
        for dialogue, result in zip(dialogues, results, strict=True)
    ]
    return 100 * sum(tally.part for tally in tallies) / sum(tally.whole for tally in tallies)


def diarization_error_rate(dialogues: Sequence[Dialogue], results: Sequence[Result], collar: float) -> float:
    """In percent, over all speech, overlap scored."""
    pairs = [
        diarization_error(
            [SpeakerSpan(*span) for span in dialogue.speech],
            result.spans,
            dialogue.seconds,
            collar=collar,
            overlap=True,
        )
        for dialogue, result in zip(dialogues, results, strict=True)
    ]
    return 100 * sum(wrong for wrong, _ in pairs) / sum(whole for _, whole in pairs)


def report(dialogues: Sequence[Dialogue], reference: Side, stages_side: Side, threads: int) -> bool:
    """Print the figures; returns whether every bound is met."""
    audio = sum(dialogue.seconds for dialogue in dialogues)
    speakers = [len({utterance.speaker for utterance in dialogue.said}) for dialogue in dialogues]
    lines = [f"{len(dialogues)} conversations of {speakers} speakers, {audio / 60:.1f} min, {threads} threads"]
    for side in (reference, stages_side):
        parts = ", ".join(f"{name} {audio / took:.0f}x" for name, took in side.parts.items() if took)
        lines += [
            f"{side.name:<18} {audio / side.wall:6.1f}x real time ({parts})",
            f"{'':<18} imports, loading and a first recording: {side.loading:.1f} s, not counted",
        ]
    for name, stages in PARTNERS.items():
        ratio = reference.parts[name] / sum(stages_side.parts[stage] for stage in stages)
        lines.append(f"  {name:<16} {ratio:6.1f}x faster")
    ratio = reference.wall / stages_side.wall
    verdicts = [ratio >= LEAST_SPEEDUP]
    lines.append(f"  {'in all':<16} {ratio:6.1f}x faster (at least {LEAST_SPEEDUP:g}x)")
    wrong = [word_error_rate(dialogues, side.results) for side in (reference, stages_side)]
    verdicts.append(wrong[1] - wrong[0] <= WER_TOLERANCE)
    lines.append(f"WER {wrong[0]:.2f} %, all stages {wrong[1]:.2f} % (at most {WER_TOLERANCE} more)")
    for collar in COLLARS:
        wrong = [diarization_error_rate(dialogues, side.results, collar) for side in (reference, stages_side)]
        verdicts.append(wrong[1] - wrong[0] <= DER_TOLERANCE)
        rates = f"DER, collar {collar:g} s, overlap scored: {wrong[0]:.2f} %, all stages {wrong[1]:.2f} %"
        lines.append(f"{rates} (at most {DER_TOLERANCE} more)")
    sys.stdout.write("\n".join(lines) + "\n")
    return all(verdicts)


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=SET_MINUTES, help="of audio")
    given = parser.parse_args()
    if not WER.is_dir():
        sys.exit(f"the development data is not at {WER}")
    if (SHARED / "models").is_dir():
        os.environ.setdefault("MEDIAINDEX_MODELS", str(SHARED / "models"))
    threads = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="mediaindex-bench-") as name:
        folder = Path(name)
        sets = conversations(folder, given.minutes)
        warm = dialogue(folder, "warm", list(utterances().values())[-2:], 20, seed=99)
        reference, stages_side = plain(warm, threads), all_stages(warm, folder)
        for dialogues in sets:
            for side in (reference, stages_side):
                side.process(dialogues)
        every = [made for dialogues in sets for made in dialogues]
        return 0 if report(every, reference, stages_side, threads) else 1


if __name__ == "__main__":
    sys.exit(main())
