"""Run one job in the speech environment, as a child process. Independent of Airflow.

The command is ``SPEECH_PYTHON -m mediaindex.runner --job job.json --result result.json``; it works alike in a virtual
environment, a container and a pod.
"""

from __future__ import annotations

import logging
import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError

from mediaindex.contract.job import ExitCode, Job, JobResult
from mediaindex.errors import DoubtfulError, ErrorCode, MediaindexError, TerminalError, TransientError
from mediaindex.printable import printable
from mediaindex.runner.disk_space import disk_errors
from mediaindex.settings import ServerSettings

from .job_folder import job_folder
from .process_group import LINE_BYTES, ProcessGroup

# Nothing else is passed on: Airflow's environment holds its database URL, its keys and every connection, and the child
# decodes untrusted files.
HANDED_DOWN = frozenset(
    {
        *("PATH", "HOME", "USER", "TZ", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "XDG_CACHE_HOME"),
        *("LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES"),
        *("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"),
        *("HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "TORCH_HOME"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
        *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
    }
)
HANDED_DOWN_PREFIXES = ("AWS_", "MEDIAINDEX_")
# Not passed on either: of all servers, the child needs only S3, in the session of its connection.
KEPT_BACK_PREFIXES = (
    *("MEDIAINDEX_DATABASE_", "MEDIAINDEX_ELASTICSEARCH_", "MEDIAINDEX_AIRFLOW_"),
    *("MEDIAINDEX_SQS_", ServerSettings.variable("s3_session")),
)

LONGEST_LINE = LINE_BYTES  # characters of a line in the log


class ChildFailedError(MediaindexError):
    """The child ended unexpectedly: with an unknown exit code, without a result, or with an invalid one."""

    code = ErrorCode.CHILD_FAILED


class ChildCrashedError(ChildFailedError, DoubtfulError):
    """A signal ended the child: a crash in native code, or the kernel out of memory. One item may be the cause."""

    code = ErrorCode.CRASHED


class ChildStuckError(ChildCrashedError):
    """The child exceeded its time limit and was ended. One item may be the cause."""

    code = ErrorCode.STUCK


class ChildStoppedError(ChildFailedError):
    """The child was ended because its task was ended."""

    code = ErrorCode.CHILD_STOPPED


class ChildRefusedError(TerminalError):
    """The job can never succeed (exit code 10); the last line of the child's output says why."""

    code = ErrorCode.JOB_REFUSED


class NothingToDoError(MediaindexError):
    """No item of the batch is left for this stage (exit code 11)."""

    code = ErrorCode.NOTHING_TO_DO


class Log(Protocol):
    """The log of the child's output: a standard logger, or Airflow's."""

    def info(self, event: str, /) -> Any:
        """Log one line."""


@dataclass(slots=True)
class SpeechChild:
    """The runner, started with the interpreter ``python``. ``stop`` may be called at any time, also in signal handlers.

    ``niceness``: 0 to 19, as of nice(1); above 0 the child also runs in Linux's idle scheduling class.
    """

    python: str
    environment: Mapping[str, str]
    log: Log = field(default_factory=lambda: logging.getLogger(__name__))
    niceness: int = 0
    _group: ProcessGroup | None = field(default=None, init=False)
    _stopped: bool = field(default=False, init=False)

    def run(self, job: Job, limit_s: float | None = None) -> JobResult:
        """Run the job, for at most ``limit_s`` seconds.

        Raises the errors above, and TransientError for exit code 75.
        """
        if self._stopped:
            raise ChildStoppedError(f"{job.stage}: the task was ended before the speech process started")
        with disk_errors(f"{job.stage}: the speech process cannot be started"), job_folder() as folder:
            request, answer = folder / "job.json", folder / "result.json"
            request.write_text(job.model_dump_json(), "utf-8")
            last = ""

            def tell(line: str) -> None:
                nonlocal last
                last = printable(line.strip(), LONGEST_LINE)  # may contain tags and names of untrusted files
                self.log.info(last)

            # Unbuffered, so that lines are logged when they are written; faulthandler locates crashes in native code.
            runner = [self.python, "-u", "-X", "faulthandler", "-m", "mediaindex.runner"]
            arguments = [*_low_priority(self.niceness), *runner, "--job", str(request), "--result", str(answer)]
            # Temporary files are in the same folder: a killed child cannot remove them itself.
            self._group = ProcessGroup(arguments, {**self.environment, "TMPDIR": str(folder)}, folder)
            try:
                code = self._group.follow(tell, limit_s)
            except TimeoutError:
                raise ChildStuckError(
                    f"the speech process was still working on {len(job.items)} recordings after {limit_s:.0f} s and "
                    f"was ended; its last line: {last}"
                ) from None
            if self._stopped:
                raise ChildStoppedError(f"{job.stage}: the speech process was ended with its task")
            _check(code, last)
            return _result(answer, job)

    def stop(self) -> None:
        """End the child and everything it started; later calls of ``run`` raise ChildStoppedError."""
        self._stopped = True
        if self._group is not None:
            self._group.end()


def _low_priority(niceness: int) -> list[str]:
    if not niceness:
        return []
    # Even at niceness 19 a process gets time slices; one of Linux's idle class yields at once to any other.
    nice, chrt = shutil.which("nice"), shutil.which("chrt")
    return [*([nice, "-n", str(niceness)] if nice else []), *([chrt, "--idle", "0"] if chrt else [])]


def child_environment(ours: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    """The variables of ``ours`` that the child may see, and ``extra``."""
    return {name: value for name, value in ours.items() if _may_see(name)} | dict(extra)


def _may_see(name: str) -> bool:
    return name in HANDED_DOWN or (name.startswith(HANDED_DOWN_PREFIXES) and not name.startswith(KEPT_BACK_PREFIXES))


def _check(code: int, last: str) -> None:
    if code == ExitCode.DONE:
        return
    reason = f": {last}" if last else ""
    if code == ExitCode.BAD_INPUT:
        raise ChildRefusedError(f"the job cannot succeed{reason}")
    if code == ExitCode.NOTHING_TO_DO:
        raise NothingToDoError(f"nothing to do{reason}")
    if code == ExitCode.TRANSIENT:
        raise TransientError(f"the speech process failed for now{reason}", code=ErrorCode.CHILD_TRANSIENT)
    # A shell or a container reports a signal as 128 + its number.
    number = -code if code < 0 else code - 128
    if 0 < number < signal.NSIG:
        name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
        raise ChildCrashedError(f"the speech process was ended by {name}{reason}; its output is in the log above")
    raise ChildFailedError(f"the speech process ended with exit code {code}{reason}; its output is in the log above")


def _result(path: Path, job: Job) -> JobResult:
    try:
        result = JobResult.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ChildFailedError(
            f"the speech process ended without an error but left no valid result: {error}"
        ) from error
    asked, answered = [item.id for item in job.items], [item.id for item in result.items]
    if result.stage != job.stage or asked != answered:
        raise ChildFailedError(f"the result is for {result.stage} of {answered}, not for {job.stage} of {asked}")
    return result
