"""Run one job in the speech environment, as a child process. Knows nothing of Airflow.

``SPEECH_PYTHON -m mediaindex.runner --job job.json --result result.json``: the same command line serves a virtual
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
from mediaindex.runner.disk_space import disk_errors
from mediaindex.stages.media.process import printable

from .job_folder import job_folder
from .process_group import LINE_BYTES, ProcessGroup

# Everything else stays here: Airflow's environment holds its database, its keys and every connection, and the child
# decodes files that strangers made.
HANDED_DOWN = frozenset(
    {
        *("PATH", "HOME", "USER", "TZ", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "XDG_CACHE_HOME"),
        *("LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES"),
        *("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"),
        *("HF_HOME", "HF_HUB_OFFLINE", "TORCH_HOME"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
        *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
    }
)
HANDED_DOWN_PREFIXES = ("AWS_", "MEDIAINDEX_")
# Of ours, what the child has no use for: it needs S3 and no other server.
KEPT_BACK_PREFIXES = ("MEDIAINDEX_DATABASE_", "MEDIAINDEX_ELASTICSEARCH_", "MEDIAINDEX_AIRFLOW_")

LONGEST_LINE = LINE_BYTES  # characters of a line in the log


class ChildFailedError(MediaindexError):
    """The child ended in a way the contract does not know: a crash, a signal, no result or a wrong one."""

    code = ErrorCode.CHILD_FAILED


class ChildCrashedError(ChildFailedError, DoubtfulError):
    """A signal ended it: a crash in native code, or the kernel for want of memory. One item may be to blame."""

    code = ErrorCode.CRASHED


class ChildStuckError(ChildCrashedError):
    """It was still at work after its time and was ended. One item may be to blame."""

    code = ErrorCode.STUCK


class ChildStoppedError(ChildFailedError):
    """We ended it ourselves, because the task was to end."""

    code = ErrorCode.CHILD_STOPPED


class ChildRefusedError(TerminalError):
    """The job itself can never work (exit code 10); the last line of the child's output says why."""

    code = ErrorCode.JOB_REFUSED


class NothingToDoError(MediaindexError):
    """No item of the batch is left for this stage (exit code 11)."""

    code = ErrorCode.NOTHING_TO_DO


class Log(Protocol):
    """Where the child's lines go: a standard logger, or Airflow's."""

    def info(self, event: str, /) -> Any:
        """Take one line."""


@dataclass(slots=True)
class SpeechChild:
    """The runner under ``python``; ``stop`` may come at any moment, also from a signal handler.

    ``niceness``: 0 to 19, how far it stands back where others want the processors too.
    """

    python: str
    environment: Mapping[str, str]
    log: Log = field(default_factory=lambda: logging.getLogger(__name__))
    niceness: int = 0
    _group: ProcessGroup | None = field(default=None, init=False)
    _stopped: bool = field(default=False, init=False)

    def run(self, job: Job, limit_s: float | None = None) -> JobResult:
        """Run the job, at most ``limit_s`` seconds; raises an error from above, or TransientError for exit code 75."""
        if self._stopped:
            raise ChildStoppedError(f"{job.stage}: ended before it began")
        with disk_errors(f"{job.stage}: the speech process cannot be started"), job_folder() as folder:
            request, answer = folder / "job.json", folder / "result.json"
            request.write_text(job.model_dump_json(), "utf-8")
            last = ""

            def tell(line: str) -> None:
                nonlocal last
                last = printable(line, LONGEST_LINE)  # tags and names of strangers' files stand in it
                self.log.info(last)

            # Unbuffered, so that a line is in the log when it is written; faulthandler names the place of a crash in C.
            runner = [self.python, "-u", "-X", "faulthandler", "-m", "mediaindex.runner"]
            arguments = [*_standing_back(self.niceness), *runner, "--job", str(request), "--result", str(answer)]
            # Temporary files in here too: a child that is killed cannot clear up after itself.
            self._group = ProcessGroup(arguments, {**self.environment, "TMPDIR": str(folder)}, folder)
            try:
                code = self._group.follow(tell, limit_s)
            except TimeoutError:
                raise ChildStuckError(
                    f"the speech process was still busy with {len(job.items)} recordings after {limit_s:.0f} s and was "
                    f"ended; its last line: {last}"
                ) from None
            if self._stopped:
                raise ChildStoppedError(f"{job.stage}: ended with its task")
            _check(code, last)
            return _result(answer, job)

    def stop(self) -> None:
        """End the child and everything it started, and start no other."""
        self._stopped = True
        if self._group is not None:
            self._group.end()


def _standing_back(niceness: int) -> list[str]:
    if not niceness:
        return []
    # The lowest niceness still takes turns; Linux's idle class gives way at once to whoever wants the core.
    nice, chrt = shutil.which("nice"), shutil.which("chrt")
    return [*([nice, "-n", str(niceness)] if nice else []), *([chrt, "--idle", "0"] if chrt else [])]


def child_environment(ours: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    """What of our own environment the child may see, and ``extra``."""
    return {name: value for name, value in ours.items() if _may_see(name)} | dict(extra)


def _may_see(name: str) -> bool:
    return name in HANDED_DOWN or (name.startswith(HANDED_DOWN_PREFIXES) and not name.startswith(KEPT_BACK_PREFIXES))


def _check(code: int, last: str) -> None:
    if code == ExitCode.DONE:
        return
    said = f": {last}" if last else ""
    if code == ExitCode.BAD_INPUT:
        raise ChildRefusedError(f"the job cannot work{said}")
    if code == ExitCode.NOTHING_TO_DO:
        raise NothingToDoError(f"nothing to do{said}")
    if code == ExitCode.TRANSIENT:
        raise TransientError(f"try again later{said}", code=ErrorCode.CHILD_TRANSIENT)
    # A shell or a container between us and the process says 128 + the signal's number.
    number = -code if code < 0 else code - 128
    if 0 < number < signal.NSIG:
        name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
        raise ChildCrashedError(f"the speech process was ended by {name}{said}; its whole output stands above")
    raise ChildFailedError(f"the speech process ended with exit code {code}{said}; its whole output stands above")


def _result(path: Path, job: Job) -> JobResult:
    try:
        result = JobResult.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ChildFailedError(f"the speech process ended well but left no valid result: {error}") from error
    asked, answered = [item.id for item in job.items], [item.id for item in result.items]
    if result.stage != job.stage or asked != answered:
        raise ChildFailedError(f"the result is for {result.stage} of {answered}, not for {job.stage} of {asked}")
    return result
