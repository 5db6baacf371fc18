"""A recording that crashes the speech process does not fail the rest of its batch."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mediaindex.contract.job import FolderStore, ItemResult, Job, JobItem, JobResult, ObjectSource
from mediaindex.contract.states import ItemStatus
from mediaindex.errors import TransientError
from mediaindex.orchestration.child import (
    ChildCrashedError,
    ChildFailedError,
    ChildRefusedError,
    ChildStoppedError,
    ChildStuckError,
    SpeechChild,
)
from mediaindex.orchestration.splitting import MARGIN_S, run_split, timed
from mediaindex.orchestration.time_limits import START_S, limit_s

Make = Callable[[str], str]

# Processes the items in order, records finished ones as artifacts do, and crashes at the poisonous ones.
POISON = """
done = pathlib.Path(os.environ["DONE"])
results = []
for each in job["items"]:
    artifact = done / each["id"]
    results.append(item(each["id"], status="cached" if artifact.exists() else "done"))
    if each["name"].startswith("poison"): os.kill(os.getpid(), signal.SIGSEGV)
    if each["name"].startswith("hang"): time.sleep(300)
    artifact.touch()
write(results)
"""


def a_job(*names: str, stage: str = "diarize") -> Job:
    source = ObjectSource(bucket="media", key="a.wav", etag="e", size=1)
    items = tuple(JobItem(id=str(n), name=name, source=source) for n, name in enumerate(names))
    return Job(stage=stage, items=items, store=FolderStore(path="/nowhere"))


class Runner:
    """Stands for the speech process; crashes if an item of ``poison`` is in the job."""

    def __init__(self, *poison: int) -> None:
        self.poison = {str(n) for n in poison}
        self.jobs: list[list[str]] = []

    def __call__(self, job: Job) -> JobResult:
        self.jobs.append([item.id for item in job.items])
        if self.poison & set(self.jobs[-1]):
            raise ChildCrashedError("the speech process was ended by SIGSEGV")
        return JobResult(
            stage=job.stage, items=tuple(ItemResult(id=item.id, status=ItemStatus.DONE) for item in job.items)
        )


def failed(result: JobResult) -> list[str]:
    return [item.id for item in result.items if item.status == "failed"]


def test_without_a_crash_there_is_one_process() -> None:
    runner = Runner()
    assert failed(run_split(a_job(*"abc"), runner)) == []
    assert len(runner.jobs) == 1


@pytest.mark.parametrize("poison", [(0,), (9,), (4, 5), (0, 1, 2, 3), tuple(range(9))])
def test_the_poisonous_items_fail_alone_and_the_order_stays(poison: tuple[int, ...]) -> None:
    result = run_split(a_job(*"abcdefghij"), Runner(*poison))
    assert [item.id for item in result.items] == [str(n) for n in range(10)]
    assert failed(result) == [str(n) for n in poison]
    assert {item.error.code for item in result.items if item.error} == {"crashed_speech_process"}


def test_one_poisonous_item_of_fifty_starts_few_processes() -> None:
    runner = Runner(17)
    assert failed(run_split(a_job(*["a.wav"] * 50), runner)) == ["17"]
    assert len(runner.jobs) <= 2 * 6 + 1


def test_if_every_recording_crashes_the_process_none_is_the_cause() -> None:
    runner = Runner(*range(50))
    with pytest.raises(ChildFailedError, match="crashes for every recording") as caught:
        run_split(a_job(*["a.wav"] * 50), runner)
    assert not isinstance(caught.value, ChildCrashedError)
    assert len(runner.jobs) < 15


@pytest.mark.parametrize("error", [TransientError("S3"), ChildFailedError("exit 1"), ChildStoppedError("ended")])
def test_jobs_that_fail_otherwise_are_not_split(error: Exception) -> None:
    calls = []

    def run(job: Job) -> JobResult:
        calls.append(job)
        raise error

    with pytest.raises(type(error)):
        run_split(a_job("a", "b"), run)
    assert len(calls) == 1


def test_a_real_process_that_crashes_at_one_recording(
    speech_python: Make, plain_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    environment = {**plain_environment, "DONE": str(tmp_path_factory.mktemp("done"))}
    child = SpeechChild(speech_python(POISON), environment)
    result = run_split(a_job("a.wav", "b.wav", "poison.wav", "c.wav", "d.wav"), child.run)
    assert [item.status for item in result.items] == ["cached", "cached", "failed", "done", "done"]
    error = result.items[2].error
    assert error is not None
    assert error.code == "crashed_speech_process"
    assert "poison.wav" in error.message
    assert "SIGSEGV" in error.message


def test_a_real_process_that_hangs_on_one_recording(
    speech_python: Make, plain_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    environment = {**plain_environment, "DONE": str(tmp_path_factory.mktemp("done"))}
    child = SpeechChild(speech_python(POISON), environment)

    def run(job: Job) -> JobResult:
        # Only a job that hangs may exceed its time, however long this machine takes to start a process.
        return child.run(job, 1.5 if any(item.name == "hang.wav" for item in job.items) else 300.0)

    result = run_split(a_job("a.wav", "hang.wav"), run)
    # Whether the first job finished a.wav in its time depends on the machine.
    assert result.items[0].status in {"cached", "done"}
    assert result.items[1].status == "failed"
    error = result.items[1].error
    assert error is not None
    assert error.code == "stuck_speech_process"


def test_a_process_that_is_stopped_has_not_crashed(speech_python: Make, plain_environment: dict[str, str]) -> None:
    child = SpeechChild(speech_python("print('running'); time.sleep(300)"), plain_environment)

    class Log:
        def info(self, event: str, /) -> None:
            child.stop()  # as `on_kill` does, while it runs

    child.log = Log()
    with pytest.raises(ChildStoppedError):
        run_split(a_job("a", "b"), child.run)


class Timed:
    """A run that records its limits, and exceeds each."""

    def __init__(self) -> None:
        self.limits: list[float] = []

    def __call__(self, job: Job, limit: float) -> JobResult:
        self.limits.append(limit)
        raise ChildStuckError("stuck")


def test_the_time_limit_of_a_job_depends_on_its_length() -> None:
    run = Timed()
    result = run_split(a_job("a", "b"), timed(run, {"0": 100.0, "1": 10.0}, given_s=1e6))
    assert failed(result) == ["0", "1"]
    assert run.limits == [limit_s([110.0]), limit_s([100.0]), limit_s([10.0])]


def test_a_backfill_has_longer_limits() -> None:
    run = Timed()
    run_split(a_job("a"), timed(run, {"0": 100.0}, given_s=1e6, time_factor=4.0))
    assert run.limits == [4 * limit_s([100.0])]


def test_no_recording_fails_because_the_task_runs_out_of_time() -> None:
    # Ended because of the task's own limit; it may have needed more time.
    with pytest.raises(TransientError):
        run_split(a_job("a", "b"), timed(Timed(), {"0": 1e5, "1": 1e5}, given_s=4 * 3600.0))
    # Nor is a process started without the time to load its models.
    run = Timed()
    limited = timed(run, {"0": 1.0, "1": 1.0}, given_s=MARGIN_S + START_S / 2)
    with pytest.raises(TransientError):
        run_split(a_job("a", "b"), limited)
    assert len(run.limits) == 1


def test_half_of_a_job_that_runs_out_of_the_tasks_time_is_not_stuck() -> None:
    limits: list[float] = []

    def run(_job: Job, limit: float) -> JobResult:
        limits.append(limit)
        raise ChildStuckError("stuck") if len(limits) > 1 else ChildCrashedError("SIGSEGV")

    with pytest.raises(TransientError):
        run_split(a_job("a", "b"), timed(run, {"0": 1e5, "1": 1e5}, given_s=4 * 3600.0))
    assert len(limits) == 2


def test_a_single_recording_that_uses_up_a_whole_task_is_stuck() -> None:
    assert failed(run_split(a_job("a"), timed(Timed(), {"0": 1e6}, given_s=4 * 3600.0))) == ["0"]


class Recognising(Runner):
    """Stands for a speech process that the first recogniser crashes, and the next one at the items of ``poison``."""

    def __init__(self, *poison: int) -> None:
        super().__init__(*poison)
        self.reasons: list[str] = []

    def __call__(self, job: Job) -> JobResult:
        if not job.without_first:
            self.jobs.append([item.id for item in job.items])
            raise ChildCrashedError("the speech process was ended by SIGKILL: transcribe 1/2 b.wav; see above")
        self.reasons.append(job.without_first)
        return super().__call__(job)


@pytest.mark.parametrize("count", [1, 2, 50])
def test_if_the_first_recogniser_crashes_at_every_recording_the_next_one_is_used(count: int) -> None:
    runner = Recognising()
    result = run_split(a_job(*["a.wav"] * count, stage="transcribe"), runner)
    assert [item.id for item in result.items] == [str(n) for n in range(count)]
    assert failed(result) == []
    # It is stored with the transcript, so it names neither the log nor other recordings.
    assert runner.reasons == ["the speech process was ended by SIGKILL for every recording"]


def test_without_the_first_recogniser_a_poisonous_item_fails_alone() -> None:
    assert failed(run_split(a_job(*"abcde", stage="transcribe"), Recognising(3))) == ["3"]


def test_a_process_that_was_killed_once_keeps_its_first_recogniser() -> None:
    runner = Runner()

    def run(job: Job) -> JobResult:
        if not runner.jobs:
            runner.jobs.append([])
            raise ChildCrashedError("the speech process was ended by SIGKILL")
        assert not job.without_first
        return runner(job)

    assert failed(run_split(a_job("a", stage="transcribe"), run)) == []


def test_a_job_that_hangs_is_not_run_again_unchanged() -> None:
    asked: list[str] = []

    def run(job: Job) -> JobResult:
        asked.append(job.without_first)
        if not job.without_first:
            raise ChildStuckError("the speech process was still working after 900 s and was ended; its last line: b")
        return JobResult(stage=job.stage, items=(ItemResult(id="0", status=ItemStatus.DONE),))

    assert failed(run_split(a_job("a", stage="transcribe"), run)) == []
    assert asked == ["", "the speech process was still working after 900 s and was ended for every recording"]


def test_one_crashing_recording_of_many_keeps_the_first_recogniser() -> None:
    runner = Runner(4)
    assert failed(run_split(a_job(*"abcdefgh", stage="transcribe"), runner)) == ["4"]


def test_if_it_crashes_without_the_first_recogniser_too_the_job_fails_as_in_other_stages() -> None:
    with pytest.raises(ChildFailedError, match="crashes for every recording"):
        run_split(a_job(*"abcde", stage="transcribe"), Recognising(*range(5)))
    assert failed(run_split(a_job("a", stage="transcribe"), Recognising(0))) == ["0"]


@pytest.mark.parametrize("error", [ChildRefusedError("no recogniser is left"), TransientError("no time left")])
def test_if_the_fallback_is_impossible_the_first_error_stays(error: Exception) -> None:
    def run(job: Job) -> JobResult:
        raise error if job.without_first else ChildCrashedError("the speech process was ended by SIGSEGV")

    assert failed(run_split(a_job("a", stage="transcribe"), run)) == ["0"]
    with pytest.raises(ChildFailedError, match="SIGSEGV"):
        run_split(a_job(*"abcde", stage="transcribe"), run)


def test_a_real_process_that_its_first_recogniser_crashes(
    speech_python: Make, plain_environment: dict[str, str]
) -> None:
    body = "if not job['without_first']: os.kill(os.getpid(), signal.SIGSEGV)\n"
    body += "write([item(each['id'], engine=job['without_first']) for each in job['items']])"
    child = SpeechChild(speech_python(body), plain_environment)
    result = run_split(a_job("a.wav", "b.wav", stage="transcribe"), child.run)
    assert [item.status for item in result.items] == ["done", "done"]
    assert {item.engine for item in result.items} == {"the speech process was ended by SIGSEGV for every recording"}
