"""Run a recogniser on the recordings of a manifest and judge its words: the data to fit a calibration on."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mediaindex.contract import artifacts
from mediaindex.contract.job import FolderStore, Hints, Job, JobItem
from mediaindex.contract.pipeline import TRANSCRIBE
from mediaindex.contract.results import Recognition
from mediaindex.errors import MediaindexError
from mediaindex.runner.engines import Engines
from mediaindex.runner.execute import run_job
from mediaindex.runner.local import items_of, passed
from mediaindex.storage.artifacts import open_store

from .manifest import Entry, part_of
from .references import read_reference
from .verdicts import judged
from .word_errors import base, normaliser_for

if TYPE_CHECKING:
    from mediaindex.stages.protocols import LanguageIdentifier, Recogniser, Samples, SpeechDetector

NEEDED = (*TRANSCRIBE.reads, TRANSCRIBE.name)
# Words of a second recogniser have another scale of confidence.
SETTINGS = {"transcribe": {"second_decoding": False}}

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class RawWord:
    """Raw confidence of a word in [0, 1], and whether it is right; ``group``: its speaker, or its recording."""

    raw: float
    right: bool
    group: str
    condition: str


@dataclass(frozen=True, slots=True)
class Variant:
    """A recording under a condition: unchanged, or degraded."""

    path: Path
    entry: Entry
    condition: str


class FixedLanguage:
    """A language identifier that returns the language from the manifest."""

    def __init__(self, language: str) -> None:
        self._language = language
        self.identity = f"manifest {language}"

    def probabilities(self, samples: Samples) -> Mapping[str, float]:
        """P = 1 for the language."""
        del samples
        return {self._language: 1.0}


class SingleRecogniserEngines(Engines):
    """The engines of the pipeline with one recogniser, uncalibrated, for recordings in one language."""

    def __init__(self, engines: Engines, recogniser: Recogniser, language: str) -> None:
        super().__init__()
        self._engines = engines
        self._recogniser = recogniser
        self._language = language

    @cached_property
    def detector(self) -> SpeechDetector:
        """Shared with the pipeline."""
        return self._engines.detector

    @cached_property
    def identifier(self) -> LanguageIdentifier:
        """The language from the manifest."""
        return FixedLanguage(self._language)

    @cached_property
    def recognisers(self) -> Sequence[Recogniser]:
        """The recogniser."""
        return [self._recogniser]


def variants_of(
    entries: Sequence[Entry], conditions: Mapping[str, Callable[[Path, Path], None]], clean: str, folder: Path
) -> list[Variant]:
    """Every recording unchanged and under each condition; new files are written to ``folder``."""
    variants = []
    for number, entry in enumerate(entries, 1):
        path = part_of(entry, folder, number)
        variants.append(Variant(path, entry, clean))
        for at, (condition, degrade) in enumerate(conditions.items()):
            target = folder / f"{number:05d}-{at}.wav"
            degrade(path, target)
            variants.append(Variant(target, entry, condition))
    return variants


def raw_words(variants: Sequence[Variant], recogniser: Recogniser, engines: Engines, tell: Tell) -> list[RawWord]:
    """Every word of ``recogniser`` in variants of languages that it supports, judged by the reference texts.

    Raises MediaindexError if a recording fails: a calibration without the difficult recordings would be too optimistic.
    """
    words: list[RawWord] = []
    by_language: dict[str, list[Variant]] = {}
    for variant in variants:
        by_language.setdefault(base(str(variant.entry.lang)), []).append(variant)
    supported = {language: group for language, group in by_language.items() if language in recogniser.languages}
    total = sum(map(len, supported.values()))
    for language, group in supported.items():
        single = SingleRecogniserEngines(engines, recogniser, language)
        for variant, recognition in zip(group, _recognised(group, single, language, total, tell), strict=True):
            words += _judged(variant, recognition, language)
    return words


def _recognised(
    variants: Sequence[Variant], engines: Engines, language: str, total: int, tell: Tell
) -> Iterator[Recognition]:
    with tempfile.TemporaryDirectory(prefix="mediaindex-calibrate-") as folder:
        store = FolderStore(path=folder)
        items = items_of([variant.path for variant in variants], Hints(languages=(language,)))
        for stage in NEEDED:
            items = _stage(stage, items, store, engines, total, tell)
        for item in items:
            yield artifacts.read(open_store(store), TRANSCRIBE, item)


def _stage(
    stage: str, items: Sequence[JobItem], store: FolderStore, engines: Engines, total: int, tell: Tell
) -> list[JobItem]:
    done = 0

    def note(_item: JobItem, _result: object) -> None:
        nonlocal done
        done += 1
        tell(stage, done, total)

    job = Job(stage=stage, items=tuple(items), store=store, settings=SETTINGS.get(stage, {}))
    results = run_job(job, open_store(store), engines, note).items
    for result in results:
        if result.error:
            raise MediaindexError(result.error.message, code=result.error.code)
    return [passed(item, stage, result) for item, result in zip(items, results, strict=True)]


def _judged(variant: Variant, recognition: Recognition, language: str) -> Iterator[RawWord]:
    text = read_reference(variant.entry).text or ""
    group = variant.entry.speaker or str(variant.entry.audio_filepath)
    for word, right in judged(text, recognition.words, normaliser_for(language)):
        yield RawWord(word.confidence, right, group, variant.condition)
