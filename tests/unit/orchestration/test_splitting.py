"""A recording that kills the speech process takes no other along."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mediaindex.contract.job import FolderStore, ItemResult, Job, JobItem, JobResult, ObjectSource
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

# Works through the items in order, remembers what it finished as the artifacts do, and dies at the poisonous ones.
POISON = """
done = pathlib.Path(os.environ["DONE"])
results = []
for one in job["items"]:
    mark = done / one["id"]
    results.append(item(one["id"], status="cached" if mark.exists() else "done"))
    if one["name"].startswith("poison"): os.kill(os.getpid(), signal.SIGSEGV)
    if one["name"].startswith("hang"): time.sleep(300)
    mark.touch()
write(results)
"""


def a_job(*names: str, stage: str = "diarize") -> Job:
    source = ObjectSource(bucket="media", key="a.wav", etag="e", size=1)
    items = tuple(JobItem(id=str(n), name=name, source=source) for n, name in enumerate(names))
    return Job(stage=stage, items=items, store=FolderStore(path="/nowhere"))


class Runner:
    """Stands for the speech process: dies when an item of ``poison`` is in the job."""

    def __init__(self, *poison: int) -> None:
        self.poison = {str(n) for n in poison}
        self.jobs: list[list[str]] = []

    def __call__(self, job: Job) -> JobResult:
        self.jobs.append([item.id for item in job.items])
        if self.poison & set(self.jobs[-1]):
            raise ChildCrashedError("the speech process was ended by SIGSEGV")
        return JobResult(stage=job.stage, items=tuple(ItemResult(id=item.id, status="done") for item in job.items))


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


def test_one_poisonous_item_of_fifty_costs_few_processes() -> None:
    runner = Runner(17)
    assert failed(run_split(a_job(*["a.wav"] * 50), runner)) == ["17"]
    assert len(runner.jobs) <= 2 * 6 + 1


def test_where_everything_kills_the_process_no_recording_is_blamed() -> None:
    runner = Runner(*range(50))
    with pytest.raises(ChildFailedError, match="whatever it is given") as caught:
        run_split(a_job(*["a.wav"] * 50), runner)
    assert not isinstance(caught.value, ChildCrashedError)
    assert len(runner.jobs) < 15


@pytest.mark.parametrize("error", [TransientError("S3"), ChildFailedError("exit 1"), ChildStoppedError("ended")])
def test_other_ends_are_not_split(error: Exception) -> None:
    calls = []

    def run(job: Job) -> JobResult:
        calls.append(job)
        raise error

    with pytest.raises(type(error)):
        run_split(a_job("a", "b"), run)
    assert len(calls) == 1


def test_a_real_process_that_dies_of_one_recording(
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
        # Only a job that hangs may run out of time, however long this machine takes to start a process.
        return child.run(job, 1.5 if any(item.name == "hang.wav" for item in job.items) else 300.0)

    result = run_split(a_job("a.wav", "hang.wav"), run)
    # Whether the first job had come to a.wav before its time was over is the machine's affair.
    assert result.items[0].status in {"cached", "done"}
    assert result.items[1].status == "failed"
    error = result.items[1].error
    assert error is not None
    assert error.code == "stuck_speech_process"


def test_a_process_that_we_end_is_not_a_crash(speech_python: Make, plain_environment: dict[str, str]) -> None:
    child = SpeechChild(speech_python("print('at work'); time.sleep(300)"), plain_environment)

    class Log:
        def info(self, event: str, /) -> None:
            child.stop()  # as `on_kill` does, in the middle of it

    child.log = Log()
    with pytest.raises(ChildStoppedError):
        run_split(a_job("a", "b"), child.run)


class Timed:
    """A run that notes its limits, and is stuck in all of them."""

    def __init__(self) -> None:
        self.limits: list[float] = []

    def __call__(self, job: Job, limit: float) -> JobResult:
        self.limits.append(limit)
        raise ChildStuckError("stuck")


def test_each_job_has_the_time_that_its_length_needs() -> None:
    run = Timed()
    result = run_split(a_job("a", "b"), timed(run, {"0": 100.0, "1": 10.0}, given_s=1e6))
    assert failed(result) == ["0", "1"]
    assert run.limits == [limit_s([110.0]), limit_s([100.0]), limit_s([10.0])]


def test_a_backfill_that_gets_less_of_the_machine_gets_more_time() -> None:
    run = Timed()
    run_split(a_job("a"), timed(run, {"0": 100.0}, given_s=1e6, time_factor=4.0))
    assert run.limits == [4 * limit_s([100.0])]


def test_nobody_is_blamed_for_the_want_of_time() -> None:
    # It was ended because the task's own time was over, and may have needed more.
    with pytest.raises(TransientError):
        run_split(a_job("a", "b"), timed(Timed(), {"0": 1e5, "1": 1e5}, given_s=4 * 3600.0))
    # Nor is a process started that could not even load its models.
    run = Timed()
    limited = timed(run, {"0": 1.0, "1": 1.0}, given_s=MARGIN_S + START_S / 2)
    with pytest.raises(TransientError):
        run_split(a_job("a", "b"), limited)
    assert len(run.limits) == 1


def test_a_recording_alone_that_uses_up_a_whole_task_is_stuck() -> None:
    assert failed(run_split(a_job("a"), timed(Timed(), {"0": 1e6}, given_s=4 * 3600.0))) == ["0"]


class Recognising(Runner):
    """Stands for a speech process whose first recogniser kills it, and the next one at the items of ``poison``."""

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
def test_where_the_first_recogniser_kills_everything_the_next_one_writes(count: int) -> None:
    runner = Recognising()
    result = run_split(a_job(*["a.wav"] * count, stage="transcribe"), runner)
    assert [item.id for item in result.items] == [str(n) for n in range(count)]
    assert failed(result) == []
    # It stands on the transcript: nothing of the log, nothing of other recordings.
    assert runner.reasons == ["the speech process was ended by SIGKILL with all that it was given"]


def test_a_poisonous_item_among_them_still_fails_alone() -> None:
    assert failed(run_split(a_job(*"abcde", stage="transcribe"), Recognising(3))) == ["3"]


def test_a_process_that_was_killed_once_is_not_its_recognisers_fault() -> None:
    runner = Runner()

    def run(job: Job) -> JobResult:
        if not runner.jobs:
            runner.jobs.append([])
            raise ChildCrashedError("the speech process was ended by SIGKILL")
        assert not job.without_first
        return runner(job)

    assert failed(run_split(a_job("a", stage="transcribe"), run)) == []


def test_one_that_hangs_is_not_waited_for_twice() -> None:
    asked: list[str] = []

    def run(job: Job) -> JobResult:
        asked.append(job.without_first)
        if not job.without_first:
            raise ChildStuckError("the speech process was still busy after 900 s and was ended; its last line: b.wav")
        return JobResult(stage=job.stage, items=(ItemResult(id="0", status="done"),))

    assert failed(run_split(a_job("a", stage="transcribe"), run)) == []
    assert asked == ["", "the speech process was still busy after 900 s and was ended with all that it was given"]


def test_one_recording_of_many_is_no_reason_to_do_without_the_first() -> None:
    runner = Runner(4)
    assert failed(run_split(a_job(*"abcdefgh", stage="transcribe"), runner)) == ["4"]


def test_where_it_dies_without_the_first_recogniser_too_all_is_as_in_other_stages() -> None:
    with pytest.raises(ChildFailedError, match="whatever it is given"):
        run_split(a_job(*"abcde", stage="transcribe"), Recognising(*range(5)))
    assert failed(run_split(a_job("a", stage="transcribe"), Recognising(0))) == ["0"]


@pytest.mark.parametrize("error", [ChildRefusedError("nobody is left"), TransientError("no time left")])
def test_where_nobody_can_do_without_the_first_its_own_verdict_stands(error: Exception) -> None:
    def run(job: Job) -> JobResult:
        raise error if job.without_first else ChildCrashedError("the speech process was ended by SIGSEGV")

    assert failed(run_split(a_job("a", stage="transcribe"), run)) == ["0"]
    with pytest.raises(ChildFailedError, match="SIGSEGV"):
        run_split(a_job(*"abcde", stage="transcribe"), run)


def test_a_real_process_that_dies_of_its_first_recogniser(
    speech_python: Make, plain_environment: dict[str, str]
) -> None:
    body = "if not job['without_first']: os.kill(os.getpid(), signal.SIGSEGV)\n"
    child = SpeechChild(
        speech_python(body + "write([item(one['id'], engine=job['without_first']) for one in job['items']])"),
        plain_environment,
    )
    result = run_split(a_job("a.wav", "b.wav", stage="transcribe"), child.run)
    assert [item.status for item in result.items] == ["done", "done"]
    assert {item.engine for item in result.items} == {
        "the speech process was ended by SIGSEGV with all that it was given"
    }
