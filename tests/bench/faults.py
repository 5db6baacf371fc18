"""The kill -9 matrix: ``python tests/bench/faults.py``.

Starts servers of its own beside those of `make up`, lets recordings flow through them in small batches, and kills one
thing after the other at random moments: speech processes in each stage, Airflow's tasks and parts, PostgreSQL,
Elasticsearch, S3. What was a server is started again as `make up` would. In the end every recording must be indexed
exactly once (or wait for a person, with its reason), and nothing may be missing, doubled or left behind; `mediaindex
verify` must find nothing. Prints what each fault did; 1 where the end is not as it must be.

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
from tests.bench.faults_stack import Stack, rows
from tests.bench.faults_strikes import Fault, Struck, matrix
from tests.builders.waiting import until

OPEN = 8  # recordings on their way at any time: more than one run's worth, less than a queue
LEAST = 30
SEEN_S, GOES_ON_S = 420.0, 420.0
# The first sign of life after a moment: a stage's result, a move on the ledger, a publication.
SIGNS = """
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
    seen: str = ""
    recovered_s: float | None = None
    wrong: str = ""


def main() -> int:
    """Run the matrix, print it, judge."""
    given = _arguments()
    stack = Stack.own()
    draw = random.Random(given.seed)
    chosen = _chosen(given.faults)
    tell(f"{len(chosen)} faults, seed {given.seed}, servers in {stack.folder}")
    if not given.keep:
        stack.local("erase")
    stack.prepare()
    try:
        if failed := stack.local("up"):
            sys.exit(f"the servers did not start:\n{failed}")
        tell("the servers run")
        return _run(stack, chosen, draw)
    finally:
        if not given.keep:
            stack.local("erase")


def _run(stack: Stack, chosen: Sequence[Fault], draw: random.Random) -> int:
    lines = []
    with tempfile.TemporaryDirectory() as name:
        flow = Flow(stack, f"trials/{uuid.uuid4().hex}/", faults_recordings.made(Path(name), draw))
        flow.unpause()
        left = list(chosen)
        while left:
            line = _try(left, flow, draw)
            lines.append(line)
            tell(f"{len(lines)}/{len(chosen)} {line.fault}: {line.when}; {line.seen}; {_verdict(line)} {_took(line)}")
        flow.feed(max(len(flow.open()), LEAST - len(flow.uploaded) + len(flow.open())))
        tell(f"{len(flow.uploaded)} recordings are uploaded; waiting for the last of them")
        wrong = _end(flow)
    _print(lines)
    ends = ", ".join(f"{count} {state}" for state, count in sorted(Counter(flow.states().values()).items()))
    sys.stdout.write(f"\n{len(flow.uploaded)} recordings: {ends}; {len(lines)} faults\n")
    sys.stdout.write("\n".join(wrong or ["nothing is missing, doubled or left behind"]) + "\n")
    return int(bool(wrong) or any(line.wrong for line in lines))


def _try(left: list[Fault], flow: Flow, draw: random.Random) -> Line:
    """Strike the first whose victim comes along, take it from ``left``, and wait until what it hit goes on."""
    stack, began = flow.stack, time.monotonic()
    try:
        fault, struck = _strike(left, flow, draw)
    except TimeoutError as error:
        return Line(left.pop().name, wrong=str(error))
    left.remove(fault)
    at = datetime.now(UTC)
    line = Line(fault.name, f"{struck.when}, after {time.monotonic() - began:.0f} s")
    told = _restart(stack, fault, draw)
    since = datetime.now(UTC) if fault.restart else at  # what other servers did while one was away is no sign of it
    try:
        alive = until(lambda: _sign(stack, struck, since, told), GOES_ON_S, "a sign of life", 0.5)
        line.recovered_s = (alive - at).total_seconds()
    except TimeoutError as error:
        line.wrong = str(error)
    line.seen = "; ".join([*told, _signs_of(struck)[1]])
    return line


def _strike(left: list[Fault], flow: Flow, draw: random.Random) -> tuple[Fault, Struck]:
    last = 0.0

    def attempt() -> tuple[Fault, Struck] | None:
        nonlocal last
        if time.monotonic() - last > 2:
            last = time.monotonic()
            if flow.stack.revive():
                return None
            flow.feed(OPEN)
        fault = draw.choice(left)
        struck = fault.strike(flow.stack, draw)
        return (fault, struck) if struck else None

    return until(attempt, SEEN_S, "its victim at work", 0.01)


def _restart(stack: Stack, fault: Fault, draw: random.Random) -> list[str]:
    """Bring it back after a random while; what was seen."""
    if not fault.restart:
        return []
    down = draw.uniform(0, 8)
    time.sleep(down)  # how long it is away is part of the fault
    told = [f"away for {down:.0f} s"]
    if failed := stack.local("up", *fault.restart):
        told.append(f"start failed: {failed}")
    return told


def _sign(stack: Stack, struck: Struck, since: datetime, told: list[str]) -> datetime | None:
    told += stack.revive()
    sql, _ = _signs_of(struck)
    wanted: dict[str, Any] = {"since": since, "stage": struck.stage, "ids": list(struck.recordings), "run": struck.run}
    answer = rows(stack.variables["MEDIAINDEX_DATABASE_URL"], sql, wanted)
    found: datetime | None = answer[0][0] if answer else None
    return found


def _signs_of(struck: Struck) -> tuple[str, str]:
    """What shows that it has recovered, as a query and in words."""
    if struck.recordings:
        return STAGE_AGAIN, f"{struck.stage} is done for all of them"
    if struck.task == "claim_new":
        return CLAIMED, "the next recordings are claimed and planned"
    return (BATCH_DONE, "its batch has an end") if struck.run else (SIGNS, "the next result came")


def _end(flow: Flow) -> list[str]:
    try:
        until(lambda: not (flow.stack.revive() or flow.open()), SETTLED_S, "every recording has an end", 2)
    except TimeoutError as error:
        return [f"{error}: {flow.open()}", *faults_verdict.problems(flow.stack, flow.prefix, flow.uploaded)]
    # Runs end a little after their recordings.
    wrong = faults_verdict.problems(flow.stack, flow.prefix, flow.uploaded)
    return wrong + faults_verdict.left_behind(flow.stack)


def _print(lines: Sequence[Line]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("fault", "when it struck", "what was seen", "recovered in", "verdict"):
        table.add_column(column, overflow="fold")
    for line in lines:
        table.add_row(line.fault, line.when, line.seen, _took(line), _verdict(line))
    Console(width=int(os.environ.get("COLUMNS") or 160)).print(table)


def _took(line: Line) -> str:
    return "" if line.recovered_s is None else f"{line.recovered_s:.0f} s"


def _verdict(line: Line) -> str:
    return line.wrong or "recovered"


def _chosen(names: Sequence[str]) -> list[Fault]:
    known = matrix()
    strangers = [name for name in names if not any(name in fault.name for fault in known)]
    if strangers:
        sys.exit(f"no fault is called {', '.join(strangers)}; there are:\n" + "\n".join(fault.name for fault in known))
    return [fault for fault in known if not names or any(name in fault.name for name in names)]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", nargs="+", default=[], metavar="NAME", help="those with such a word in their name")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1000), help="repeats the draws")
    parser.add_argument("--keep", action="store_true", help="leave the servers, and use those that were left")
    return parser.parse_args()


def tell(text: str) -> None:
    """A line of progress."""
    sys.stderr.write(f"{datetime.now(UTC):%H:%M:%S} {text}\n")


if __name__ == "__main__":
    sys.exit(main())
