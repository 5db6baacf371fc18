"""Faults: each waits until its target is working, and kills it with SIGKILL at a random moment."""

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
class Injection:
    """What was interrupted: ``stage`` and ``recordings`` (media object ids), or ``task`` and its ``run``."""

    when: str
    stage: str | None = None
    recordings: tuple[int, ...] = ()
    task: str | None = None
    run: str | None = None


@dataclass(frozen=True)
class Fault:
    """``inject`` is called repeatedly; it returns None until the target is working and has been killed.

    ``restart``: servers to start afterwards.
    """

    name: str
    inject: Callable[[Stack, random.Random], Injection | None]
    restart: tuple[str, ...] = ()


@dataclass(frozen=True)
class SpeechChild:
    """A running speech process below the scheduler."""

    process: psutil.Process
    stage: str
    recordings: tuple[int, ...]


def speech_children(stack: Stack) -> Iterator[SpeechChild]:
    """The speech processes that run now."""
    leader = stack.leader("scheduler")
    for process in leader.children(recursive=True) if leader else ():
        with suppress(psutil.Error, OSError, ValueError, IndexError):
            command = process.cmdline()
            if "mediaindex.runner" in command:
                job = json.loads(Path(command[command.index("--job") + 1]).read_text("utf-8"))
                yield SpeechChild(process, job["stage"], tuple(int(item["id"]) for item in job["items"]))


def all_faults() -> list[Fault]:
    """Each stage, task and server as a target, alone, with its children or during a certain task."""
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
    def inject(stack: Stack, rng: random.Random) -> Injection | None:
        child = next((process for process in speech_children(stack) if process.stage == stage), None)
        if child is None or not _runs_for(child.process, rng.uniform(0, 2.5)):
            return None
        if whole_group:
            os.killpg(child.process.pid, signal.SIGKILL)
        else:
            child.process.kill()
        return Injection(f"{len(child.recordings)} recordings in work", stage, child.recordings)

    return Fault(f"speech child {stage}{' and its process group' if whole_group else ''}", inject)


def _speech_task(*, above: int) -> Fault:
    """The parent of the speech process runs the task; the parent of that process supervises it."""

    def inject(stack: Stack, rng: random.Random) -> Injection | None:
        child = next(speech_children(stack), None)
        with suppress(psutil.Error, IndexError):
            if child is not None:
                target = child.process.parents()[above - 1]
                if _runs_for(child.process, rng.uniform(0, 1.5)):
                    target.kill()
                    when = f"{child.stage} of {len(child.recordings)} recordings"
                    return Injection(when, child.stage, child.recordings)
        return None

    return Fault("task process" if above == 1 else "task supervisor", inject)


def _task(name: str) -> Fault:
    def inject(stack: Stack, rng: random.Random) -> Injection | None:
        return _kill_task(stack, rng, INDEX, name)

    return Fault(f"task {name}", inject)


def _discovery_task() -> Fault:
    def inject(stack: Stack, rng: random.Random) -> Injection | None:
        return _kill_task(stack, rng, "discover_trials", "claim_new")

    return Fault("task claim_new", inject)


def _kill_task(stack: Stack, rng: random.Random, dag: str, name: str) -> Injection | None:
    for _, run, pid in _running(stack, dag, name):
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            if "airflow" in " ".join(process.cmdline()) and _runs_for(process, rng.uniform(0, 1.0)):
                process.kill()
                return Injection(f"{name} of {run}", task=name, run=run)
    return None


def _server(name: str, *, family: bool = False, during: str | None = None, stage: str | None = None) -> Fault:
    """``family``: also kill its children; ``during``: while this task runs; ``stage``: while this stage runs."""

    def inject(stack: Stack, rng: random.Random) -> Injection | None:
        when = _moment(stack, rng, during, stage)
        leader = stack.leader(name)
        if when is None or leader is None:
            return None
        targets = [leader, *(leader.children(recursive=True) if family else ())]
        for target in targets:
            with suppress(psutil.NoSuchProcess):
                target.kill()
        psutil.wait_procs(targets[:1], timeout=10)
        return Injection(when)

    words = [name, *(["and its children"] if family and name == "scheduler" else [])]
    words += [f"during {during or stage}"] if during or stage else []
    return Fault(" ".join(words), inject, (name,))


def _moment(stack: Stack, rng: random.Random, during: str | None, stage: str | None) -> str | None:
    """What runs a random time after the task or a stage was found running; None if none was found."""
    if during:
        found = _running(stack, INDEX, during)
        return f"{during} of {found[0][1]}" if found and _later(rng, 0.7) else None
    child = next((process for process in speech_children(stack) if stage in (None, process.stage)), None)
    if child is None or not _later(rng, 1.0 if stage else 4.0):
        return None
    stages = sorted({process.stage for process in speech_children(stack)})
    return "during " + (", ".join(stages) or f"the end of {child.stage}")


def _running(stack: Stack, dag: str, task: str) -> list[tuple[str, str, int]]:
    url = stack.variables["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg2", "")
    return [(name, run, int(pid)) for name, run, pid in rows(url, RUNNING, {"dag": dag, "tasks": [task]})]


def _later(rng: random.Random, most_s: float) -> bool:
    """Wait for a random time, so that the kill can hit any moment of the work. Always true."""
    with suppress(TimeoutError):
        until(lambda: None, rng.uniform(0, most_s), "random time", POLL_S)
    return True


def _runs_for(process: psutil.Process, seconds: float) -> bool:
    """Whether the process still runs after ``seconds``; False as soon as it has ended."""
    with suppress(TimeoutError):
        until(lambda: not _alive(process), seconds, "its end", POLL_S)
    return _alive(process)


def _alive(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
