from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mediaindex.contract.job import FolderStore, Job, JobItem, ObjectSource
from mediaindex.errors import TerminalError, TransientError
from mediaindex.orchestration.child import (
    ChildCrashedError,
    ChildFailedError,
    ChildRefusedError,
    NothingToDoError,
    SpeechChild,
    child_environment,
)
from mediaindex.settings import GROUPS, Group

Make = Callable[[str], str]


class Lines:
    """A log that keeps its lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, event: str, /) -> None:
        self.lines.append(event)


def a_job(*ids: str) -> Job:
    source = ObjectSource(bucket="media", key="a.wav", etag="e", size=1)
    items = tuple(JobItem(id=id_, name="a.wav", source=source) for id_ in ids)
    return Job(stage="normalize", items=items, store=FolderStore(path="/nowhere"))


def test_the_result_is_the_one_that_the_child_wrote(speech_python: Make, plain_environment: dict[str, str]) -> None:
    child = SpeechChild(speech_python("write([item('1'), item('2', status='cached')])"), plain_environment)
    assert [item.status for item in child.run(a_job("1", "2")).items] == ["done", "cached"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("print('no such model'); sys.exit(10)", ChildRefusedError),
        ("sys.exit(11)", NothingToDoError),
        ("print('network'); sys.exit(75)", TransientError),
        ("sys.exit(1)", ChildFailedError),
        ("sys.exit(128)", ChildFailedError),
        ("sys.exit(255)", ChildFailedError),
        ("os.kill(os.getpid(), signal.SIGKILL)", ChildCrashedError),
        ("sys.exit(128 + signal.SIGSEGV)", ChildCrashedError),
        ("pass", ChildFailedError),
        ("answer.write_text('{')", ChildFailedError),
        ("write([item('1', status='wonderful')])", ChildFailedError),
        ("write([item('2')])", ChildFailedError),
        ("write([item('1')], stage='diarize')", ChildFailedError),
    ],
    ids=[
        "refused",
        "nothing-to-do",
        "transient",
        "failure",
        "no-signal",
        "beyond-all-signals",
        "signal",
        "signal-in-a-shell",
        "no-result",
        "half-a-result",
        "invalid-status",
        "other-item",
        "other-stage",
    ],
)
def test_each_way_to_end_has_its_error(
    body: str, error: type[Exception], speech_python: Make, plain_environment: dict[str, str]
) -> None:
    with pytest.raises(error) as caught:
        SpeechChild(speech_python(body), plain_environment).run(a_job("1"))
    assert type(caught.value) is error


def test_only_a_refused_job_is_terminal() -> None:
    assert issubclass(ChildRefusedError, TerminalError)
    assert not issubclass(ChildFailedError, TerminalError)


def test_the_error_repeats_the_last_line(speech_python: Make, plain_environment: dict[str, str]) -> None:
    body = "print('first'); print('the model is missing: fetch it'); sys.exit(10)"
    with pytest.raises(ChildRefusedError, match="the model is missing: fetch it"):
        SpeechChild(speech_python(body), plain_environment).run(a_job("1"))


def test_each_line_of_output_is_logged(
    speech_python: Make, plain_environment: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    SpeechChild(speech_python("print('one'); print('two'); write([item('1')])"), plain_environment).run(a_job("1"))
    assert caplog.messages == ["one", "two"]


def test_lines_of_the_child_contain_no_terminal_codes(speech_python: Make, plain_environment: dict[str, str]) -> None:
    """A title of a recording may set the terminal's title, hide text, or reverse its order."""
    log = Lines()
    body = r"print('talk \x1b]0;owned\x07\x1b[2K\x9b31m\x00 \u202egnp.exe \u2028end'); sys.exit(10)"
    with pytest.raises(ChildRefusedError) as caught:
        SpeechChild(speech_python(body), plain_environment, log).run(a_job("1"))
    clean = "talk \ufffd]0;owned\ufffd\ufffd[2K\ufffd31m\ufffd \ufffdgnp.exe  end"
    assert log.lines == [clean]
    assert caught.value.message == f"the job cannot succeed: {clean}"


def test_the_child_gets_only_allowed_variables() -> None:
    ours = {
        "PATH": "/bin",
        "OMP_NUM_THREADS": "1",
        "AWS_ACCESS_KEY_ID": "old",
        "MEDIAINDEX_MODELS": "/models",
        "MEDIAINDEX_DATABASE_URL": "postgresql://secret",
        "MEDIAINDEX_ELASTICSEARCH_API_KEY": "secret",
        "AIRFLOW_CONN_MEDIAINDEX_POSTGRES": "secret",
        "AIRFLOW__CORE__FERNET_KEY": "secret",
        "AIRFLOW__API_AUTH__JWT_SECRET": "secret",
        "GITHUB_TOKEN": "secret",
        "PYTHONPATH": "/airflow/dags",
    }
    assert child_environment(ours, {"AWS_ACCESS_KEY_ID": "new"}) == {
        "PATH": "/bin",
        "OMP_NUM_THREADS": "1",
        "AWS_ACCESS_KEY_ID": "new",
        "MEDIAINDEX_MODELS": "/models",
    }


@pytest.mark.parametrize("group", GROUPS)
def test_the_child_gets_no_secret_of_the_settings(group: type[Group]) -> None:
    secrets = {group.variable(name): "secret" for name in group.model_fields if group.is_secret(name)}
    assert child_environment(secrets, {}) == {}


def test_temporary_files_of_a_child_are_removed(speech_python: Make, plain_environment: dict[str, str]) -> None:
    body = "import tempfile; print(tempfile.mkstemp()[1]); write([item('1')])"
    log = Lines()
    SpeechChild(speech_python(body), plain_environment, log).run(a_job("1"))
    assert log.lines
    assert not Path(log.lines[0]).exists()


def test_only_the_child_of_a_backfill_has_low_priority(speech_python: Make, plain_environment: dict[str, str]) -> None:
    inherited = os.sched_getscheduler(0) == os.SCHED_IDLE
    for niceness in (0, 19):
        log = Lines()
        idle = "os.sched_getscheduler(0) == os.SCHED_IDLE"
        body = f"print('at', os.nice(0) - {os.nice(0)}, {idle}); write([item('1')])"
        SpeechChild(speech_python(body), plain_environment, log, niceness).run(a_job("1"))
        added = min(niceness, 19 - os.nice(0))  # 19 is the lowest priority there is
        assert f"at {added} {inherited or niceness > 0}" in log.lines
