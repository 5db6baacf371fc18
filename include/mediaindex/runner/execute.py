"""Run one stage over one batch: each item on its own, so that a poison file never takes the others along.

Several items at a time, where the stage allows it: while one waits for the store or for a model, another one uses the
cores; and recognisers see the chunks of several recordings at once.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

from mediaindex.contract import artifacts
from mediaindex.contract.job import ItemError, ItemResult, Job, JobItem, JobResult
from mediaindex.contract.results import NormalizedAudio
from mediaindex.contract.settings import read_settings
from mediaindex.contract.states import ItemStatus
from mediaindex.errors import (
    DoubtfulError,
    ErrorCode,
    FailureClass,
    MediaindexError,
    ModelMissingError,
    TerminalError,
    TransientError,
)
from mediaindex.stages.audio import Audio
from mediaindex.stages.normalize import AUDIO, CHANNELS

from .binding import Binding, Inputs
from .bindings import BINDINGS, NORMALIZE
from .disk_space import is_exhausted, needs, no_room, room_errors
from .normalize_item import normalize_item
from .outage import Outage
from .set_aside import SetAsideError
from .usage import Meter, shared

if TYPE_CHECKING:
    from mediaindex.contract.artifacts import ArtifactStore

    from .engines import Engines

log = logging.getLogger(__name__)

# Errors of the installation, not of the recording that happened to meet them first.
INSTALLATION = {
    *(ErrorCode.CONFIG, ErrorCode.MODEL_MISSING, ErrorCode.MODEL_CHANGED, ErrorCode.FFMPEG_MISSING),
    *(ErrorCode.S3_CREDENTIALS, ErrorCode.NO_BUCKET, ErrorCode.ARTIFACTS_REFUSED),
}

Progress = Callable[[JobItem, ItemResult], None]


@dataclass(slots=True)
class Bench:
    """What every item of a job shares: the store, the engines, a folder for files that may go afterwards."""

    store: ArtifactStore
    engines: Engines
    folder: Path
    settings: Any
    bindings: Mapping[str, Binding]
    # One a computation: a second copy of the same audio waits for the first one's result instead of repeating it.
    busy: defaultdict[tuple[str, str], Lock] = field(default_factory=lambda: defaultdict(Lock))
    outage: Outage = field(default_factory=Outage)
    given_up: Event = field(default_factory=Event)

    def check_wanted(self) -> None:
        """Raise TransientError where nobody waits for the results any more: the job has failed, or was interrupted."""
        if self.given_up.is_set():
            raise TransientError("the job was given up", code=ErrorCode.GIVEN_UP)


def run_job(
    job: Job,
    store: ArtifactStore,
    engines: Engines,
    progress: Progress | None = None,
    bindings: Mapping[str, Binding] = BINDINGS,
) -> JobResult:
    """Run the job's stage over its items; an error of one item is its result, not the job's.

    ``progress`` hears of each item when it is done, in this thread. An item's usage is its share of the whole job's.
    Raises TerminalError where the job itself can never work: an unknown stage, a wrong setting, a missing model;
    TransientError where the worker has no room to begin.
    """
    binding = bindings.get(job.stage)
    if binding is None:
        raise TerminalError(f"stage {job.stage!r} is unknown; known are {', '.join(bindings)}", code=ErrorCode.BAD_JOB)
    settings = read_settings(binding.stage.settings, job.settings, job.stage)
    binding.identities(engines)  # makes the engines, once, before several threads ask for them
    meter = Meter()
    with (
        room_errors(job.stage),
        tempfile.TemporaryDirectory(prefix="mediaindex-", ignore_cleanup_errors=True) as folder,
    ):
        bench = Bench(store, engines, Path(folder), settings, bindings)
        results = _run_items(binding, job.items, bench, progress)
    return JobResult(stage=job.stage, items=tuple(shared(results, meter.read(0.0))))


def _run_items(binding: Binding, items: Sequence[JobItem], bench: Bench, progress: Progress | None) -> list[ItemResult]:
    """The results, in the items' order. An error of the installation ends the job: what has not begun never does.

    Those for which the disk was too small have shared it: each of them gets it once for itself.
    """
    workers = max(2, len(os.sched_getaffinity(0))) if binding.concurrent else 1
    with ThreadPoolExecutor(workers, thread_name_prefix=binding.name) as pool:
        futures: dict[Future[ItemResult], JobItem] = {
            pool.submit(_run_item, binding, item, bench): item for item in items
        }
        try:
            for future in as_completed(futures):
                result = future.result()
                if progress and not _has_shared_too_little(result, items):
                    progress(futures[future], result)
        except BaseException:
            bench.given_up.set()  # or whoever interrupts waits for the end of what has begun, hours maybe
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    results = []
    for future, item in futures.items():
        result = future.result()
        if _has_shared_too_little(result, items):
            result = _run_item(binding, item, bench)
            if progress:
                progress(item, result)
        results.append(result)
    return results


def _has_shared_too_little(result: ItemResult, items: Sequence[JobItem]) -> bool:
    return len(items) > 1 and result.error is not None and result.error.code == ErrorCode.WORKER_EXHAUSTED


def _run_item(binding: Binding, item: JobItem, bench: Bench) -> ItemResult:
    meter = Meter()
    try:
        bench.outage.check(item.name)
        # A folder of its own, gone with it: a batch of long recordings would otherwise fill the disk.
        with tempfile.TemporaryDirectory(dir=bench.folder, ignore_cleanup_errors=True) as folder:
            result = _in_folder(binding, item, replace(bench, folder=Path(folder)), meter)
        bench.outage.note(None)
    except Exception as error:
        if _is_installation(error):
            raise  # every other recording would fail alike: the task must be red, not the ledger full of good files
        return ItemResult(
            id=item.id, status=ItemStatus.FAILED, error=_describe(binding, item, error), usage=meter.read(0.0)
        )
    return result


def _in_folder(binding: Binding, item: JobItem, bench: Bench, meter: Meter) -> ItemResult:
    try:
        if binding is NORMALIZE:
            return normalize_item(item, bench.store, bench.folder, bench.settings, meter)
        return _stage_item(binding, item, bench, meter)
    except OSError as error:
        if is_exhausted(error):  # told while the folder is there: so it says how full the disk was
            what = f"{item.name}: {binding.name}"
            raise no_room(what, error, bench.folder, needs(binding.name, item)) from error
        raise
    except TransientError as error:
        bench.outage.note(error)
        raise


def _is_installation(error: Exception) -> bool:
    return isinstance(error, TerminalError) and error.code in INSTALLATION


def _describe(binding: Binding, item: JobItem, error: Exception) -> ItemError:
    """The exception as a result says it; an unforeseen one is doubtful and logged with its traceback."""
    if isinstance(error, MediaindexError):
        return ItemError.of(error)
    if isinstance(error, MemoryError):
        message = f"{item.name}: {binding.name} ran out of memory; it is tried again"
        return ItemError(code=ErrorCode.OUT_OF_MEMORY, message=message, failure_class=FailureClass.TRANSIENT)
    log.exception("%s failed on %s in a way nobody foresaw", binding.name, item.name)
    message = f"{item.name}: {binding.name} failed with {type(error).__name__}: {error}; the task log has the traceback"
    return ItemError(code=ErrorCode.INTERNAL_ERROR, message=message, failure_class=FailureClass.DOUBTFUL)


def _stage_item(binding: Binding, item: JobItem, bench: Bench, meter: Meter) -> ItemResult:
    """The item by all engines; from its beginning, under another fingerprint, without each that proves broken."""
    sha256, upstream = _upstream(binding, item, bench)
    broken: dict[str, SetAsideError] = {}
    while True:
        try:
            engines = bench.engines.without(broken)
            return _computed(binding, item, sha256, upstream, replace(bench, engines=engines), meter)
        except SetAsideError as error:
            broken[error.name] = error
        except ModelMissingError as error:
            if any(one.memory for one in broken.values()):
                raise TransientError(f"{item.name}: {error.message}", code=ErrorCode.OUT_OF_MEMORY) from error
            raise


def _computed(
    binding: Binding, item: JobItem, sha256: str, upstream: dict[str, Any], bench: Bench, meter: Meter
) -> ItemResult:
    """What there is by this name, or what the stage makes now."""
    mark = binding.fingerprint(item, bench.settings, bench.engines)
    with bench.busy[sha256, mark]:
        result = _known(binding, sha256, mark, bench)
        status = ItemStatus.DONE if result is None else ItemStatus.CACHED
        if result is None:
            inputs = Inputs(item, upstream, lambda: _audio(item, sha256, upstream, bench), bench.engines)
            result = binding.run(inputs, bench.settings)
            bench.store.put(sha256, binding.name, mark, artifacts.dump(result))
    normalized = upstream.get(NORMALIZE.name)
    return ItemResult(
        id=item.id,
        status=status,
        audio_sha256=sha256,
        fingerprint=mark,
        engine="; ".join(binding.identities(bench.engines)),
        summary=binding.summary(result),
        usage=meter.read(normalized.duration if normalized else 0.0),
    )


def _known(binding: Binding, sha256: str, mark: str, bench: Bench) -> Any:
    """What an earlier run left; None if there is nothing, or nothing that can be read."""
    try:
        return artifacts.find(bench.store, binding.stage, sha256, mark)
    except TerminalError as error:
        log.warning("%s: %s; it is computed again", binding.name, error)
        return None


def _upstream(binding: Binding, item: JobItem, bench: Bench) -> tuple[str, dict[str, Any]]:
    """The hash of the item's audio, and the results that the stage reads."""
    if item.audio_sha256 is None:
        raise TerminalError(
            f"{item.name}: {binding.name} needs the result of normalize; run that first", code=ErrorCode.BAD_JOB
        )
    stages = (bench.bindings[name].stage for name in binding.stage.reads)
    return item.audio_sha256, {stage.name: artifacts.read(bench.store, stage, item) for stage in stages}


def _audio(item: JobItem, sha256: str, upstream: dict[str, Any], bench: Bench) -> Audio:
    normalized: NormalizedAudio = upstream[NORMALIZE.name]

    def bring(name: str) -> Path:
        path = bench.folder / name
        mark = item.upstream[NORMALIZE.name]
        if not path.exists() and not bench.store.get_file(sha256, NORMALIZE.name, mark, name, path):
            raise DoubtfulError(
                f"{item.name}: its {name} is gone; run normalize again", code=ErrorCode.MISSING_ARTIFACT
            )
        return path

    channels = (lambda: bring(CHANNELS)) if normalized.channels_kept > 1 else None
    return Audio(bring(AUDIO), normalized.duration, normalized.clock, channels, bench.check_wanted)
