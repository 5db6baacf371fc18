"""LocalExecutor that wakes the scheduler when a task ends, so that an idle scheduler can loop rarely.

Airflow's scheduler sleeps for a fixed time after a loop without work, and notices the end of a task only afterwards: a
short sleep costs CPU time on an idle machine, a long one delays every step of a run. With this executor the scheduler
does not sleep (``scheduler_idle_sleep_time = 0``): the executor waits for the next result instead. The metrics
``executor_heartbeat_duration`` and ``scheduler_loop_duration`` include this wait.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from airflow.executors.local_executor import LocalExecutor

from mediaindex.stages.media.containment import hide_memory

if TYPE_CHECKING:
    from airflow.executors.workloads import ExecutorWorkload

# Longest seconds between two loops of the scheduler while tasks run: some changes, such as skips, come without the end
# of a task, and pass one level of tasks per loop.
BUSY_S = 0.5
# The same without running tasks: new runs and events of triggers wait for half of it on average.
IDLE_S = 3.0
REST_AFTER_S = 5.0  # without a task sent or ended
# Tasks are forks of a worker and would each import these: 0.6 s of CPU time for all three on a busy machine. Only
# libraries: the package itself is imported by each task, as it is installed when the task begins.
LIBRARIES = ("boto3", "elasticsearch", "psycopg2")


class WakingLocalExecutor(LocalExecutor):
    """Waits for results in ``sync``, which the scheduler calls once per loop."""

    def start(self) -> None:
        """Import the libraries that most tasks use, then start the workers.

        The environment of the scheduler, and of its forks, the workers and the tasks, has Airflow's keys.
        """
        hide_memory()
        for library in LIBRARIES:
            importlib.import_module(library)
        super().start()
        self._sent = False
        self._active_at = time.monotonic()

    def sync(self) -> None:
        """Wait until a task ends or the longest wait is over, then process the results."""
        # A loop that sent tasks may have more to send: the next one follows without a wait, as in the scheduler itself.
        if self._sent or self.result_queue._reader.poll(self._longest_wait_s()):  # type: ignore[attr-defined]
            self._active_at = time.monotonic()
        self._sent = False
        super().sync()

    def _longest_wait_s(self) -> float:
        at_rest = not self.running and time.monotonic() - self._active_at > REST_AFTER_S
        return IDLE_S if at_rest else BUSY_S

    def _process_workloads(self, workload_list: Sequence[ExecutorWorkload]) -> None:
        super()._process_workloads(workload_list)  # type: ignore[no-untyped-call]
        self._sent = True
