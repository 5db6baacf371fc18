"""A few recordings on their way, and kill -9 of what works on them: each ends indexed once, as if nothing had happened.

The whole matrix is `tests/bench/faults.py`.
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
from tests.bench.faults_recordings import made
from tests.bench.faults_stack import Stack
from tests.bench.faults_strikes import Fault, Struck, matrix
from tests.builders.waiting import until

pytestmark = [pytest.mark.servers, pytest.mark.timeout(5400)]

RECORDINGS = 6
NEEDED = ("MEDIAINDEX_LOCAL", "MEDIAINDEX_DATABASE_URL", "MEDIAINDEX_ELASTICSEARCH_URL", "MEDIAINDEX_S3_ENDPOINT_URL")


@dataclass(frozen=True)
class Killed:
    """The recordings that were being indexed, and their servers."""

    stack: Stack
    flow: Flow


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Killed:
    """Kill PostgreSQL, the scheduler and a speech process, one after the other, while the batch is being indexed."""
    if missing := [name for name in NEEDED if not os.environ.get(name)]:
        pytest.skip(f"{', '.join(missing)} not set; `make up` starts the servers, `python -m local env` names them")
    draw, folder = random.Random(), tmp_path_factory.mktemp("recordings")
    flow = Flow(Stack.running(), f"trials/{uuid.uuid4().hex}/", made(Path(folder), draw))
    flow.unpause()
    flow.feed(RECORDINGS)
    flow.stack.airflow().trigger("discover_trials")
    faults = {fault.name: fault for fault in matrix()}
    for name in ("postgres", "scheduler", "speech child transcribe"):
        until(lambda name=name: _strike(flow.stack, faults[name], draw), 1200, f"{name} at work")  # type: ignore[misc]
        if faults[name].restart:
            assert flow.stack.local("up", name) == ""
    until(lambda: not (flow.stack.revive() or flow.open()), SETTLED_S, "every recording has an end", 1)
    return Killed(flow.stack, flow)


def _strike(stack: Stack, fault: Fault, draw: random.Random) -> Struck | None:
    return None if stack.revive() else fault.strike(stack, draw)


def test_exactly_the_recordings_are_indexed_once(killed: Killed) -> None:
    flow = killed.flow
    assert len(flow.uploaded) == RECORDINGS
    assert faults_verdict.problems(flow.stack, flow.prefix, flow.uploaded, alone=False) == []


def test_no_process_is_left_without_its_server(killed: Killed) -> None:
    assert killed.stack.orphans() == []
