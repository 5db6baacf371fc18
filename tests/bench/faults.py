"""Kill processes with SIGKILL while recordings are indexed: ``python tests/bench/faults.py``.

Starts separate servers beside those of `make up`, indexes recordings in small batches, and kills one process after
another at a random moment: speech processes in each stage, tasks and components of Airflow, PostgreSQL, Elasticsearch
and S3. Servers are started again as by `make up`. At the end every recording must be indexed once or in review with a
reason, no row, document, process or file may be missing, duplicate or left over, and `mediaindex verify` must find no
difference. Prints one line per fault. Exit status 1 if a check fails.

Needs ffmpeg, the development data beside the checkout, both environments, and 20 to 30 minutes on two cores.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench import faults_recordings, faults_verdict
from tests.bench.faults_flow import SETTLED_S, Flow
from tests.bench.faults_injection import Fault, Injection, all_faults
from tests.bench.faults_stack import Stack, rows
from tests.builders.waiting import until

OPEN = 8  # recordings in work at any time: more than one batch, but no long queue
LEAST = 30  # recordings in total
FOUND_S, RECOVERED_S = 420.0, 420.0  # timeouts: until the target works; until it has recovered
# The first activity after a time: a result of a stage, a change in the ledger, a publication.
ACTIVITY = """
select least(
    (select min(recorded_at) from stage_run where recorded_at > %(since)s),
    (select min(at) from media_object_event where at > %(since)s),
    (select min(published_at) from publication where published_at > %(since)s))
"""
STAGE_AGAIN = """
select max(first) from (
    select media_object_id, min(recorded_at) as first from stage_run
    where recorded_at > %(since)s and stage = %(stage)s and status <> 'failed' and media_object_id = any(%(ids)s)
    group by 1) again
