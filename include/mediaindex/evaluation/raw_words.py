"""A manifest's recordings by one recogniser, and which of its words are right: what a calibration is fitted on."""

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
# Words of a second recogniser would be judged with this one's confidence scale.
SETTINGS = {"transcribe": {"second_decoding": False}}

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class RawWord:
    """A word's raw confidence in [0, 1], and whether it is right; ``group``: its speaker, or its recording."""

    raw: float
    right: bool
    group: str
    condition: str


@dataclass(frozen=True, slots=True)
class Take:
    """A recording as it is heard, perhaps made worse."""

    path: Path
    entry: Entry
    condition: str


class TheLanguage:
    """Stands for a language identifier where the manifest says the language."""

    def __init__(self, language: str) -> None:
        self._language = language
        self.identity = f"manifest {language}"

    def probabilities(self, samples: Samples) -> Mapping[str, float]:
        """Certainly this one."""
        del samples
        return {self._language: 1.0}


class OneRecogniser(Engines):
    """The engines of the pipeline, with one recogniser as it is, for recordings in one language."""

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
        """Not asked: the manifest knows."""
        return TheLanguage(self._language)

    @cached_property
    def recognisers(self) -> Sequence[Recogniser]:
        """The one."""
        return [self._recogniser]


def takes_of(
    entries: Sequence[Entry], conditions: Mapping[str, Callable[[Path, Path], None]], clean: str, folder: Path
) -> list[Take]:
    """Every recording as it is and under each condition; files that are made lie in ``folder``."""
    takes = []
    for number, entry in enumerate(entries, 1):
        path = part_of(entry, folder, number)
        takes.append(Take(path, entry, clean))
        for at, (condition, degrade) in enumerate(conditions.items()):
            target = folder / f"{number:05d}-{at}.wav"
            degrade(path, target)
            takes.append(Take(target, entry, condition))
    return takes


def raw_words(takes: Sequence[Take], recogniser: Recogniser, engines: Engines, tell: Tell) -> list[RawWord]:
    """Every word that ``recogniser`` writes of takes whose language it knows, judged by their texts.

    Raises MediaindexError where a recording fails: a calibration that silently lacks the hard ones would flatter.
    """
    words: list[RawWord] = []
    by_language: dict[str, list[Take]] = {}
    for take in takes:
        by_language.setdefault(base(str(take.entry.lang)), []).append(take)
    total = sum(len(some) for language, some in by_language.items() if language in recogniser.languages)
    for language, some in by_language.items():
        if language in recogniser.languages:
            bench = OneRecogniser(engines, recogniser, language)
            for take, recognition in zip(some, _recognised(some, bench, language, total, tell), strict=True):
                words += _judged(take, recognition, language)
    return words


def _recognised(takes: Sequence[Take], bench: Engines, language: str, total: int, tell: Tell) -> Iterator[Recognition]:
    with tempfile.TemporaryDirectory(prefix="mediaindex-calibrate-") as folder:
        store = FolderStore(path=folder)
        items = items_of([take.path for take in takes], Hints(languages=(language,)))
        for stage in NEEDED:
            items = _stage(stage, items, store, bench, total, tell)
        for item in items:
            yield artifacts.read(open_store(store), TRANSCRIBE, item)


def _stage(
    stage: str, items: Sequence[JobItem], store: FolderStore, bench: Engines, total: int, tell: Tell
) -> list[JobItem]:
    done = 0

    def note(_item: JobItem, _result: object) -> None:
        nonlocal done
        done += 1
        tell(stage, done, total)

    job = Job(stage=stage, items=tuple(items), store=store, settings=SETTINGS.get(stage, {}))
    results = run_job(job, open_store(store), bench, note).items
    for result in results:
        if result.error:
            raise MediaindexError(result.error.message, code=result.error.code)
    return [passed(item, stage, result) for item, result in zip(items, results, strict=True)]


def _judged(take: Take, recognition: Recognition, language: str) -> Iterator[RawWord]:
    text = read_reference(take.entry).text or ""
    group = take.entry.speaker or str(take.entry.audio_filepath)
    for word, right in judged(text, recognition.words, normaliser_for(language)):
        yield RawWord(word.confidence, right, group, take.condition)
