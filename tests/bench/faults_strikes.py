"""Who is killed, and when: each fault waits until its victim is seen at work, then ends it without a warning."""

from __future__ import annotations

import json
import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from mediaindex.contract.pipeline import STAGES
from tests.bench.faults_stack import Stack, rows
from tests.builders.waiting import until

INDEX = "index_recordings"
RUNNING = (
    "select task_id, run_id, pid from task_instance "
    "where state = 'running' and dag_id = %(dag)s and pid is not null and task_id = any(%(tasks)s)"
)
POLL_S = 0.05


@dataclass(frozen=True)
class Struck:
    """What was hit: ``stage`` and ``recordings`` (media object ids) of a speech process, ``task`` and its ``run``."""

    when: str
    stage: str | None = None
    recordings: tuple[int, ...] = ()
    task: str | None = None
    run: str | None = None


@dataclass(frozen=True)
class Fault:
    """``strike`` is called again and again and strikes as soon as it sees its victim at work.

    ``restart``: servers that are brought back afterwards.
    """

    name: str
    strike: Callable[[Stack, random.Random], Struck | None]
    restart: tuple[str, ...] = ()


@dataclass(frozen=True)
class SpeechChild:
    """A runner at work under the scheduler."""

    process: psutil.Process
    stage: str
    recordings: tuple[int, ...]


def speech_children(stack: Stack) -> Iterator[SpeechChild]:
    """Those alive now."""
    leader = stack.leader("scheduler")
    for process in leader.children(recursive=True) if leader else ():
        with suppress(psutil.Error, OSError, ValueError, IndexError):
            command = process.cmdline()
            if "mediaindex.runner" in command:
                job = json.loads(Path(command[command.index("--job") + 1]).read_text("utf-8"))
                yield SpeechChild(process, job["stage"], tuple(int(item["id"]) for item in job["items"]))


def matrix() -> list[Fault]:
    """Every fault there is."""
    children = [_child(stage, whole_group=group) for stage in STAGES for group in (False, True)]
    tasks = [
        _task("load_transcripts"), _task("publish"), _task("finish"), _task("triage"),
        _speech_task(above=1), _speech_task(above=2), _discovery_task(),
    ]  # fmt: skip
    servers = [
        _server("scheduler"), _server("scheduler", family=True), _server("triggerer"), _server("dag-processor"),
        _server("api-server"), _server("postgres"), _server("elasticsearch", family=True), _server("s3"),
        _server("postgres", during="load_transcripts"), _server("elasticsearch", family=True, during="publish"),
        _server("s3", stage="transcribe"),
    ]  # fmt: skip
    return [*children, *tasks, *servers]


def _child(stage: str, *, whole_group: bool) -> Fault:
    def strike(stack: Stack, draw: random.Random) -> Struck | None:
        child = next((one for one in speech_children(stack) if one.stage == stage), None)
        if child is None or not _still_there(child.process, draw.uniform(0, 2.5)):
            return None
        if whole_group:
            os.killpg(child.process.pid, signal.SIGKILL)
        else:
            child.process.kill()
        return Struck(f"at work on {len(child.recordings)} recordings", stage, child.recordings)

    return Fault(f"speech child {stage}{', its group' if whole_group else ''}", strike)


def _speech_task(*, above: int) -> Fault:
    """The process that runs the task is the child's parent; the one that supervises it is one further up."""

    def strike(stack: Stack, draw: random.Random) -> Struck | None:
        child = next(speech_children(stack), None)
        with suppress(psutil.Error, IndexError):
            if child is not None:
                victim = child.process.parents()[above - 1]
                if _still_there(child.process, draw.uniform(0, 1.5)):
                    victim.kill()
                    return Struck(f"{child.stage} of {len(child.recordings)} recordings", child.stage, child.recordings)
        return None

    return Fault("task process" if above == 1 else "task supervisor", strike)


def _task(name: str) -> Fault:
    def strike(stack: Stack, draw: random.Random) -> Struck | None:
        return _kill_task(stack, draw, INDEX, name)

    return Fault(f"task {name}", strike)


def _discovery_task() -> Fault:
    def strike(stack: Stack, draw: random.Random) -> Struck | None:
        return _kill_task(stack, draw, "discover_trials", "claim_new")

    return Fault("task claim_new", strike)


def _kill_task(stack: Stack, draw: random.Random, dag: str, name: str) -> Struck | None:
    for _, run, pid in _running(stack, dag, name):
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            if "airflow" in " ".join(process.cmdline()) and _still_there(process, draw.uniform(0, 1.0)):
                process.kill()
                return Struck(f"{name} of {run}", task=name, run=run)
    return None


def _server(name: str, *, family: bool = False, during: str | None = None, stage: str | None = None) -> Fault:
    """``family``: its children too; ``during``: while such a task runs; ``stage``: while such a child works."""

    def strike(stack: Stack, draw: random.Random) -> Struck | None:
        when = _moment(stack, draw, during, stage)
        leader = stack.leader(name)
        if when is None or leader is None:
            return None
        victims = [leader, *(leader.children(recursive=True) if family else ())]
        for victim in victims:
            with suppress(psutil.NoSuchProcess):
                victim.kill()
        psutil.wait_procs(victims[:1], timeout=10)
        return Struck(when)

    told = [name, *(["and its children"] if family and name == "scheduler" else [])]
    told += [f"during {during or stage}"] if during or stage else []
    return Fault(" ".join(told), strike, (name,))


def _moment(stack: Stack, draw: random.Random, during: str | None, stage: str | None) -> str | None:
    """What was at work, some random time after something was."""
    if during:
        found = _running(stack, INDEX, during)
        return f"{during} of {found[0][1]}" if found and _later(draw, 0.7) else None
    child = next((one for one in speech_children(stack) if stage in (None, one.stage)), None)
    if child is None or not _later(draw, 1.0 if stage else 4.0):
        return None
    return "during " + (", ".join(sorted({one.stage for one in speech_children(stack)})) or f"the end of {child.stage}")


def _running(stack: Stack, dag: str, task: str) -> list[tuple[str, str, int]]:
    url = stack.variables["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg2", "")
    return [(one[0], one[1], int(one[2])) for one in rows(url, RUNNING, {"dag": dag, "tasks": [task]})]


def _later(draw: random.Random, most_s: float) -> bool:
    """Some time has passed: which moment of the work it hits is left to chance."""
    with suppress(TimeoutError):
        until(lambda: None, draw.uniform(0, most_s), "chance", POLL_S)
    return True


def _still_there(process: psutil.Process, seconds: float) -> bool:
    """Whether the process still works after so long; False as soon as it has ended."""
    with suppress(TimeoutError):
        until(lambda: not _alive(process), seconds, "its end", POLL_S)
    return _alive(process)


def _alive(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
