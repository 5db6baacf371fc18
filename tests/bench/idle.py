"""Measure the CPU time of the idle stack: ``python tests/bench/idle.py [--minutes M] [--rounds N]``.

Needs the servers of `make up`. Unpauses the DAGs that `make demo` uses, waits until the start-up work is done, and
compares the CPU time of every server and its children before and after the wait. Ten minutes include five runs of
`publish_outbox` and two each of `discover_recordings` and `sweep_ledger`. Then measures the latency between tasks in
runs of `apply_retention`, a chain of five short tasks. Prints both. Exit status 1 if the CPU time exceeds the bound.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[2]))

from local import settings
from local.demo.airflow_api import Airflow
from local.roster import select
from local.site import Site

MOST = 10.0  # % of one core, all servers together
UNPAUSED = ("index_recordings", "receive_events", "discover_recordings")
CHAIN, CHAIN_TASKS = "apply_retention", 5
REST_S = 60.0  # s; after the start, Airflow parses the DAGs, and Elasticsearch compiles code


def cpu_seconds(process: psutil.Process) -> float:
    """CPU time of a process and of its ended children."""
    with contextlib.suppress(psutil.Error):
        times = process.cpu_times()
        return float(times.user + times.system + times.children_user + times.children_system)
    return 0.0


def cpu_seconds_by_component(site: Site) -> dict[str, float]:
    """CPU time per component since its start. Executor: the children of the scheduler, which run the tasks."""
    seconds = {}
    for server in select(site, ()):
        running = server.running()
        process = running.process() if running else None
        if process is None:
            sys.exit(f"{server.name} is not running; start it with `make up`")
        children = sum(cpu_seconds(child) for child in process.children(recursive=True))
        if server.name == "scheduler":
            seconds["executor"] = children
            children = 0.0
        seconds[server.name] = cpu_seconds(process) + children
    return seconds


def idle(site: Site, minutes: float) -> dict[str, float]:
    """Percent of one core per component, in descending order."""
    before, began = cpu_seconds_by_component(site), time.monotonic()
    time.sleep(minutes * 60)
    after, took = cpu_seconds_by_component(site), time.monotonic() - began
    shares = {name: (after[name] - before[name]) / took * 100 for name in after}
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def latencies(airflow: Airflow) -> Iterator[float]:
    """Seconds from the end of each task of one run to the start of the next."""
    run = airflow.trigger(CHAIN)
    while (state := airflow.run_states(CHAIN).get(run)) not in ("success", "failed"):
        time.sleep(1)
    tasks = [task for task in airflow.tasks(CHAIN, run) if task["start_date"] and task["end_date"]]
    if state != "success" or len(tasks) != CHAIN_TASKS:
        sys.exit(f"run {run} of {CHAIN} ended as {state} with {len(tasks)} tasks")
    tasks.sort(key=lambda task: task["start_date"])
    for earlier, later in pairwise(tasks):
        ended, started = datetime.fromisoformat(earlier["end_date"]), datetime.fromisoformat(later["start_date"])
        yield (started - ended).total_seconds()


def main() -> int:
    """Measure and print. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=10, help="number of runs of the chain")
    options = parser.parse_args()
    site = Site(settings.load())
    airflow = Airflow.of(site)
    for dag_id in UNPAUSED:
        if not airflow.unpause(dag_id):
            sys.exit(f"Airflow does not know {dag_id} yet")
    if options.minutes:
        time.sleep(REST_S)
        shares = idle(site, options.minutes)
        lines = [f"{name:<22} {share:5.1f} % of a core" for name, share in shares.items()]
        lines.append(f"{'all servers':<22} {sum(shares.values()):5.1f} % of a core (at most {MOST:.0f} %)")
        sys.stdout.write("\n".join(lines) + "\n")
    waits = [wait for _ in range(options.rounds) for wait in latencies(airflow)]
    if waits:
        low, middle, high = statistics.quantiles(waits, n=4)
        spread = f"quartiles {low:.2f}, {high:.2f}; {len(waits)} steps"
        sys.stdout.write(f"latency between tasks  {middle:.2f} s ({spread})\n")
    return int(bool(options.minutes) and sum(shares.values()) > MOST)


if __name__ == "__main__":
    sys.exit(main())