having count(*) = cardinality(%(ids)s::bigint[])
"""


BATCH_DONE = "select finished_at from batch where dag_run_id = %(run)s and finished_at is not null"
CLAIMED = "select min(claimed_at) from media_object where claimed_at > %(since)s and batch_id is not null"


@dataclass
class Line:
    """One row of the table."""

    fault: str
    when: str = ""
    observed: str = ""
    recovered_s: float | None = None
    problem: str = ""


def main() -> int:
    """Run all faults and print the results. Returns the exit status."""
    options = _arguments()
    stack = Stack.separate()
    rng = random.Random(options.seed)
    chosen = _chosen(options.faults)
    log(f"{len(chosen)} faults, seed {options.seed}, servers in {stack.folder}")
    if not options.keep:
        stack.local("erase")
    stack.prepare()
    try:
        if failed := stack.local("up"):
            sys.exit(f"the servers did not start:\n{failed}")
        log("the servers are running")
        return _run(stack, chosen, rng)
    finally:
        if not options.keep:
            stack.local("erase")


def _run(stack: Stack, chosen: Sequence[Fault], rng: random.Random) -> int:
    lines = []
    with tempfile.TemporaryDirectory() as name:
        flow = Flow(stack, f"trials/{uuid.uuid4().hex}/", faults_recordings.generate(Path(name), rng))
        flow.unpause()
        left = list(chosen)
        while left:
            line = _try(left, flow, rng)
            lines.append(line)
            result = f"{_result(line)} {_duration(line)}"
            log(f"{len(lines)}/{len(chosen)} {line.fault}: {line.when}; {line.observed}; {result}")
        flow.feed(max(len(flow.open()), LEAST - len(flow.uploaded) + len(flow.open())))
        log(f"{len(flow.uploaded)} recordings uploaded; waiting for their final states")
        problems = _end(flow)
    _print(lines)
    states = ", ".join(f"{count} {state}" for state, count in sorted(Counter(flow.states().values()).items()))
    sys.stdout.write(f"\n{len(flow.uploaded)} recordings: {states}; {len(lines)} faults\n")
    sys.stdout.write("\n".join(problems or ["nothing is missing, duplicate or left over"]) + "\n")
    return int(bool(problems) or any(line.problem for line in lines))


def _try(left: list[Fault], flow: Flow, rng: random.Random) -> Line:
    """Inject the first fault of ``left`` whose target works, remove it from ``left``, and wait for the recovery."""
    stack, began = flow.stack, time.monotonic()
    try:
        fault, injection = _inject(left, flow, rng)
    except TimeoutError as error:
        return Line(left.pop().name, problem=str(error))
    left.remove(fault)
    at = datetime.now(UTC)
    line = Line(fault.name, f"{injection.when}, after {time.monotonic() - began:.0f} s")
    observed = _restart(stack, fault, rng)
    since = datetime.now(UTC) if fault.restart else at  # what other servers did meanwhile is not its recovery
    try:
        recovered = until(lambda: _recovered(stack, injection, since, observed), RECOVERED_S, "recovery", 0.5)
        line.recovered_s = (recovered - at).total_seconds()
    except TimeoutError as error:
        line.problem = str(error)
    line.observed = "; ".join([*observed, _recovery_of(injection)[1]])
    return line


def _inject(left: list[Fault], flow: Flow, rng: random.Random) -> tuple[Fault, Injection]:
    last = 0.0

    def attempt() -> tuple[Fault, Injection] | None:
        nonlocal last
        if time.monotonic() - last > 2:
            last = time.monotonic()
            if flow.stack.revive():
                return None
            flow.feed(OPEN)
        fault = rng.choice(left)
        injection = fault.inject(flow.stack, rng)
        return (fault, injection) if injection else None

    return until(attempt, FOUND_S, "a target is working", 0.01)


def _restart(stack: Stack, fault: Fault, rng: random.Random) -> list[str]:
    """Start the servers of the fault again after a random time. Returns what was observed."""
    if not fault.restart:
        return []
    down = rng.uniform(0, 8)
    time.sleep(down)  # the downtime is part of the fault
    observed = [f"down for {down:.0f} s"]
    if failed := stack.local("up", *fault.restart):
        observed.append(f"start failed: {failed}")
    return observed


def _recovered(stack: Stack, injection: Injection, since: datetime, observed: list[str]) -> datetime | None:
    observed += stack.revive()
    sql, _ = _recovery_of(injection)
    values: dict[str, Any] = {
        "since": since,
        "stage": injection.stage,
        "ids": list(injection.recordings),
        "run": injection.run,
    }
    answer = rows(stack.variables["MEDIAINDEX_DATABASE_URL"], sql, values)
    at: datetime | None = answer[0][0] if answer else None
    return at


def _recovery_of(injection: Injection) -> tuple[str, str]:
    """The query that returns the time of the recovery, and its description."""
    if injection.recordings:
        return STAGE_AGAIN, f"{injection.stage} done for all its recordings"
    if injection.task == "claim_new":
        return CLAIMED, "the next recordings claimed and planned"
    return (BATCH_DONE, "its batch finished") if injection.run else (ACTIVITY, "the next result recorded")


def _end(flow: Flow) -> list[str]:
    try:
        until(lambda: not (flow.stack.revive() or flow.open()), SETTLED_S, "every recording has a final state", 2)
    except TimeoutError as error:
        return [f"{error}: {flow.open()}", *faults_verdict.problems(flow.stack, flow.prefix, flow.uploaded)]
    # Runs end a little after their recordings.
    problems = faults_verdict.problems(flow.stack, flow.prefix, flow.uploaded)
    return problems + faults_verdict.left_over(flow.stack)


def _print(lines: Sequence[Line]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("fault", "injected", "observed", "recovered after", "result"):
        table.add_column(column, overflow="fold")
    for line in lines:
        table.add_row(line.fault, line.when, line.observed, _duration(line), _result(line))
    Console(width=int(os.environ.get("COLUMNS") or 160)).print(table)


def _duration(line: Line) -> str:
    return "" if line.recovered_s is None else f"{line.recovered_s:.0f} s"


def _result(line: Line) -> str:
    return line.problem or "recovered"


def _chosen(names: Sequence[str]) -> list[Fault]:
    known = all_faults()
    unknown = [name for name in names if not any(name in fault.name for fault in known)]
    if unknown:
        sys.exit(f"no fault matches {', '.join(unknown)}; faults:\n" + "\n".join(fault.name for fault in known))
    return [fault for fault in known if not names or any(name in fault.name for name in names)]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", nargs="+", default=[], metavar="NAME", help="inject faults with NAME in their name")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1000), help="of random choices")
    parser.add_argument("--keep", action="store_true", help="do not stop the servers; reuse those of an earlier run")
    return parser.parse_args()


def log(text: str) -> None:
    """Write a line of progress to stderr."""
    sys.stderr.write(f"{datetime.now(UTC):%H:%M:%S} {text}\n")


if __name__ == "__main__":
    sys.exit(main())
