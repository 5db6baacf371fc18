"""Run one stage over one batch: each item on its own, so that a failing file does not fail the rest of its batch.

If the stage allows it, several items run at a time: while one waits for the store or for a model, another one uses the
cores, and recognisers batch the chunks of several recordings.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import replace
from functools import partial
from pathlib import Path
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
from mediaindex.printable import logger
from mediaindex.stages.audio import Audio
from mediaindex.stages.normalize import AUDIO, CHANNELS

from .binding import Binding, Inputs
from .bindings import BINDINGS, NORMALIZE
from .disk_space import disk_errors, is_exhausted, needs, worker_exhausted
from .job_context import JobContext
from .normalize_item import normalize_item
from .outage import Outage, reach_of
from .set_aside import SetAsideError
from .usage import Meter, shared

if TYPE_CHECKING:
    from mediaindex.contract.artifacts import ArtifactStore

    from .engines import Engines

log = logger(__name__)

# Errors of the installation, not of the recording during which they are first raised.
INSTALLATION = {
    *(ErrorCode.CONFIG, ErrorCode.MODEL_MISSING, ErrorCode.MODEL_CHANGED, ErrorCode.FFMPEG_MISSING),
    *(ErrorCode.S3_CREDENTIALS, ErrorCode.NO_BUCKET, ErrorCode.ARTIFACTS_REFUSED),
}

Progress = Callable[[JobItem, ItemResult], None]


def run_job(
    job: Job,
    store: ArtifactStore,
    engines: Engines,
    progress: Progress | None = None,
    bindings: Mapping[str, Binding] = BINDINGS,
) -> JobResult:
    """Run the job's stage over its items; an error of one item becomes the item's result.

    ``progress`` is called in this thread with each item that is done. The usage of an item is its share of the usage of
    the job. Raises TerminalError if the job can never succeed (unknown stage, invalid setting, missing model) and
    TransientError if the worker has no disk space to begin.
    """
    binding = bindings.get(job.stage)
    if binding is None:
        raise TerminalError(f"unknown stage {job.stage!r}; valid stages: {', '.join(bindings)}", code=ErrorCode.BAD_JOB)
    settings = read_settings(binding.stage.settings, job.settings, job.stage)
    binding.identities(engines)  # creates the engines once, before several threads use them
    meter = Meter()
    with (
        disk_errors(job.stage),
        tempfile.TemporaryDirectory(prefix="mediaindex-", ignore_cleanup_errors=True) as folder,
    ):
        outage = Outage(partial(reach_of, job.store, reads_source=binding is NORMALIZE))
        context = JobContext(store, engines, Path(folder), settings, bindings, outage)
        results = _run_items(binding, job.items, context, progress)
    return JobResult(stage=job.stage, items=tuple(shared(results, meter.read(0.0))))


def _run_items(
    binding: Binding, items: Sequence[JobItem], context: JobContext, progress: Progress | None
) -> list[ItemResult]:
    """The results, in the order of the items. After an error of the installation no further item is started.

    Items that ran out of disk space while they shared the disk with others are run once more, one at a time.
    """
    workers = max(2, len(os.sched_getaffinity(0))) if binding.concurrent else 1
    with ThreadPoolExecutor(workers, thread_name_prefix=binding.name) as pool:
        futures: dict[Future[ItemResult], JobItem] = {
            pool.submit(_run_item, binding, item, context): item for item in items
        }
        try:
            for future in as_completed(futures):
                result = future.result()
                if progress and not _ran_out_of_shared_disk(result, items):
                    progress(futures[future], result)
        except BaseException:
            context.cancelled.set()  # otherwise an interrupt waits for the running items, for hours
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    results = []
    for future, item in futures.items():
        result = future.result()
        if _ran_out_of_shared_disk(result, items):
            result = _run_item(binding, item, context)
            if progress:
                progress(item, result)
        results.append(result)
    return results


def _ran_out_of_shared_disk(result: ItemResult, items: Sequence[JobItem]) -> bool:
    return len(items) > 1 and result.error is not None and result.error.code == ErrorCode.WORKER_EXHAUSTED


def _run_item(binding: Binding, item: JobItem, context: JobContext) -> ItemResult:
    meter = Meter()
    folder = str(context.folder)
    try:
        context.outage.check(item)
        # A folder per item, removed after it: a batch of long recordings would otherwise fill the disk.
        with tempfile.TemporaryDirectory(dir=context.folder, ignore_cleanup_errors=True) as folder:
            result = _in_folder(binding, item, replace(context, folder=Path(folder)), meter)
        context.outage.note(None)
    except Exception as error:
        if _is_installation(error):
            raise  # every recording would fail alike: the job must fail, not each recording in the ledger
        return ItemResult(
            id=item.id, status=ItemStatus.FAILED, error=_describe(binding, item, error, folder), usage=meter.read(0.0)
        )
    return result


def _in_folder(binding: Binding, item: JobItem, context: JobContext, meter: Meter) -> ItemResult:
    try:
        if binding is NORMALIZE:
            return normalize_item(item, context.store, context.folder, context.settings, meter)
        return _stage_item(binding, item, context, meter)
    except OSError as error:
        if is_exhausted(error):  # before the folder is removed, so that the message has the disk's fill level
            what = f"{item.name}: {binding.name}"
            raise worker_exhausted(what, error, context.folder, needs(binding.name, item)) from error
        raise
    except TransientError as error:
        context.outage.note(error)
        raise


def _is_installation(error: Exception) -> bool:
    """Whether the worker is at fault, such as for a library that is not installed."""
    return isinstance(error, ModuleNotFoundError) or (isinstance(error, TerminalError) and error.code in INSTALLATION)


def _describe(binding: Binding, item: JobItem, error: Exception, folder: str) -> ItemError:
    """The item error for an exception; an unforeseen one is doubtful and logged with its traceback.

    ``folder``: the temporary folder, which no message names.
    """
    if isinstance(error, MediaindexError):
        return ItemError.of(error)
    if isinstance(error, MemoryError):
        message = f"{item.name}: {binding.name} ran out of memory; it is tried again"
        return ItemError(code=ErrorCode.OUT_OF_MEMORY, message=message, failure_class=FailureClass.TRANSIENT)
    log.exception("%s: %s failed with an unforeseen error", item.name, binding.name)
    text = str(error).replace(f"{folder}{os.sep}", "")
    message = f"{item.name}: {binding.name} failed with {type(error).__name__}: {text}; the task log has the traceback"
    return ItemError(code=ErrorCode.INTERNAL_ERROR, message=message, failure_class=FailureClass.DOUBTFUL)


def _stage_item(binding: Binding, item: JobItem, context: JobContext, meter: Meter) -> ItemResult:
    """Run the stage on an item; if a recogniser proves broken, start over without it, under another fingerprint."""
    sha256, upstream = _upstream(binding, item, context)
    broken: dict[str, SetAsideError] = {}
    while True:
        try:
            engines = context.engines.without(broken)
            return _computed(binding, item, sha256, upstream, replace(context, engines=engines), meter)
        except SetAsideError as error:
            broken[error.name] = error
        except ModelMissingError as error:
            if any(recogniser.memory for recogniser in broken.values()):
                raise TransientError(f"{item.name}: {error.message}", code=ErrorCode.OUT_OF_MEMORY) from error
            raise


def _computed(
    binding: Binding, item: JobItem, sha256: str, upstream: dict[str, Any], context: JobContext, meter: Meter
) -> ItemResult:
    """The existing result with this fingerprint, or the newly computed one."""
    fingerprint = binding.fingerprint(item, context.settings, context.engines)
    with context.locks[sha256, fingerprint]:
        result = _known(binding, sha256, fingerprint, context)
        status = ItemStatus.DONE if result is None else ItemStatus.CACHED
        if result is None:
            inputs = Inputs(item, upstream, lambda: _audio(item, sha256, upstream, context), context.engines)
            result = binding.run(inputs, context.settings)
            context.store.put(sha256, binding.name, fingerprint, artifacts.dump(result))
    normalized = upstream.get(NORMALIZE.name)
    return ItemResult(
        id=item.id,
        status=status,
        audio_sha256=sha256,
        fingerprint=fingerprint,
        engine="; ".join(binding.identities(context.engines)),
        summary=binding.summary(result),
        usage=meter.read(normalized.duration if normalized else 0.0),
    )


def _known(binding: Binding, sha256: str, fingerprint: str, context: JobContext) -> Any:
    """The result of an earlier run; None if it does not exist or is damaged."""
    try:
        return artifacts.find(context.store, binding.stage, sha256, fingerprint)
    except TerminalError as error:
        log.warning("%s: %s; it is computed again", binding.name, error)
        return None


def _upstream(binding: Binding, item: JobItem, context: JobContext) -> tuple[str, dict[str, Any]]:
    """The hash of the item's audio, and the results that the stage reads."""
    if item.audio_sha256 is None:
        raise TerminalError(
            f"{item.name}: {binding.name} needs the result of normalize; run normalize first", code=ErrorCode.BAD_JOB
        )
    stages = (context.bindings[name].stage for name in binding.stage.reads)
    return item.audio_sha256, {stage.name: artifacts.read(context.store, stage, item) for stage in stages}


def _audio(item: JobItem, sha256: str, upstream: dict[str, Any], context: JobContext) -> Audio:
    normalized: NormalizedAudio = upstream[NORMALIZE.name]

    def fetch(name: str) -> Path:
        path = context.folder / name
        fingerprint = item.upstream[NORMALIZE.name]
        if not path.exists() and not context.store.get_file(sha256, NORMALIZE.name, fingerprint, name, path):
            raise DoubtfulError(
                f"{item.name}: {name} is missing from the store; run normalize again", code=ErrorCode.MISSING_ARTIFACT
            )
        return path

    channels = (lambda: fetch(CHANNELS)) if normalized.channels_kept > 1 else None
    return Audio(fetch(AUDIO), normalized.duration, normalized.clock, channels, context.check_cancelled)
