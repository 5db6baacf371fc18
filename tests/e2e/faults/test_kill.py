"""Each recording is indexed once if PostgreSQL, the scheduler or a speech process is killed during the batch.

`tests/bench/faults.py` kills every kind of process.
"""

from __future__ import annotations

import os
import random
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.bench import faults_verdict
from tests.bench.faults_flow import SETTLED_S, Flow
from tests.bench.faults_injection import Fault, Injection, all_faults
from tests.bench.faults_recordings import generate
from tests.bench.faults_stack import Stack
from tests.builders.waiting import until

pytestmark = [pytest.mark.servers, pytest.mark.timeout(5400)]

RECORDINGS = 6
NEEDED = ("MEDIAINDEX_LOCAL", "MEDIAINDEX_DATABASE_URL", "MEDIAINDEX_ELASTICSEARCH_URL", "MEDIAINDEX_S3_ENDPOINT_URL")


@dataclass(frozen=True)
class Killed:
    """The recordings of the batch, and the servers, after all kills."""

    stack: Stack
    flow: Flow


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Killed:
    """Kill PostgreSQL, the scheduler and a speech process in turn while a batch is indexed; wait for its end."""
    if missing := [name for name in NEEDED if not os.environ.get(name)]:
        pytest.skip(f"{', '.join(missing)} not set; `make up` starts the servers, `python -m local env` names them")
    rng, folder = random.Random(), tmp_path_factory.mktemp("recordings")
    flow = Flow(Stack.running(), f"trials/{uuid.uuid4().hex}/", generate(Path(folder), rng))
    flow.unpause()
    flow.feed(RECORDINGS)
    flow.stack.airflow().trigger("discover_trials")
    faults = {fault.name: fault for fault in all_faults()}
    for name in ("postgres", "scheduler", "speech child transcribe"):
        until(lambda name=name: _inject(flow.stack, faults[name], rng), 1200, f"{name} running")  # type: ignore[misc]
        if faults[name].restart:
            assert flow.stack.local("up", name) == ""
    until(lambda: not (flow.stack.revive() or flow.open()), SETTLED_S, "every recording has a final state", 1)
    return Killed(flow.stack, flow)


def _inject(stack: Stack, fault: Fault, rng: random.Random) -> Injection | None:
    return None if stack.revive() else fault.inject(stack, rng)


def test_each_recording_is_indexed_once(killed: Killed) -> None:
    flow = killed.flow
    assert len(flow.uploaded) == RECORDINGS
    assert faults_verdict.problems(flow.stack, flow.prefix, flow.uploaded, exclusive=False) == []


def test_no_orphan_process_remains(killed: Killed) -> None:
    assert killed.stack.orphans() == []
