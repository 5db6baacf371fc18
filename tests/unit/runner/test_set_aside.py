"""A broken recogniser is set aside; one that fails on a particular recording is not."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from mediaindex.contract import artifacts
from mediaindex.contract.job import FileSource, FolderStore, ItemResult, Job, JobItem
from mediaindex.contract.pipeline import TRANSCRIBE
from mediaindex.contract.results import Language, Recognition, Speech
from mediaindex.errors import ErrorCode, ModelMissingError, TerminalError
from mediaindex.runner import summaries
from mediaindex.runner.binding import Binding
from mediaindex.runner.engines import Engines
from mediaindex.runner.execute import run_job
from mediaindex.runner.set_aside import SetAsideError, Watched
from mediaindex.stages.audio import Audio
from mediaindex.stages.transcribe import transcribe
from mediaindex.storage.artifacts import FolderArtifactStore
from mediaindex.timeline import Clock, Span, Word

RATE = 16_000
SPEECH = Speech((Span(1, 3), Span(10, 14)), 6.0, 0.5, 0.9, 20.0)
Fault = Callable[["Scribe", np.ndarray, str], None]


@dataclass
class Scribe:
    """Writes one word per second; ``fault`` may raise for a chunk."""

    name: str
    fault: Fault = lambda *_: None
    languages: frozenset[str] = frozenset({"de", "en"})
    may_loop: bool = True
    written: int = 0
    calls: list[int] = field(default_factory=list)

    @property
    def identity(self) -> str:
        return f"{self.name} 1"

    def recognise(
        self, chunks: Sequence[np.ndarray], language: str, vocabulary: Sequence[str] = ()
    ) -> list[tuple[Word, ...]]:
        self.calls.append(len(chunks))
        for chunk in chunks:
            self.fault(self, chunk, language)
        self.written += 1
        return [tuple(Word(at, at + 0.9, f"{self.name}{at}", 0.9) for at in range(len(c) // RATE)) for c in chunks]


def always(error: Exception) -> Fault:
    def fault(*_: object) -> None:
        raise error

    return fault


def loud(_: Scribe, chunk: np.ndarray, __: str) -> None:
    """A fault that only a recording causes: no probe is that loud."""
    if np.abs(chunk).max() > 0.4:
        raise RuntimeError("shape mismatch")


class Process(Engines):
    """The engines of one speech process."""

    def __init__(self, *scribes: Scribe, without_first: str = "") -> None:
        super().__init__(without_first=without_first)
        self._scribes = scribes

    @cached_property
    def raw_recognisers(self) -> Sequence[Any]:
        return self._scribes


class Lab:
    """Recordings of noise that several processes, one after another, transcribe into one store."""

    def __init__(self, folder: Path) -> None:
        self.folder = FolderStore(path=str(folder / "artifacts"))
        self.store = FolderArtifactStore(folder / "artifacts")
        samples = np.random.default_rng(1).uniform(-0.5, 0.5, 20 * RATE)
        soundfile.write(folder / "audio.flac", samples, RATE)
        self.audio = Audio(folder / "audio.flac", 20.0, Clock())

    def write(self, process: Engines, *names: str, language: str = "en") -> list[ItemResult]:
        binding = Binding(
            stage=replace(TRANSCRIBE, reads=()),
            version=1,
            engines=("recognisers",),
            run=lambda inputs, settings: transcribe(
                self.audio, SPEECH, Language(language, 0.9), inputs.engines.recognisers, settings
            ),
            summary=summaries.of_recognition,
            concurrent=True,
        )
        items = tuple(
            JobItem(
                id=name,
                name=name,
                source=FileSource(path=f"/{name}"),
                audio_sha256=hashlib.sha256(name.encode()).hexdigest(),
            )
            for name in names or ("a",)
        )
        job = Job(stage="transcribe", items=items, store=self.folder)
        return list(run_job(job, self.store, process, bindings={"transcribe": binding}).items)

    def artifact(self, item: ItemResult) -> Recognition:
        payload = self.store.get(str(item.audio_sha256), "transcribe", str(item.fingerprint))
        assert payload is not None
        return artifacts.load(Recognition, payload)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def by(item: ItemResult) -> tuple[str, bool]:
    return item.summary["recogniser"], item.summary["fallback"] is not None


BROKEN = [
    RuntimeError("CUDA error: device-side assert"),
    MemoryError(),
    TerminalError("main.nemo: NeMo could not export it:\n  zlib", code=ErrorCode.EXPORT_FAILED),
]


@pytest.mark.parametrize("error", BROKEN, ids=["any input", "no memory", "cannot be loaded"])
def test_the_next_recogniser_replaces_a_broken_one_and_is_named_in_the_transcript(lab: Lab, error: Exception) -> None:
    process = Process(Scribe("main", always(error)), Scribe("spare"))
    items = lab.write(process, "a", "b", "c")
    assert [by(item) for item in items] == [("spare", True)] * 3
    assert {item.engine for item in items} == {"without main; spare 1"}
    written = lab.artifact(items[0])
    assert [word.text for word in written.words] == ["spare0", "spare1", "spare0", "spare1", "spare2", "spare3"]
    assert not written.gaps
    assert str(written.fallback).startswith("main was set aside: ")
    assert "\n" not in str(written.fallback)


def test_the_result_of_a_replacement_is_not_reused_for_the_preferred_recogniser(lab: Lab) -> None:
    (instead,) = lab.write(Process(Scribe("main", always(RuntimeError("lost"))), Scribe("spare")))
    (back,) = lab.write(Process(Scribe("main"), Scribe("spare")))
    assert (back.status, by(back)) == ("done", ("main", False))
    assert back.fingerprint != instead.fingerprint
    assert lab.artifact(instead).fallback
    assert lab.artifact(back).fallback is None


def test_while_a_recogniser_is_broken_nothing_is_computed_twice(lab: Lab) -> None:
    lab.write(Process(Scribe("main", always(RuntimeError("lost"))), Scribe("spare")))
    spare = Scribe("spare")
    (again,) = lab.write(Process(Scribe("main", always(RuntimeError("lost"))), spare))
    assert (again.status, by(again), spare.calls) == ("cached", ("spare", True), [])


def test_a_result_from_before_the_fault_is_kept(lab: Lab) -> None:
    lab.write(Process(Scribe("main"), Scribe("spare")), "a")
    broken = Process(Scribe("main", always(RuntimeError("lost"))), Scribe("spare"))
    before, new = lab.write(broken, "a", "b")
    assert (before.status, by(before)) == ("cached", ("main", False))
    assert by(new) == ("spare", True)


def test_a_recogniser_that_breaks_later_keeps_its_earlier_results(lab: Lab) -> None:
    def later(scribe: Scribe, _: np.ndarray, __: str) -> None:
        if scribe.written:
            raise RuntimeError("the GPU has fallen off the bus")

    process = Process(Scribe("main", later), Scribe("spare"))
    assert by(lab.write(process, "a")[0]) == ("main", False)
    assert by(lab.write(process, "b")[0]) == ("spare", True)


def test_a_recording_that_fails_is_a_gap_and_does_not_set_the_recogniser_aside(lab: Lab) -> None:
    main = Scribe("main", loud)
    (item,) = lab.write(Process(main))
    assert (item.summary["gaps"], item.summary["fallback"], item.engine) == (2, None, "main 1")
    assert "shape mismatch" in lab.artifact(item).gaps[0].reason


def test_a_failing_language_does_not_set_the_recogniser_aside(lab: Lab) -> None:
    def german(_: Scribe, __: np.ndarray, language: str) -> None:
        if language == "de":
            raise ValueError("no such token")

    process = Process(Scribe("main", german), Scribe("spare"))
    lab.write(process, "a", language="de")
    assert by(lab.write(process, "b")[0]) == ("main", False)


def test_a_recording_in_a_language_of_another_recogniser_is_not_affected(lab: Lab) -> None:
    main, spare = Scribe("main", always(RuntimeError("lost")), frozenset({"en"})), Scribe("spare")
    process = Process(main, spare)
    lab.write(process, "a")
    (item,) = lab.write(process, "b", language="de")
    assert (by(item), item.engine) == (("spare", False), "main 1; spare 1")


def test_a_broken_recogniser_for_second_decodings_only_loses_those(lab: Lab) -> None:
    (item,) = lab.write(Process(Scribe("main", loud), Scribe("spare", always(RuntimeError("lost")))))
    assert (item.summary["gaps"], item.summary["fallback"], item.engine) == (2, None, "main 1; without spare")


def test_with_all_recognisers_broken_the_job_fails_and_no_recording(lab: Lab) -> None:
    lost = always(RuntimeError("lost"))
    with pytest.raises(ModelMissingError, match="main was set aside: RuntimeError: lost"):
        lab.write(Process(Scribe("main", lost), Scribe("spare", lost)), "a", "b")


def test_too_little_memory_for_all_recognisers_is_transient(lab: Lab) -> None:
    full = always(MemoryError("9 GB"))
    (item,) = lab.write(Process(Scribe("main", full), Scribe("spare", full)))
    assert item.error is not None
    assert (item.error.failure_class, item.error.code) == ("transient", "out_of_memory")


def test_a_passing_shortage_of_memory_sets_no_recogniser_aside(lab: Lab) -> None:
    def once(scribe: Scribe, _: np.ndarray, __: str) -> None:
        if len(scribe.calls) == 1:
            raise MemoryError

    process = Process(Scribe("main", once), Scribe("spare"))
    (item,) = lab.write(process)
    assert item.error is not None
    assert item.error.code == "out_of_memory"
    assert by(lab.write(process)[0]) == ("main", False)


def test_setting_aside_is_logged_once_per_process(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    main = Scribe("main", always(RuntimeError("lost")))
    at_once = max(2, len(os.sched_getaffinity(0)))  # as in the runner: by the machine's cores
    with caplog.at_level(logging.WARNING):
        lab.write(Process(main, Scribe("spare")), *(str(number) for number in range(3 * at_once)))
    (record,) = caplog.records
    assert "main was set aside: RuntimeError: lost" in record.message
    assert "mediaindex models check main" in record.message
    assert len(main.calls) <= at_once + 1  # one call per thread and a probe, not one per recording


def test_the_job_may_exclude_the_first_recogniser(lab: Lab) -> None:
    main = Scribe("main")
    (item,) = lab.write(Process(main, Scribe("spare"), without_first="it was ended by SIGSEGV"))
    assert (by(item), main.calls, item.engine) == (("spare", True), [], "without main; spare 1")
    assert lab.artifact(item).fallback == "main was set aside: it was ended by SIGSEGV"


def test_a_probe_is_as_long_as_what_failed() -> None:
    heard: list[int] = []

    def long(_: Scribe, chunk: np.ndarray, __: str) -> None:
        heard.append(len(chunk))
        if len(chunk) > 10 * RATE:
            raise MemoryError

    with pytest.raises(SetAsideError):
        Watched(Scribe("main", long)).recognise([np.zeros(20 * RATE, np.float32)], "en")
    assert heard == [20 * RATE, 20 * RATE]
