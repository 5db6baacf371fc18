"""``python -m mediaindex.runner --job job.json --result result.json``: run one stage over one batch.

The exit code is the contract (``contract.job.ExitCode``); the last line of output is a message that explains it.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

from pydantic import ValidationError

from mediaindex.contract.job import ExitCode, ItemResult, Job, JobItem, JobResult
from mediaindex.contract.pipeline import NORMALIZE
from mediaindex.contract.states import ItemStatus
from mediaindex.errors import ErrorCode, TerminalError, TransientError
from mediaindex.printable import logger, printable
from mediaindex.settings import ModelSettings
from mediaindex.stages.media.containment import containment, hide_memory

from .disk_space import disk_errors

log = logger("mediaindex.runner")

LONGEST_LINE = 8_192  # characters; a message may quote the content of an untrusted file


def main(arguments: list[str] | None = None) -> ExitCode:
    """Run the job. Faults of the job, the recordings and the environment become exit codes, not exceptions."""
    parser = argparse.ArgumentParser(prog="mediaindex.runner", description=__doc__)
    parser.add_argument("--job", type=Path, required=True, help="the job to run (see contract/job.py)")
    parser.add_argument("--result", type=Path, required=True, help="where to write the result")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    try:
        job = _read(options.job)
        if not job.items:
            log.info("%s: nothing to do, the batch has no recording left for this stage", job.stage)
            return ExitCode.NOTHING_TO_DO
        result = _run(job)
        with disk_errors(f"{job.stage}: the result cannot be written"):
            _write(options.result, result)
    except (TransientError, MemoryError) as error:
        log.error("transient failure, try again later: %s", error)  # noqa: TRY400  # a traceback is for bugs
        return ExitCode.TRANSIENT
    except TerminalError as error:
        log.error("%s", error)  # noqa: TRY400
        return ExitCode.BAD_INPUT
    log.info("%s", summary_line(result))
    return ExitCode.DONE


def _read(path: Path) -> Job:
    try:
        return Job.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise TerminalError(
            f"job {path} is invalid: {error}; use the same version in both environments",
            code=ErrorCode.BAD_JOB,
        ) from error


def _run(job: Job) -> JobResult:
    if not ModelSettings.read().fetch_at_run_time:
        os.environ["HF_HUB_OFFLINE"] = "1"  # for libraries that would fetch by themselves
    from mediaindex.models import register
    from mediaindex.storage.artifacts import open_store

    from .engines import Engines
    from .execute import run_job

    if job.stage == NORMALIZE.name:
        log.info("%s", containment().sentence)
    done = 0

    def tell(item: JobItem, result: ItemResult) -> None:
        nonlocal done
        done += 1
        log.info(
            "%s %d/%d %s: %s", job.stage, done, len(job.items), item.name, printable(item_line(result), LONGEST_LINE)
        )

    register(job.models)
    return run_job(job, open_store(job.store), Engines(job.recognisers, job.without_first), tell)


def _write(path: Path, result: JobResult) -> None:
    beside = path.with_name(path.name + ".part")
    beside.write_text(result.model_dump_json(indent=1), "utf-8")
    beside.replace(path)


def item_line(result: ItemResult) -> str:
    """The outcome of one item as a log line: cost and speed, or the error."""
    if result.error:
        return f"{result.error.failure_class} {result.error.code}: {result.error.message}"
    warned = "".join(f"; warning: {text}" for text in result.summary.get("warnings", ()))
    if result.status == ItemStatus.CACHED:
        return f"already computed{warned}"
    usage = result.usage
    speed = f", {usage.audio_s / usage.wall_s:.0f}x real time" if usage.audio_s and usage.wall_s else ""
    return f"{usage.audio_s:.1f} s of audio in {usage.wall_s:.1f} s{speed}{warned}"


def summary_line(result: JobResult) -> str:
    """The outcome of the batch as a log line."""
    counts = {status: sum(item.status == status for item in result.items) for status in ItemStatus}
    wall = sum(item.usage.wall_s for item in result.items)
    parts = [f"{count} {status}" for status, count in counts.items() if count]
    return f"{result.stage}: {', '.join(parts)} in {wall:.1f} s"


if __name__ == "__main__":
    hide_memory()  # the environment has the keys of S3, and children of this process decode untrusted files
    code = main()
    logging.shutdown()
    # Everything is written. Freeing the models first would delay the task by up to a quarter of a second.
    os._exit(code)
