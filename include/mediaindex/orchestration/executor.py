"""LocalExecutor that wakes the scheduler when a task ends, so that the idle scheduler may look rarely.

Airflow's scheduler sleeps for a fixed time when a loop had nothing to do, and sees the end of a task only afterwards: a
short sleep costs an idle machine, a long one every step of a run. Here the scheduler does not sleep itself
(``scheduler_idle_sleep_time = 0``): the executor waits for the next result in its place. The metrics
``executor_heartbeat_duration`` and ``scheduler_loop_duration`` contain that wait.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Sequence

from airflow.executors.local_executor import LocalExecutor
from airflow.executors.workloads import ExecutorWorkload

# Seconds between two looks of the scheduler when no task ends. While work is under way: what no task's end announces,
# such as skips, which pass on one level of tasks per look.
BUSY_S = 0.5
# At rest: new runs and events of triggers wait for half of it on average.
IDLE_S = 2.0
REST_AFTER_S = 5.0  # without a task sent or ended
# Tasks are forks of a worker and would import these again: 0.6 s of processor time for all three on a busy machine.
# Only libraries: of the package itself a task takes what is installed when it begins.
LIBRARIES = ("boto3", "elasticsearch", "psycopg2")


class WakingLocalExecutor(LocalExecutor):
    """Waits for results in ``sync``, which the scheduler calls once per loop."""

    def start(self) -> None:
        """Start the workers, with the libraries of most tasks loaded."""
        for library in LIBRARIES:
            importlib.import_module(library)
        super().start()
        self._sent = False
        self._active_at = time.monotonic()

    def sync(self) -> None:
        """Wait until a task ends, or it is time for the scheduler to look; take the results."""
        # A loop that has sent tasks may have more to send: the next one follows at once, as in the scheduler itself.
        if self._sent or self.result_queue._reader.poll(self._patience_s()):  # type: ignore[attr-defined]
            self._active_at = time.monotonic()
        self._sent = False
        super().sync()

    def _patience_s(self) -> float:
        at_rest = not self.running and time.monotonic() - self._active_at > REST_AFTER_S
        return IDLE_S if at_rest else BUSY_S

    def _process_workloads(self, workload_list: Sequence[ExecutorWorkload]) -> None:
        super()._process_workloads(workload_list)  # type: ignore[no-untyped-call]
        self._sent = True
