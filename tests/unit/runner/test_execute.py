"""One stage over a batch: nothing is computed twice, and a failing item does not fail the others."""

from __future__ import annotations

import errno
import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mediaindex.contract import settings
from mediaindex.contract.job import FileSource, FolderStore, ItemResult, Job, JobItem, JobResult
from mediaindex.contract.pipeline import Cost, Stage
from mediaindex.errors import BadMediaError, ConfigError, ErrorCode, ModelMissingError, TerminalError, TransientError
from mediaindex.runner import execute
from mediaindex.runner.binding import Binding, Inputs
from mediaindex.runner.engines import Engines
from mediaindex.runner.execute import _run_items, run_job
from mediaindex.runner.job_context import JobContext
from mediaindex.runner.outage import Outage
from mediaindex.storage.artifacts import FolderArtifactStore
from mediaindex.storage.probes import Reach
from tests.builders.waiting import SOON_S


@dataclass(frozen=True, slots=True)
class Settings(settings.Settings):
    suffix: str = "!"


@dataclass(frozen=True)
class Shout:
    text: str


def shout(inputs: Inputs, settings: Settings) -> Shout:
    before = inputs.upstream.get("first")
    return Shout((before.text if before else inputs.item.name) + settings.suffix)


def binding(
    name: str, run: Callable[[Inputs, Any], Any] = shout, reads: tuple[str, ...] = (), **changes: Any
) -> Binding:
    fields: dict[str, Any] = {
        "version": 1,
        "programs": ("voice 1",),
        "summary": lambda result: {"text": result.text},
    }
    stage = Stage(name, reads, Shout, Settings, Cost(0.0, 1, 0.0))
    return Binding(stage=stage, run=run, **(fields | changes))


class Lab:
    """Two stages; the second reads the first."""

    def __init__(self, folder: Path) -> None:
        self.folder = FolderStore(path=str(folder))
        self.store = FolderArtifactStore(folder)
        self.table = {"first": binding("first"), "second": binding("second", reads=("first",))}

    def items(self, *names: str) -> tuple[JobItem, ...]:
        hashed = ((name, hashlib.sha256(name.encode()).hexdigest()) for name in names)
        return tuple(
            JobItem(id=name, name=name, source=FileSource(path=f"/{name}"), audio_sha256=sha256)
            for name, sha256 in hashed
        )

    def run(self, stage: str, items: tuple[JobItem, ...], settings: dict[str, Any] | None = None) -> JobResult:
        job = Job(stage=stage, items=items, store=self.folder, settings=settings or {})
        return run_job(job, self.store, Engines(), bindings=self.table)

    def both(self, items: tuple[JobItem, ...], settings: dict[str, Any] | None = None) -> JobResult:
        first = self.run("first", items, settings)
        passed = [
            item.model_copy(update={"upstream": {"first": result.fingerprint}})
            for item, result in zip(items, first.items, strict=True)
        ]
        return self.run("second", tuple(passed))


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def statuses(result: JobResult) -> list[str]:
    return [item.status for item in result.items]


def test_a_second_run_computes_nothing(lab: Lab) -> None:
    assert statuses(lab.run("first", lab.items("a", "b"))) == ["done", "done"]
    lab.table["first"] = binding("first", run=lambda *_: pytest.fail("computed again"))
    again = lab.run("first", lab.items("a", "b", "a"))
    assert statuses(again) == ["cached", "cached", "cached"]
    assert again.items[0].summary == {"text": "a!"}


def test_a_damaged_artifact_is_computed_again(lab: Lab) -> None:
    (item,) = lab.items("a")
    (first,) = lab.run("first", (item,)).items
    lab.store.put(str(item.audio_sha256), "first", str(first.fingerprint), b'{"written": "by another version"}')
    assert statuses(lab.run("first", (item,))) == ["done"]
    assert statuses(lab.run("first", (item,))) == ["cached"]


def test_items_run_concurrently_and_results_keep_their_order(lab: Lab) -> None:
    together = threading.Barrier(2)

    def run(inputs: Inputs, settings: Settings) -> Shout:
        together.wait(timeout=SOON_S)  # passes only while another item is being worked on
        return shout(inputs, settings)

    lab.table["first"] = binding("first", run=run, concurrent=True)
    names = ("a", "b", "c", "d")
    assert [item.summary["text"] for item in lab.run("first", lab.items(*names)).items] == ["a!", "b!", "c!", "d!"]


def test_copies_of_the_same_audio_are_computed_once(lab: Lab) -> None:
    lab.table["first"] = binding("first", concurrent=True)
    (item,) = lab.items("a")
    copies = tuple(item.model_copy(update={"id": str(number)}) for number in range(6))
    assert sorted(statuses(lab.run("first", copies))) == ["cached"] * 5 + ["done"]


def test_a_changed_setting_recomputes_the_stage_and_its_readers(lab: Lab) -> None:
    items = lab.items("a")
    lab.both(items)
    assert statuses(lab.both(items)) == ["cached"]
    changed = lab.both(items, {"suffix": "?"})
    assert statuses(changed) == ["done"]
    assert changed.items[0].summary == {"text": "a?!"}


def test_a_changed_reader_does_not_recompute_what_it_reads(lab: Lab) -> None:
    items = lab.items("a")
    lab.both(items)
    lab.table["second"] = binding("second", reads=("first",), version=2)
    assert statuses(lab.run("first", items)) == ["cached"]
    assert statuses(lab.both(items)) == ["done"]


def test_a_reason_does_not_name_the_temporary_folder(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = []

    def fail(_binding: object, _item: object, context: JobContext, _meter: object) -> ItemResult:
        folders.append(str(context.folder))
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(context.folder / "audio.flac"))

    monkeypatch.setattr(execute, "_in_folder", fail)
    (result,) = lab.run("first", lab.items("a")).items
    assert result.error is not None
    assert "No such file or directory: 'audio.flac'" in result.error.message
    assert folders[0] not in result.error.message


@pytest.mark.parametrize(
    ("error", "failure_class", "code"),
    [
        (BadMediaError("b: not audio; send audio", code=ErrorCode.NOT_MEDIA), "terminal", "not_media"),
        (TransientError("the store is unavailable; wait"), "transient", "transient"),
        (MemoryError(), "transient", "out_of_memory"),
        (OSError(errno.ENOSPC, "No space left on device"), "transient", "worker_exhausted"),
        (ZeroDivisionError("oh"), "doubtful", "internal_error"),
    ],
    ids=["bad media", "transient", "memory", "disk full", "bug"],
)
def test_a_failing_item_fails_alone(lab: Lab, error: Exception, failure_class: str, code: str) -> None:
    def run(inputs: Inputs, settings: Settings) -> Shout:
        if inputs.item.name == "b":
            raise error
        return shout(inputs, settings)

    lab.table["first"] = binding("first", run=run)
    result = lab.run("first", lab.items("a", "b", "c"))
    assert statuses(result) == ["done", "failed", "done"]
    failed = result.items[1].error
    assert failed is not None
    assert (failed.failure_class, failed.code) == (failure_class, code)


@pytest.mark.parametrize(
    "error", [ModelMissingError("voice is missing"), ConfigError("no ffmpeg"), ModuleNotFoundError("No module torch")]
)
def test_a_broken_installation_fails_the_job_and_no_recording(lab: Lab, error: Exception) -> None:
    def run(inputs: Inputs, settings: Settings) -> Shout:
        raise error

    lab.table["first"] = binding("first", run=run)
    with pytest.raises(type(error)):
        lab.run("first", lab.items("a", "b"))


def test_a_missing_artifact_upstream_is_named(lab: Lab) -> None:
    (item,) = lab.run("second", lab.items("a")).items
    assert item.error is not None
    assert item.error.code == "missing_artifact"
    assert "run first again" in item.error.message


def test_an_unknown_stage_or_setting_ends_the_job(lab: Lab) -> None:
    with pytest.raises(TerminalError, match="unknown stage 'third'; valid stages: first, second"):
        lab.run("third", lab.items("a"))
    with pytest.raises(TerminalError, match="unknown setting volume; valid settings: suffix"):
        lab.run("first", lab.items("a"), {"volume": 11})


def test_items_that_filled_the_disk_together_are_run_again_one_at_a_time(lab: Lab) -> None:
    together = threading.Barrier(2)
    tried: dict[str, int] = {}

    def run(inputs: Inputs, settings: Settings) -> Shout:
        tried[inputs.item.name] = tried.get(inputs.item.name, 0) + 1
        if tried[inputs.item.name] == 1:
            together.wait(timeout=SOON_S)
            raise OSError(errno.ENOSPC, "No space left on device")
        return shout(inputs, settings)

    lab.table["first"] = binding("first", run=run, concurrent=True)
    assert statuses(lab.run("first", lab.items("a", "b"))) == ["done", "done"]
    tried.clear()
    together = threading.Barrier(1)
    (alone,) = lab.run("first", lab.items("c")).items
    assert alone.error is not None
    assert (alone.error.code, tried) == ("worker_exhausted", {"c": 1})


def test_running_items_end_early_once_the_job_has_failed(lab: Lab, tmp_path: Path) -> None:
    context = JobContext(lab.store, Engines(), tmp_path, Settings(), lab.table, Outage(lambda _: Reach.OBJECT))
    begun, ended = threading.Event(), []

    def run(inputs: Inputs, settings: Settings) -> Shout:
        if inputs.item.name == "a":
            assert begun.wait(SOON_S)
            raise ConfigError("not installed")
        begun.set()
        assert context.cancelled.wait(SOON_S)
        try:
            context.check_cancelled()
        except TransientError as error:
            ended.append(error.code)
            raise
        return shout(inputs, settings)

    with pytest.raises(ConfigError):
        _run_items(binding("first", run=run, concurrent=True), lab.items("a", "b"), context, None)
    assert ended == ["given_up"]
